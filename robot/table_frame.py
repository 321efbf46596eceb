"""How a frame of the table is laid out: what policies are shown as numbers in fixed places.

A frame (FRAME,) holds the hand, then a row for each block and bowl by its colour, the tray, the
drawer; zeros for what has not been seen. `robot.features` fills it.
"""

BLOCKS = ("red", "green", "blue", "yellow", "orange", "purple")  # colours, in the order of rows
BOWLS = ("red", "green", "blue")
ACTION = 6  # numbers of an action, and of the hand's reference, with which a frame begins
HAND, BLOCK, BOWL, TRAY, DRAWER = 12, 6, 3, 5, 6  # numbers of each part
BLOCK_ROWS = HAND  # where each sort of row begins
BOWL_ROWS = BLOCK_ROWS + BLOCK * len(BLOCKS)
TRAY_ROW = BOWL_ROWS + BOWL * len(BOWLS)
DRAWER_ROW = TRAY_ROW + TRAY
FRAME = DRAWER_ROW + DRAWER
PERIOD = 0.08  # [s] between two frames, and between two actions
