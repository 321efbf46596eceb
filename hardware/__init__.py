"""Robots and nodes over ROS 2.

Only what needs a running ROS 2 imports it: `ros`, and the nodes. `topics`, `gate` (what the
watchdog lets through), `follow` (how a driver obeys), `robot_file` and `nodes` (which processes
there are) are plain Python.
"""
