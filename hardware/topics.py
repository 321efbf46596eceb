"""Names on the wire, and what they carry.

Standard messages, so that `ros2 topic echo`, RViz, Foxglove and other people's nodes need nothing
of ours. Stamps are the driver's clock: a command carries the stamp of the joint state that it
answers, so that its age can be told without comparing the clocks of two machines.
"""

JOINT_STATES = "/joint_states"  # sensor_msgs/JointState, by the driver, each control period
OBJECTS = "/courtside/objects"  # visualization_msgs/MarkerArray of boxes; ns is the name
BALL = "/courtside/ball"  # geometry_msgs/PointStamped
# trajectory_msgs/JointTrajectory of one point: positions with the velocities that go with them, or
# velocities alone. Without a point it means stop. frame_id names the commander.
COMMAND = "/courtside/command"  # by a stack, to the watchdog
OPERATOR = "/courtside/operator/command"  # likewise; goes before the stack's
GATED = "/courtside/gated"  # what the watchdog lets through, to the driver
CORRECTION = "/courtside/correction"  # std_msgs/String: what people say
AUDIO = "/courtside/audio"  # std_msgs/Int16MultiArray: sound to be heard, 16 kHz, one channel
HEARD = "/courtside/heard"  # std_msgs/String: what the stack's loop has heard of it
SAID = "/courtside/said"  # std_msgs/String: what the robot says
ALIVE = "/courtside/alive"  # std_msgs/String: a node's name, 50 times a second
ROBOT = "/courtside/robot"  # std_msgs/String, latched: the limits that the watchdog enforces, JSON
ARM, DISARM, STOP = (f"/courtside/{name}" for name in ("arm", "disarm", "stop"))  # std_srvs/Trigger
DIAGNOSTICS = "/diagnostics"  # diagnostic_msgs/DiagnosticArray
NAMES = ("driver", "watchdog", "coach", "ball", "objects", "stack")
# Their names in there.
DRIVER, WATCHDOG, COACH, BALL_NODE, OBJECTS_NODE, STACK = (f"courtside: {name}" for name in NAMES)
EXECUTE, INSTRUCT = "/courtside/execute_skill", "/courtside/instruct"  # actions, of the stack
VERDICT = "/courtside/verdict"  # courtside_interfaces/Verdict, each tick, if somebody listens

LEAVING = "-"  # before its name, on ALIVE: the node ends, and need not be waited for
ALIVE_PERIOD = 0.02  # [s]
LONGEST = 500  # characters of a correction; the rest is cut
