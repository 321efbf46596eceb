"""What several tests use without importing it."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from robot.cli.main import main


@pytest.fixture(autouse=True)
def runtime_folder(monkeypatch) -> Iterator[Path]:
    """A folder of the test's own for sockets, whose paths must be short."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def command(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs a `courtside` command in this process: exit code, standard output, standard error."""

    def run(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["courtside", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return (ended.value.code, *capsys.readouterr())

    return run
