"""Robots and nodes over ROS 2."""
