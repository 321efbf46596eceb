"""For colcon; everything is in pyproject.toml."""

from pathlib import Path

from setuptools import setup

for name in ("pyproject.toml", "README.md", "LICENSE"):
    if not Path(name).exists():  # colcon build --symlink-install links this file and the packages
        Path(name).symlink_to(Path(__file__).resolve().with_name(name))
made = setup()
for part in (made, made.metadata):  # colcon reads these, and only plain values
    part.python_requires = str(part.python_requires)
