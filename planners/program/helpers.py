"""Functions that published Code as Policies programs call and leave to the function generator.

Read as text by `planners.program.library`, and run in the sandbox like any function that a model
writes: the names that nothing here defines are a program's (see `planners.program.words`).
"""


def get_obj_positions_np(obj_names):
    return np.array([get_obj_pos(name) for name in obj_names])


def get_obj_positions(obj_names):
    return np.array([get_obj_pos(name) for name in obj_names])


def get_closest_idx(points, point):
    return int(np.argmin(np.linalg.norm(np.array(points) - np.array(point), axis=1)))


def get_farthest_idx(points, point):
    return int(np.argmax(np.linalg.norm(np.array(points) - np.array(point), axis=1)))


def get_closest_obj_name(obj_names, point):
    return obj_names[get_closest_idx(get_obj_positions_np(obj_names), point)]


def get_farthest_obj_name(obj_names, point):
    return obj_names[get_farthest_idx(get_obj_positions_np(obj_names), point)]


def get_closest_point(points, point):
    return np.array(points)[get_closest_idx(points, point)]


def get_farthest_point(points, point):
    return np.array(points)[get_farthest_idx(points, point)]


def get_distance(a, b):
    first = get_obj_pos(a) if isinstance(a, str) else np.array(a)
    second = get_obj_pos(b) if isinstance(b, str) else np.array(b)
    return float(np.linalg.norm(first - second))


def get_corner_positions():
    return np.array([denormalize_xy(xy) for xy in [[0, 1], [1, 1], [0, 0], [1, 0]]])


def get_side_positions():
    return np.array([denormalize_xy(xy) for xy in [[0.5, 1], [1, 0.5], [0.5, 0], [0, 0.5]]])


def get_pt_to_the_left(pt, dist):
    return np.array(pt) + np.array([-dist, 0])


def get_pt_to_the_right(pt, dist):
    return np.array(pt) + np.array([dist, 0])


def get_pt_to_the_top(pt, dist):
    return np.array(pt) + np.array([0, dist])


def get_pt_to_the_bottom(pt, dist):
    return np.array(pt) + np.array([0, -dist])


def bbox_contains_pt(container_name, obj_name):
    bbox = get_bbox(container_name) if isinstance(container_name, str) else container_name
    pt = get_obj_pos(obj_name) if isinstance(obj_name, str) else obj_name
    return bool(bbox[0] <= pt[0] <= bbox[2] and bbox[1] <= pt[1] <= bbox[3])


def make_line(start, end):
    return LineString([np.array(start), np.array(end)])


def make_line_by_length(length):
    return make_line([0, 0], [length, 0])


def make_vertical_line_by_length(length):
    return rotate(make_line_by_length(length), 90)


def make_circle(radius, center=(0.0, -0.5)):
    return Point(center).buffer(radius)


def make_square(size, center=(0.0, -0.5)):
    half = size / 2
    return box(center[0] - half, center[1] - half, center[0] + half, center[1] + half)


def make_rectangle(width, height, center=(0.0, -0.5)):
    x, y = center
    return box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def make_triangle(size, center=(0.0, -0.5)):
    return make_regular_polygon(3, size / np.sqrt(3), center)


def make_regular_polygon(n, radius, center=(0.0, -0.5)):
    angles = [np.pi / 2 + 2 * np.pi * i / n for i in range(n)]
    x, y = center
    return Polygon([(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angles])


def get_points_from_polygon(polygon):
    return np.array(polygon.exterior.coords)[:-1]


def interpolate_line(line, t=0.5):
    return np.array(line.interpolate(t, normalized=True).coords[0])


def interpolate_pts_on_line(line=None, n=2, start=None, end=None):
    line = make_line(start, end) if line is None else line
    fractions = [0.5] if n == 1 else np.linspace(0, 1, n)
    return np.array([line.interpolate(t, normalized=True).coords[0] for t in fractions])


def interpolate_pts_along_exterior(exterior, n):
    fractions = [i / n for i in range(n)]
    return np.array([exterior.interpolate(t, normalized=True).coords[0] for t in fractions])


def translate_pts_np(pts, delta):
    return np.array(pts) + np.array(delta)


def translate_pts_2d(pts, delta):
    return np.array(pts) + np.array(delta)


def scale_pts_around_centroid_np(pts, scale_x=1.0, scale_y=1.0):
    pts = np.array(pts)
    centroid = pts.mean(axis=0)
    return centroid + (pts - centroid) * np.array([scale_x, scale_y])


def rotate_pts_around_centroid_np(pts, angle):
    pts = np.array(pts)
    centroid = pts.mean(axis=0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return centroid + (pts - centroid) @ turn.T


def stack_objects_in_order(object_names):
    for below, above in zip(object_names[:-1], object_names[1:]):
        put_first_on_second(above, below)


def put_objects_at_positions(object_names, positions):
    for name, position in zip(object_names, positions):
        put_first_on_second(name, position)
