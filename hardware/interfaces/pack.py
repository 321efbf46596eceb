"""Packs what CMake has installed as a wheel: `pack.py PREFIX FOLDER` prints the wheel's path.

Libraries and the ament index go where those of the ROS 2 wheels are, beside the environment's
Python packages.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from xml.etree import ElementTree

TAG = "cp{0}{1}-cp{0}{1}-{2}".format(
    *sys.version_info[:2], sysconfig.get_platform().replace("-", "_").replace(".", "_")
)


def pack(prefix: Path, folder: Path) -> Path:
    package = ElementTree.parse(Path(__file__).with_name("package.xml")).getroot()
    name, version = (package.findtext(key) or "" for key in ("name", "version"))
    root = folder / f"{name}-{version}"
    shutil.rmtree(root, ignore_errors=True)
    data = root / f"{root.name}.data" / "data"
    shutil.copytree(prefix / "share", data / "share")
    for library in (prefix / "lib").glob("*.so"):
        (data / "lib").mkdir(exist_ok=True)
        shutil.copy(library, data / "lib")
    (module,) = prefix.glob(f"lib/python3*/site-packages/{name}")
    shutil.copytree(module, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    about = root / f"{root.name}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (about / "WHEEL").write_text(
        f"Wheel-Version: 1.0\nGenerator: pack.py\nRoot-Is-Purelib: false\nTag: {TAG}\n"
    )
    packing = [sys.executable, "-m", "wheel", "pack", str(root), "--dest-dir", str(folder)]
    subprocess.run(packing, check=True, stdout=subprocess.DEVNULL)
    return folder / f"{root.name}-{TAG}.whl"


if __name__ == "__main__":
    print(pack(*map(Path, sys.argv[1:])))
