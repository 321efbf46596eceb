"""How nodes end, over real DDS: however they are told, and with whoever started them."""

import json
import os
import signal
import subprocess
from pathlib import Path
from time import sleep

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

import ros_rig as rig
from ros_rig import Witness, until

from hardware.ros_robot import RosRobot

pytestmark = [pytest.mark.dds, pytest.mark.timeout(600)]


@pytest.fixture
def own_domain(monkeypatch):
    with rig.domain() as domain:
        monkeypatch.setenv("ROS_DOMAIN_ID", domain)
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        yield


def test_the_nodes_end_well_however_they_are_told(own_domain, request):
    for left in shared_ports():  # by whoever was killed in this domain before
        left.unlink()
    names = ("driver", "watchdog", "coach", "stack")
    running = {name: rig.start("node", name) for name in names}
    witness = Witness()
    until(
        lambda: (
            witness.states and set(names) <= {n.removeprefix("courtside: ") for n in witness.said}
        ),
        lambda: f"only {list(witness.said)} are there",
        lambda: witness.look(0.1),
    )
    witness.ros.close()
    for process in running.values():
        request.addfinalizer(process.kill)
    for name, signals in (
        ("stack", [signal.SIGINT, signal.SIGINT]),
        ("coach", [signal.SIGTERM, signal.SIGTERM]),
        ("watchdog", [signal.SIGTERM]),
        ("driver", [signal.SIGINT, signal.SIGINT]),
    ):
        for each in signals:
            running[name].send_signal(each)
            sleep(0.02)
        _, said = running[name].communicate(timeout=rig.PATIENCE)
        assert running[name].returncode == 0, f"{name}: {said}"
        assert "Traceback" not in said, said
    assert not shared_ports()


def test_courtside_nodes_ends_all_of_them(tmp_path, own_domain, request):
    nodes = rig.start("nodes", "--frames", "0", "--logs", str(tmp_path), "--json")
    request.addfinalizer(nodes.kill)
    own = RosRobot(patience=rig.PATIENCE)
    own.close()
    nodes.send_signal(signal.SIGINT)
    nodes.send_signal(signal.SIGINT)
    out, said = nodes.communicate(timeout=rig.PATIENCE)
    assert nodes.returncode == 0, said
    assert json.loads(out)["restarts"] == {"driver": 0, "watchdog": 0, "coach": 0}


def test_no_node_outlives_courtside_nodes(tmp_path, own_domain):
    nodes = rig.start("nodes", "--frames", "0", "--logs", str(tmp_path))
    children: list[str] = []

    def begun() -> bool:
        found = subprocess.run(
            ["pgrep", "-P", str(nodes.pid)], capture_output=True, text=True, check=False
        )
        children[:] = found.stdout.split()
        return len(children) == 3

    until(begun, "no nodes", lambda: sleep(0.05))
    nodes.kill()
    nodes.wait()
    until(lambda: not any(map(alive, children)), "nodes are left")


def shared_ports() -> list[Path]:
    """Shared memory that belongs to participants of this domain."""
    first = 7400 + 250 * int(os.environ["ROS_DOMAIN_ID"])
    ports = {f"fastdds_port{port}" for port in range(first, first + 250)}
    return [file for file in Path("/dev/shm").iterdir() if file.name in ports]


def alive(pid: str) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except OSError:
        return False
