"""`courtside functions`: what programs have learned."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional

from robot.cli.errors import WrongUse


@dataclass(frozen=True)
class Functions:
    """List the functions that programs may call: those learned, each with the command that it was
    written for, and those that come with the package."""

    library: Positional[Path]
    """The folder given to `run` or `program` as --library."""
    show: str = ""
    """Print this one's text."""
    delete: str = ""
    """Forget this one."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        from planners.program.library import Library

        library = Library(self.library)
        skills = {skill.name: skill for skill in library.skills()}
        learned = [name for name, skill in skills.items() if skill.command]
        if self.delete and not library.delete(self.delete):
            raise WrongUse(f"no learned {self.delete!r}; there are {', '.join(learned) or 'none'}")
        if self.show and self.show not in skills:
            raise WrongUse(f"there is no {self.show!r}; there are {', '.join(skills)}")
        if self.json:
            listed = [
                {"name": skill.name, "command": skill.command, "source": skill.source}
                for skill in skills.values()
                if skill.name != self.delete
            ]
            print(json.dumps({"functions": listed}))
        elif self.show:
            print(skills[self.show].source)
        elif self.delete:
            print(f"forgotten: {self.delete}")
        else:
            for skill in skills.values():
                print(f"{skill.name:32}{skill.command or '(comes with the package)'}")
        return 0
