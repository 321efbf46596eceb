"""A recording's contents: ticks as plain values, and as standard ROS 2 messages.

`facts` flattens a tick; the other functions make messages of those facts, as the nested
dicts that mcap_ros2 encodes. `robot.recording` reads them back.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from robot.types import Command, Fix, Tick

FORMAT: Final = "1"  # of the recordings, in their metadata; raise it when readers must change
METADATA: Final = "courtside"  # the metadata record's name

JOINTS: Final = "/joint_states"
OBJECTS: Final = "/courtside/objects"
PROPOSED: Final = "/courtside/proposed"
COMMAND: Final = "/courtside/command"
GOAL: Final = "/courtside/goal"  # JSON, on change
HEARD: Final = "/courtside/heard"  # JSON
TICK: Final = "/courtside/tick"  # JSON; ends its tick: the messages above it come before it
SAID: Final = "/courtside/said"  # JSON
ARRIVAL: Final = "/courtside/arrival"  # JSON

TEXT: Final = "std_msgs/msg/String"
JOINT_STATE: Final = "sensor_msgs/msg/JointState"
TRAJECTORY: Final = "trajectory_msgs/msg/JointTrajectory"
MARKERS: Final = "visualization_msgs/msg/MarkerArray"
IMAGE: Final = "sensor_msgs/msg/CompressedImage"
TYPES: Final = {
    JOINTS: JOINT_STATE,
    OBJECTS: MARKERS,
    PROPOSED: TRAJECTORY,
    COMMAND: TRAJECTORY,
    **dict.fromkeys((GOAL, HEARD, TICK, SAID, ARRIVAL), TEXT),
}

_FIELDS: Final = {
    "builtin_interfaces/Time": "int32 sec\nuint32 nanosec",
    "builtin_interfaces/Duration": "int32 sec\nuint32 nanosec",
    "std_msgs/Header": "builtin_interfaces/Time stamp\nstring frame_id",
    "std_msgs/String": "string data",
    "std_msgs/ColorRGBA": "float32 r\nfloat32 g\nfloat32 b\nfloat32 a",
    "geometry_msgs/Point": "float64 x\nfloat64 y\nfloat64 z",
    "geometry_msgs/Vector3": "float64 x\nfloat64 y\nfloat64 z",
    "geometry_msgs/Quaternion": "float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1",
    "geometry_msgs/Pose": "geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation",
    "sensor_msgs/CompressedImage": "std_msgs/Header header\nstring format\nuint8[] data",
    "sensor_msgs/JointState": (
        "std_msgs/Header header\nstring[] name\n"
        "float64[] position\nfloat64[] velocity\nfloat64[] effort"
    ),
    "trajectory_msgs/JointTrajectoryPoint": (
        "float64[] positions\nfloat64[] velocities\nfloat64[] accelerations\n"
        "float64[] effort\nbuiltin_interfaces/Duration time_from_start"
    ),
    "trajectory_msgs/JointTrajectory": (
        "std_msgs/Header header\nstring[] joint_names\n"
        "trajectory_msgs/JointTrajectoryPoint[] points"
    ),
    "visualization_msgs/UVCoordinate": "float32 u\nfloat32 v",
    "visualization_msgs/MeshFile": "string filename\nuint8[] data",
    "visualization_msgs/Marker": (
        "std_msgs/Header header\nstring ns\nint32 id\nint32 type\nint32 action\n"
        "geometry_msgs/Pose pose\ngeometry_msgs/Vector3 scale\nstd_msgs/ColorRGBA color\n"
        "builtin_interfaces/Duration lifetime\nbool frame_locked\n"
        "geometry_msgs/Point[] points\nstd_msgs/ColorRGBA[] colors\n"
        "string texture_resource\nsensor_msgs/CompressedImage texture\n"
        "visualization_msgs/UVCoordinate[] uv_coordinates\nstring text\n"
        "string mesh_resource\nvisualization_msgs/MeshFile mesh_file\n"
        "bool mesh_use_embedded_materials"
    ),
    "visualization_msgs/MarkerArray": "visualization_msgs/Marker[] markers",
}

COLOURS: Final = {  # of objects, by the first word of their names
    "red": (0.85, 0.15, 0.15),
    "orange": (0.95, 0.55, 0.15),
    "yellow": (0.95, 0.85, 0.20),
    "green": (0.25, 0.65, 0.30),
    "cyan": (0.20, 0.75, 0.75),
    "blue": (0.20, 0.40, 0.85),
    "purple": (0.55, 0.30, 0.70),
    "pink": (1.00, 0.60, 0.70),
    "brown": (0.55, 0.35, 0.20),
    "white": (1.00, 1.00, 1.00),
    "black": (0.10, 0.10, 0.10),
    "gray": (0.60, 0.60, 0.60),
}


def definition(name: str) -> str:
    """The text of message type `name` ("std_msgs/msg/String"), with all types it contains."""
    needed = [name.replace("/msg/", "/")]
    for each in needed:  # grows on the way
        kinds = (line.split()[0].removesuffix("[]") for line in _FIELDS[each].splitlines())
        needed += [kind for kind in dict.fromkeys(kinds) if kind in _FIELDS and kind not in needed]
    first, *rest = needed
    return "".join([_FIELDS[first], *(f"\n{'=' * 80}\nMSG: {n}\n{_FIELDS[n]}" for n in rest)])


def plain(value: Any) -> Any:
    """`value` in what JSON can say: dicts, lists, strings, numbers, booleans and None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)  # of an enumeration too
    return value if value is None or isinstance(value, bool | int | float) else repr(value)


def facts(tick: Tick, number: int) -> dict[str, Any]:
    """All that is recorded of a tick, except for pixels: plain values, quick to pickle."""
    obs, command, proposed = tick.obs, tick.verdict.command, tick.proposed
    return {
        "q": _floats(obs.q),
        "qd": _floats(obs.qd),
        "fixes": [(name, *_pose(fix)) for name, fix in obs.fixes.items()],
        "proposed": None if proposed is None else _motion(proposed),
        "command": _motion(command),
        "goal": {"id": tick.goal.id, "skill": tick.goal.skill, "args": plain(tick.goal.args)},
        "heard": [{"time": float(line.time), "text": line.text} for line in tick.heard],
        "tick": {
            "number": number,
            "time": float(obs.time),
            "received": float(obs.received),
            "seq": int(obs.seq),
            "fixes": {name: float(fix.time) for name, fix in obs.fixes.items()},
            "gone": sorted(obs.gone),
            "images": {name: float(image.time) for name, image in obs.images.items()},
            "now": float(tick.state.time),
            "age": float(tick.state.age),
            "outcome": plain((tick.outcome.goal_id, tick.outcome.status, tick.outcome.reason)),
            "proposed": None if proposed is None else _order(proposed),
            "command": _order(command),
            "reasons": plain(tick.verdict.reasons),
            "stopped": bool(tick.verdict.stopped),
            "busy": float(tick.busy),
        },
    }


def _floats(values: Any) -> list[float]:
    return np.asarray(values, np.float64).ravel().tolist()


def _pose(fix: Fix) -> tuple[list[float], list[float], list[float]]:
    return _floats(fix.position), _floats(fix.quaternion), _floats(fix.size)


def _motion(command: Command) -> tuple[list[float], list[float]]:
    feedforward = command.feedforward
    return _floats(command.target), [] if feedforward is None else _floats(feedforward)


def _order(command: Command) -> dict[str, Any]:
    return {
        "time": float(command.time),
        "seq": int(command.seq),
        "goal_id": int(command.goal_id),
        "expiry": float(command.expiry),
        "modes": plain(command.modes),
    }


def nanoseconds(time: float) -> int:
    """`time` [s] in whole nanoseconds; 0 for what no message can hold."""
    return round(time * 1e9) if 0 <= time < 2**31 else 0


def header(time: float, frame: str = "") -> dict[str, Any]:
    sec, nanosec = divmod(nanoseconds(time), 1_000_000_000)
    return {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": frame}


def joint_state(
    time: float, joints: Sequence[str], q: list[float], qd: list[float]
) -> dict[str, Any]:
    return {"header": header(time), "name": joints, "position": q, "velocity": qd}


def trajectory(
    time: float, joints: Sequence[str], target: list[float], feedforward: list[float]
) -> dict[str, Any]:
    """A command: its target as the positions, whatever the joints' modes."""
    points = [{"positions": target, "velocities": feedforward}]
    return {"header": header(time), "joint_names": joints, "points": points}


def markers(
    times: Mapping[str, float], fixes: Sequence[tuple[str, list[float], list[float], list[float]]]
) -> dict[str, Any]:
    """Boxes of (name, position, quaternion wxyz, size), measured at `times` by name."""
    boxes = []
    for name, (x, y, z), (qw, qx, qy, qz), (length, width, height) in fixes:
        red, green, blue = COLOURS.get(name.partition(" ")[0], COLOURS["gray"])
        box = {
            "header": header(times[name], "world"),
            "ns": name,
            "type": 1,  # CUBE
            "pose": {
                "position": {"x": x, "y": y, "z": z},
                "orientation": {"x": qx, "y": qy, "z": qz, "w": qw},
            },
            "scale": {"x": length, "y": width, "z": height},
            "color": {"r": red, "g": green, "b": blue, "a": 1.0},
        }
        boxes.append(box)
    return {"markers": boxes}


def camera_topic(camera: str) -> str:
    return f"/camera/{camera.replace(' ', '_')}/compressed"


def compressed_image(time: float, camera: str, jpeg: bytes) -> dict[str, Any]:
    return {"header": header(time, camera), "format": "jpeg", "data": jpeg}
