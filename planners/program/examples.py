"""What the lower language-model programs are shown: own examples of each, in its own style."""

VALUES = """The objects on the table are named by a colour and a kind. numpy is `np`; all of
shapely.geometry and shapely.affinity is there; imports are not needed. x grows to the right, y to
the top; metres. Write code only: no explanation."""

TOLD = {
    "parse_obj_name": f"""You write short Python programs that find which object, corner or side of
a table a description means. Leave the name in `ret_val`: a text for one, a list for several.
{VALUES}""",
    "parse_position": f"""You write short Python programs that find the position that a description
means. Leave it in `ret_val`: np.array([x, y]), or a list of those for several. {VALUES}""",
    "parse_question": f"""You write short Python programs that answer a question about a table.
Leave the answer in `ret_val`: a bool, a number, a text or a list of texts. {VALUES}""",
    "transform_shape_pts": f"""You write short Python programs that change the points of a shape,
`shape_pts`, an array (n, 2). Leave the new points in `new_shape_pts`. {VALUES}""",
    "function": f"""You write one Python function: the one whose call is shown. Its parameters
follow from the call; a call of functions that do not exist yet is fine, they will be written next.
{VALUES}""",
}
SHOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "parse_obj_name": (
        ("the cyan thing", "ret_val = 'cyan bowl'"),
        (
            "the block nearest to the pink bowl",
            "blocks = ['brown block', 'cyan block', 'gray block']\n"
            "near = get_closest_idx(points=get_obj_positions_np(blocks), "
            "point=get_obj_pos('pink bowl'))\n"
            "ret_val = blocks[near]",
        ),
        (
            "the bowls on the left half",
            "middle = denormalize_xy([0.5, 0.5])\n"
            "ret_val = [name for name in get_obj_names() "
            "if name.endswith('bowl') and get_obj_pos(name)[0] < middle[0]]",
        ),
        (
            "the second block from the top",
            "blocks = [name for name in get_obj_names() if name.endswith('block')]\n"
            "order = np.argsort(-get_obj_positions_np(blocks)[:, 1])\n"
            "ret_val = blocks[order[1]]",
        ),
        (
            "the corner farthest from the gray block",
            "corners = ['top left corner', 'top right corner', 'bottom left corner', "
            "'bottom right corner']\n"
            "places = np.array([get_obj_pos(corner) for corner in corners])\n"
            "ret_val = corners[get_farthest_idx(points=places, point=get_obj_pos('gray block'))]",
        ),
    ),
    "parse_position": (
        ("12 cm to the right of the gray bowl", "ret_val = get_obj_pos('gray bowl') + [0.12, 0]"),
        ("the top right corner", "ret_val = denormalize_xy([1, 1])"),
        (
            "halfway between the pink block and the left side",
            "ret_val = (get_obj_pos('pink block') + get_obj_pos('left side')) / 2",
        ),
        (
            "a vertical line of 16 cm in the middle, 4 points",
            "middle = denormalize_xy([0.5, 0.5])\n"
            "line = make_line(start=middle - [0, 0.08], end=middle + [0, 0.08])\n"
            "ret_val = interpolate_pts_on_line(line=line, n=4)",
        ),
        (
            "6 points on a circle of 10 cm radius around the cyan block",
            "circle = Point(get_obj_pos('cyan block')).buffer(0.1)\n"
            "ret_val = interpolate_pts_along_exterior(exterior=circle.exterior, n=6)",
        ),
    ),
    "parse_question": (
        (
            "how many bowls are on the right half?",
            "middle = denormalize_xy([0.5, 0.5])\n"
            "ret_val = len([name for name in get_obj_names() "
            "if name.endswith('bowl') and get_obj_pos(name)[0] > middle[0]])",
        ),
        (
            "does the pink bowl hold the brown block?",
            "ret_val = bbox_contains_pt(container_name='pink bowl', obj_name='brown block')",
        ),
        (
            "which block is lowest?",
            "blocks = [name for name in get_obj_names() if name.endswith('block')]\n"
            "ret_val = min(blocks, key=lambda name: get_obj_pos(name)[1])",
        ),
        (
            "how far apart are the cyan block and the gray block?",
            "ret_val = get_distance('cyan block', 'gray block')",
        ),
    ),
    "transform_shape_pts": (
        ("7 cm to the left", "new_shape_pts = translate_pts_2d(shape_pts, delta=[-0.07, 0])"),
        (
            "half as large",
            "new_shape_pts = scale_pts_around_centroid_np(shape_pts, scale_x=0.5, scale_y=0.5)",
        ),
        (
            "turn it clockwise by 30 degrees",
            "new_shape_pts = rotate_pts_around_centroid_np(shape_pts, angle=np.deg2rad(-30))",
        ),
        (
            "mirror it left to right",
            "middle = shape_pts.mean(axis=0)\n"
            "new_shape_pts = np.array([[2 * middle[0] - x, y] for x, y in shape_pts])",
        ),
    ),
    "function": (
        ("total = get_total(xs=numbers)", "def get_total(xs):\n    return np.sum(xs)"),
        (
            "far = is_far(a, b, limit=0.3)",
            "def is_far(a, b, limit=0.1):\n    return get_distance(a, b) > limit",
        ),
        (
            "pts = make_row(names, gap=0.05)",
            "def make_row(names, gap):\n"
            "    first = get_obj_pos(names[0])\n"
            "    return [first + [i * gap, 0] for i in range(len(names))]",
        ),
        (
            "sort_into_bowls(blocks)",
            "def sort_into_bowls(blocks):\n"
            "    for block in blocks:\n"
            "        bowl = get_bowl_of_color(get_color(block))\n"
            "        put_first_on_second(block, bowl)",
        ),
    ),
}
