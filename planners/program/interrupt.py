"""What a person says into a running program, and programs that were set aside.

Stopping is the mode's business (`robot.mode`), and what bends the motion under way is a correction
(`planners.correct`). Here: what changes which program runs.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from planners.conduct import Leg
from planners.program.hierarchy import Level
from planners.program.step import Suspended

FORMAT = "courtside suspended program 1"
RETRACTED = re.compile(
    r"(no,? )?(please )?((cancel|abort)( it| that| everything)?|forget (about )?(it|that)|"
    r"(don'?t|do not) (do|bother)( (it|that|with it|with that))?|leave it|scrap that|"
    r"take (it|that) back|drop the (task|plan|instruction))( please)?[.!]*"
)
REVISED = re.compile(r"(?:no,? |wait,? )?(?:instead,? (.+)|(?:rather|better) (.+)|(.+?),? instead)")
ARTICLES = ("the", "a", "an")
FIRST = re.compile(r"(?:(?:but|no),? )?(?:first|before that|before you do),? (.+)")


class Meant(Enum):
    """What a line does to the program under way."""

    ADD = "add"  # after it
    FIRST = "first"  # before it goes on
    REVISE = "revise"  # in its place
    RETRACT = "retract"  # nothing more


def meant_by(text: str, running: bool) -> tuple[Meant, str]:
    """What `text` does, and the instruction that is left of it."""
    plain = " ".join(text.strip().split())
    if not running:
        return Meant.ADD, plain
    low = plain.lower()
    if RETRACTED.fullmatch(low):
        return Meant.RETRACT, ""
    for pattern, meant in ((REVISED, Meant.REVISE), (FIRST, Meant.FIRST)):
        found = pattern.fullmatch(low)
        rest = next(filter(None, found.groups()), "") if found else ""
        # A thing alone is a correction: "the blue one instead".
        if len(rest.split()) > 2 and rest.split()[0] not in ARTICLES:
            at = low.index(rest)
            return meant, plain[at : at + len(rest)]
    return Meant.ADD, plain


@dataclass(frozen=True, slots=True)
class Saved:
    """A program that is to go on where it was; without `kept`, from its beginning."""

    levels: list[Level]
    kept: list[Suspended] | None = None
    legs: tuple[Leg, ...] = ()  # of the motion that it waits for


def write(path: Path, saved: Sequence[Saved], world: Any = None) -> None:
    """Keep programs, and what is known of their world, in a file for the user alone: who can write
    it decides what runs.
    """
    content = []
    for each in saved:
        kept = [asdict(replace(k, snapshot=b"")) for k in each.kept or ()]
        for entry, k in zip(kept, each.kept or (), strict=True):
            entry["snapshot"] = b64encode(k.snapshot).decode()
        content.append(
            {
                "levels": [asdict(level) for level in each.levels],
                "kept": kept or None,
                "legs": [[leg.skill, dict(leg.args)] for leg in each.legs],
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps({"format": FORMAT, "programs": content, "world": world}))


def read(path: Path) -> tuple[list[Saved], Any]:
    """What `write` kept; raises ValueError or OSError. Only read files that `write` has written:
    the interpreter trusts its snapshots.
    """
    data = json.loads(path.read_text())
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError("it is not a suspended program")
    saved = []
    for each in data["programs"]:
        kept = [
            Suspended(
                **{**entry, "snapshot": b64decode(entry["snapshot"]), "lines": (*entry["lines"],)}
            )
            for entry in each["kept"] or ()
        ]
        levels = [Level(**level) for level in each["levels"]]
        legs = tuple(Leg(skill, args) for skill, args in each["legs"])
        saved.append(Saved(levels, kept or None, legs))
    return saved, data["world"]
