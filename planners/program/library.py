"""Functions that programs may call: those that come with the package, and those learned.

A function that a language model wrote, and that a program ran with to its end, is kept on disk with
the command that it was written for. It is text: whoever calls it runs it sandboxed, type-checked
with the program.
"""

import ast
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from planners.program.translate import parsed

SHIPPED = Path(__file__).with_name("helpers.py")
NAME = re.compile(r"[A-Za-z]\w{0,60}")


@dataclass(frozen=True, slots=True)
class Skill:
    """One function."""

    name: str
    source: str
    command: str  # that it was first written for; empty: it comes with the package


class Library:
    """The functions in a folder, one JSON file each; None: only those that come with the package.

    What cannot be read or written is left out: a program can do without.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._new: dict[str, Skill] = {}  # of this session

    def source(self, name: str) -> str:
        """The text of the function `name`, empty if there is none."""
        found = self._new.get(name) or self._learned(name)
        return found.source if found else _shipped().get(name, "")

    def keep(self, functions: Mapping[str, str], command: str) -> None:
        """Functions that have proved good, by name, and the command that they were written for."""
        for name, source in functions.items():
            skill = Skill(name, source, command)
            self._new[name] = skill
            if self._folder is not None and NAME.fullmatch(name):
                self._folder.mkdir(parents=True, exist_ok=True)
                path = self._folder / f"{name}.json"
                draft = path.with_suffix(f".{os.getpid()}")
                draft.write_text(json.dumps({"source": source, "command": command}))
                draft.replace(path)

    def delete(self, name: str) -> bool:
        """Forget a learned function; whether there was one."""
        there = self._new.pop(name, None) is not None
        if self._folder is not None and NAME.fullmatch(name):
            path = self._folder / f"{name}.json"
            there = path.is_file() or there
            path.unlink(missing_ok=True)
        return there

    def skills(self) -> list[Skill]:
        """All learned functions by name, then those that come with the package."""
        names = {path.stem for path in self._folder.glob("*.json")} if self._folder else set()
        learned = [self._new.get(n) or self._learned(n) for n in sorted(names | {*self._new})]
        known = {skill.name for skill in learned if skill}
        shipped = [Skill(n, text, "") for n, text in _shipped().items() if n not in known]
        return [skill for skill in learned if skill] + shipped

    def _learned(self, name: str) -> Skill | None:
        if self._folder is None or not NAME.fullmatch(name):
            return None
        try:
            data = json.loads((self._folder / f"{name}.json").read_text())
            return Skill(name, str(data["source"]), str(data["command"]))
        except (OSError, ValueError, LookupError, TypeError):
            return None


@cache
def _shipped() -> dict[str, str]:
    text = SHIPPED.read_text()
    tree = parsed(text)
    assert tree is not None
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
