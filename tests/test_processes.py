"""Nodes as processes: which of them are started again."""

import signal
from time import monotonic
from types import SimpleNamespace

import pytest

from hardware.nodes import NodeProcess
from hardware.processes import TRIES, Nodes, Running


def tended(tmp_path, code, times):
    """Whether it is kept, each time that it ends with `code` as soon as it has begun."""
    nodes = Nodes((), tmp_path, lambda name, line: None)
    ended = SimpleNamespace(poll=lambda: code)
    one = Running(NodeProcess("coach", ()), ended, 0.0)
    kept = []
    for _ in range(times):
        one.began, one.again_at = monotonic(), None
        kept.append(nodes._tend(one))
    return kept


def test_a_node_that_is_killed_is_started_again_however_often(tmp_path):
    assert all(tended(tmp_path, -signal.SIGKILL, 4 * TRIES))


@pytest.mark.parametrize("code", [0, 2, -signal.SIGSEGV])
def test_a_node_that_cannot_start_is_given_up(tmp_path, code):
    assert tended(tmp_path, code, TRIES) == [True] * (TRIES - 1) + [False]
