"""Parts of correct programs. They see and act through a program's words only."""

BLOCKS = "blocks = [name for name in get_obj_names() if name.endswith('block')]\n"
BOWLS = "bowls = [name for name in get_obj_names() if name.endswith('bowl')]\n"
COLOR_OF = "def color_of(name):\n    return get_color(name)\n"
DISTANCE = """def distance(a, b):
    return ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5
"""
# Where a pattern of points fits between all that stands on the table: of all centres and turns
# that are tried, the first with room enough, or the one with most.
FREE = (
    DISTANCE
    + """
def free(pattern, least):
    taken = [get_obj_pos(name) for name in get_obj_names()]
    best, most = None, -1.0
    for i in range(11):
        for j in range(11):
            cx, cy = denormalize_xy([((i + 5) % 11) / 10, ((j + 5) % 11) / 10])
            points = [[cx + x, cy + y] for x, y in pattern]
            inside = all(-0.27 < x < 0.27 and -0.77 < y < -0.23 for x, y in points)
            if not inside:
                continue
            room = min([distance(a, b) for a in points for b in taken])
            if room > least:
                return points
            if room > most:
                best, most = points, room
    return best

"""
)


def put(first: str, second: str) -> str:
    return f"put_first_on_second({first!r}, {second!r})\n"


def put_all(names: str, second: str) -> str:
    return f"for name in {names}:\n    put_first_on_second(name, {second!r})\n"


def at_free(pattern: str, least: float = 0.11) -> str:
    """Puts each block on its point of a pattern, wherever that fits."""
    return (
        FREE
        + BLOCKS
        + f"points = free({pattern}, {least})\n"
        + "for name, point in zip(blocks, points):\n    put_first_on_second(name, point)\n"
    )
