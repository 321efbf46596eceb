"""Table tennis: the court, the ball, and the robot that plays.

World frame: the middle of the table's top; x across, y along, z up, metres. The robot stands
behind the edge at -y and hits towards +y. Sizes and limits: arXiv 2408.03906 and the rules of the
International Table Tennis Federation.
"""

from robot.types import Fix, JointMode, RobotSpec, Vector, vector

TABLE_LENGTH, TABLE_WIDTH, TABLE_HEIGHT = 2.74, 1.525, 0.76  # [m] along y, along x, above the floor
EDGE = -TABLE_LENGTH / 2  # [m] y of the robot's edge
NET_HEIGHT = 0.1525  # [m]
NET_HALF = (0.915, 0.005, NET_HEIGHT / 2)  # [m] half extents of the net along x, y, z
BALL_RADIUS = 0.02  # [m]
BLADE_RADIUS = 0.08  # [m] of the racket: a disc of the area of a usual blade
BALL = "ball"  # its name among the fixes
# How far [m or rad] a joint that is sent to positions at full speed may seem behind: up to .7, for
# latencies of observation and action and the servos' own lag add up to .16 to .25 s. It is what
# `SafetyConfig.tracking` shall be for this robot.
TRACKING = 0.8

# Position, velocity: the published actuator table. No acceleration or jerk limits are published;
# these are ours. A stroke lasts about .2 s, so full speed is reached in two and a half control
# periods (acceleration = velocity / .05 s) and full acceleration in one (jerk = acceleration /
# .02 s). That asks for about 50 N m of A1's 100 and 2.3 kN of the beam's 4.1; the servos' own lag
# (.13 s along y, .05 s along x, .02 s in the arm) smooths what remains.
# Home: between forehand and backhand, the racket .19 m behind the table's edge, .33 m above it.
TENNIS = RobotSpec(
    name="tennis",
    joints=("slide_y", "slide_x", "A1", "A2", "A3", "A4", "A5", "A6"),
    dt=0.02,
    lower=vector([-1.8861, -1.8937, -2.0, 0.2, 0.0, -1.5708, -1.75, -0.7]),
    upper=vector([0.174, 1.88, 2.0, 1.22, 0.9, 1.5708, -0.65, 2.3]),
    velocity=vector([2.0, 2.0, 4.36, 4.36, 4.36, 5.585, 5.585, 7.33]),
    acceleration=vector([40.0, 40.0, 87.0, 87.0, 87.0, 112.0, 112.0, 147.0]),
    jerk=vector([2e3, 2e3, 4.4e3, 4.4e3, 4.4e3, 5.6e3, 5.6e3, 7.4e3]),
    home=vector([-0.28, 0.0, 0.0, 0.65, 0.32, 0.0, -1.6, 0.8]),
    modes=frozenset({JointMode.POSITION, JointMode.VELOCITY}),
    groups={"arm": slice(0, 8)},  # all of them put the racket where it is
    description="tennis.urdf",
)

# What is known of how the robot obeys (arXiv 2408.03906): a commanded speed moves the position
# that a joint's servo wants after DELAY on average, and the joint follows that with the lag of a
# first-order system, (kv + damping) / kp of the published actuator table.
DELAY = vector([0.084, 0.0561, 0.071, 0.071, 0.071, 0.071, 0.071, 0.071])  # [s]
LAG = vector([0.1287, 0.0539, 0.0189, 0.0272, 0.0153, 0.0153, 0.0238, 0.0135])  # [s]
SEEN = 0.029  # [s] by which measurements of the joints are old, on average
# Speeds that are reached: force / damping of the table for A1 to A4, with some to spare.
SPEED = vector([2.0, 2.0, 3.8, 3.8, 2.2, 3.8, 5.585, 7.33])  # [m/s or rad/s]


_BALL_SIZE = vector([2 * BALL_RADIUS] * 3)
_UPRIGHT = vector([1, 0, 0, 0])  # a ball has no attitude that could be seen


def ball_fix(time: float, position: Vector) -> Fix:
    """The ball at `position` (3,) [m], at `time` [s]."""
    return Fix(time, vector(position), _UPRIGHT, _BALL_SIZE)
