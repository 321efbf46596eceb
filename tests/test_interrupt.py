"""A program is stopped anywhere, kept in a file, and goes on in another process's planner."""

import numpy as np
import pytest
from program_rig import PLACED, run_program
from rig import NAMES, scene_of

from planners.program import interrupt
from planners.program.interrupt import Meant, meant_by
from planners.program.sandbox import Call, Finished, Sandbox
from robot.cli import build, programming
from robot.estimate import Estimator
from robot.loop import Stack, run
from robot.mode import Mode
from robot.safety import Supervisor
from robot.types import Utterance
from sim.tabletop import Tabletop, TabletopConfig

PROGRAM = """
import numpy as np
blocks = [name for name in get_obj_names() if name.endswith('block')]
middle = denormalize_xy([0.5, 0.5])
put_first_on_second('red block', 'blue bowl')
tries = 0
while not is_grasped('green block') and tries < 3:
    grasp('green block')
    tries += 1
put_first_on_second('green block', 'green bowl')
put_first_on_second('blue block', 'orange bowl')
"""


def go_on(world, planner, stop_at=float("inf"), limit=60.0, told=None):
    """Runs until the planner has finished, or holds after "stop" at a time [s]."""
    spec = build.robot_spec()
    supervisor = Supervisor(spec)
    mode = Mode(supervisor)
    mode.engage()
    said = []
    end = world.now() + limit

    def hear():
        if not said and world.now() >= stop_at - 1e-9:
            said.append(world.now())
            return (Utterance(world.now(), "stop"),)
        return ()

    held = []
    last = []

    def until(tick):
        last[:] = [tick.verdict.command.target]
        if said:
            held.append(tick.goal.skill)
        return planner.finished or tick.state.time > end or len(held) > 30

    close, world.close = world.close, lambda: None  # the world is what goes on
    run(
        Stack(
            robot=world,
            planner=planner,
            skills=build.skills(spec),
            supervisor=supervisor,
            mode=mode,
            estimator=Estimator(spec),
            hear=hear,
            until=until,
            told=told,
        )
    )
    world.close = close
    return held, last[0]


def final(world):
    return {name: position for name, (position, _) in world.engine.objects().items()}


def world_of(engine="mujoco"):
    return Tabletop(build.robot_spec(), scene_of(), TabletopConfig(engine))


def interrupted(stop_at, path):
    """Where everything lies after the program was stopped, kept, and resumed elsewhere."""
    world = world_of()
    planner = programming.program_planner(None, lambda text: None)
    planner.execute(PROGRAM)
    held, told = go_on(world, planner, stop_at)
    finished = planner.finished
    if not finished:
        assert held and set(held) == {"hold"}  # from the very tick on
        interrupt.write(path, planner.save())
        planner.close()
        planner = programming.program_planner(None, lambda text: None)
        planner.restore(interrupt.read(path)[0])
        go_on(world, planner, told=told)
    error = planner.error
    planner.close()
    lies = final(world)
    world.close()
    return lies, error


@pytest.fixture(scope="module")
def undisturbed():
    world = world_of()
    planner = programming.program_planner(None, lambda text: None)
    planner.execute(PROGRAM)
    go_on(world, planner)
    assert planner.succeeded, planner.error
    lies, lasted = final(world), world.now()
    planner.close()
    world.close()
    return lies, lasted


def alike(one, other):
    return all(np.linalg.norm(one[name] - other[name]) < 0.04 for name in NAMES)


@pytest.mark.parametrize("part", [0.1, 0.45, 0.8])
def test_resumed_it_ends_alike(undisturbed, part, tmp_path):
    lies, lasted = undisturbed
    again, error = interrupted(part * lasted, tmp_path / "kept.json")
    assert error is None and alike(lies, again)


def test_what_cameras_saw_is_known_afterwards(tmp_path):
    spec, config = build.robot_spec(), TabletopConfig(perception="camera", keep=True)
    world = Tabletop(spec, scene_of(), config)
    planner = programming.program_planner(None, lambda text: None)
    planner.execute("put_first_on_second('red block', 'blue bowl')")
    _, told = go_on(world, planner, stop_at=2.2)  # it carries the block
    world.close()
    interrupt.write(tmp_path / "kept.json", planner.save(), world.kept)
    planner.close()
    saved, kept = interrupt.read(tmp_path / "kept.json")
    world = Tabletop(spec, scene_of(), config)
    assert not world.sight.things.known
    world.restore(kept)
    assert world.sight.things.held.name == "red block"  # which no camera could tell
    planner = programming.program_planner(None, lambda text: None)
    planner.restore(saved)
    go_on(world, planner, told=told)
    assert planner.succeeded, planner.error
    lies = final(world)
    assert np.linalg.norm((lies["red block"] - lies["blue bowl"])[:2]) < 0.05
    seen = world.sight.things.known["red block"].position
    assert np.linalg.norm(seen - lies["red block"]) < 0.01
    planner.close()
    world.close()


def test_what_is_kept_is_for_its_owner(tmp_path):
    path = tmp_path / "kept.json"
    interrupt.write(path, [])
    assert path.stat().st_mode & 0o077 == 0
    path.write_text('{"format": "other"}')
    with pytest.raises(ValueError, match="not a suspended program"):
        interrupt.read(path)


def test_arrays_and_functions_survive(tmp_path):
    program = """
def shifted(name):
    return get_obj_pos(name) + np.array([0.05, 0])
target = shifted('blue block')
circle = Point(target).buffer(0.05)
say('here')
assert np.allclose(target, [0.1, -0.35]) and circle.contains(Point(target))
assert shifted('blue block')[0] == target[0]
"""
    first, second = Sandbox(), Sandbox()
    step = first.run(program)
    while isinstance(step, Call) and step.name != "say":
        step = first.answer(list(PLACED[step.args[0]]))
    kept = first.keep()
    first.close()
    step = second.restore(kept)
    assert step == Call("say", ("here",))
    step = second.answer(None)
    while isinstance(step, Call):
        step = second.answer(list(PLACED[step.args[0]]))
    assert step == Finished("", None)
    second.close()


def test_a_program_inside_another(tmp_path):
    sandbox = Sandbox()
    sandbox.run("x = parse_position('somewhere odd')\nprint(x)\nput_first_on_second('a', x)")
    step = sandbox.run_inside("ret_val = np.array([1, 2]) / 2\nret_val")
    assert isinstance(step, Finished)
    assert sandbox.go_back(step.value) == Call("put_first_on_second", ("a", [0.5, 1.0]))
    sandbox.close()
    sandbox = Sandbox()
    sandbox.run("try:\n  parse_position('x')\nexcept RuntimeError as e:\n  print(e)")
    sandbox.run_inside("say('hm')")
    assert sandbox.go_back(None, "I do not know") == Finished("I do not know\n")
    sandbox.close()


@pytest.mark.parametrize(
    ("text", "meant", "rest"),
    [
        ("cancel that", Meant.RETRACT, ""),
        ("Forget it!", Meant.RETRACT, ""),
        ("don't do that", Meant.RETRACT, ""),
        ("instead, put the Red block away", Meant.REVISE, "put the Red block away"),
        ("no, put it in the green bowl instead", Meant.REVISE, "put it in the green bowl"),
        ("first put the red block away", Meant.FIRST, "put the red block away"),
        ("before that, stack the blocks", Meant.FIRST, "stack the blocks"),
        ("the blue one instead", Meant.ADD, "the blue one instead"),
        ("put the red block away", Meant.ADD, "put the red block away"),
        ("no, the blue bowl", Meant.ADD, "no, the blue bowl"),
    ],
)
def test_what_a_line_does(text, meant, rest):
    assert meant_by(text, running=True) == (meant, rest)
    assert meant_by(text, running=False)[0] is Meant.ADD


def test_rig_runs_programs():
    sandbox = Sandbox()
    run = run_program(sandbox, "put_first_on_second('blue block', 'yellow bowl')")
    assert np.allclose(run.where("blue block"), PLACED["yellow bowl"])
    sandbox.close()
