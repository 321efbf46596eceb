"""`courtside check`: lint, types, imports, tests."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from robot.cli.errors import Failure

ROOT = Path(__file__).parents[2]
CHECKS = {  # name: command, its first word a module
    "lint": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("pyright", "--pythonpath", sys.executable),
    "imports": ("importlinter.cli", "lint"),
    "tests": ("pytest", "-q", "-n", "auto"),
}


@dataclass(frozen=True)
class Check:
    """Check the code: lint, format, types, import rules, and the tests."""

    tests: bool = True
    """Run the tests, too."""
    json: Annotated[bool, "One JSON object on standard output."] = False
    verbose: bool = False

    def main(self) -> int:
        if not (ROOT / "tests").is_dir():
            raise Failure("check needs the source tree: install with `pip install -e .`")
        if shutil.which("ruff", path=str(Path(sys.executable).parent)) is None:
            raise Failure("check needs the tools of the [dev] extra: `make test` installs them")
        results = {}
        for name, command in CHECKS.items():
            if name == "tests" and not self.tests:
                continue
            print(f"--- {name}: {' '.join(command)}", file=sys.stderr)
            done = subprocess.run(
                [sys.executable, "-m", *command], cwd=ROOT, stdout=sys.stderr, check=False
            )
            results[name] = done.returncode == 0
        if self.json:
            print(json.dumps(results))
        failed = [name for name, passed in results.items() if not passed]
        print("all passed" if not failed else f"failed: {', '.join(failed)}", file=sys.stderr)
        return 1 if failed else 0
