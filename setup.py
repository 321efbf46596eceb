"""For colcon; everything is in pyproject.toml."""

from setuptools import setup

made = setup()
for part in (made, made.metadata):  # colcon reads these, and only plain values
    part.python_requires = str(part.python_requires)
