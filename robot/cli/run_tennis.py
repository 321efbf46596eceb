"""A match of table tennis, for `courtside run --world tennis`."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from robot.cli import build, worlds

if TYPE_CHECKING:
    from robot.cli.run import Run


def play_over_ros(run: "Run") -> int:
    """Play for `run.duration` [s] with the robot of `courtside nodes --world tennis`, whose driver
    keeps the score in its log."""
    from robot.cli.session import Session, Voice, print_json, typed_lines

    seed, voice = run.seed or 0, Voice()
    voice.note("warming up ...")
    warm_up(seed)
    with ExitStack() as parts:
        robot = build.ros_robot()
        parts.callback(robot.close)
        planner = build.tennis_planner(seed, run.choice, voice.say, voice.note, tuple)
        recorder = build.recorder(run.record, "run", robot.spec, seed, run, run.video)
        parts.callback(recorder.close)
        voice.record = recorder.said
        if run.instruction:
            planner.listen(run.instruction)
        session = Session(
            robot=robot,
            skills=build.skills(robot.spec),
            planner=planner,
            voice=voice,
            recorder=recorder,
            typed=typed_lines(),
            stay=True,
            guard=robot,
            disarmed=run.disarmed,
            duration=run.duration,
        )
        session.run()
    result = {
        "success": not session.halted,
        "error": "stopped" if session.halted else None,
        "corrections": planner.corrections,
        "choices": [choice.name for choice in planner.choices],
        **session.report(run.video),
    }
    if run.json:
        print_json(result)
    voice.close(not session.halted, "stopped", recorder.path, run.video)
    return 1 if session.halted else 0


def warm_up(seed: int) -> None:
    """A few balls in simulation: what is compiled on first use must not be in a real loop."""
    from robot.cli.session import Session, Voice

    voice = Voice(quiet=True)
    world = worlds.tennis(seed, duration=6.0)
    planner = build.tennis_planner(seed, "adaptive", voice.say, voice.note, tuple)
    Session(world, build.skills(world.spec), planner, voice, stay=True).run()


def play(run: "Run") -> int:
    """Play the match that `run` describes; 0 if the robot won it."""
    from robot.cli.session import Session, Voice, print_json, typed_lines
    from robot.shots import returned
    from sim.tennis.referee import Side

    spec, seed, voice = build.robot_spec("tennis"), run.seed or 0, Voice()
    film = bool(run.video or run.frames)
    with ExitStack() as parts:
        perception = run.perception or "truth"
        world = worlds.tennis(
            seed, run.opponent, run.games, run.duration, run.speed, film, perception
        )
        parts.callback(world.close)
        planner = build.tennis_planner(seed, run.choice, voice.say, voice.note, world.results)
        recorder = build.recorder(run.record, "run", spec, seed, run, run.video)
        parts.callback(recorder.close)
        voice.record = recorder.said
        if run.instruction:
            planner.listen(run.instruction)
        session = Session(
            robot=world,
            skills=build.skills(spec),
            planner=planner,
            voice=voice,
            recorder=recorder,
            typed=typed_lines(),
            stay=True,
        )
        session.run()
    score, shots = world.score, world.results()
    games = [*score.games, score.points] if any(score.points.values()) else score.games
    points = [sum(game[side] for game in games) for side in (Side.NEAR, Side.FAR)]
    own = [shot for shot in shots if shot.by == "robot"]
    won = world.over and score.winner is Side.NEAR
    result = {
        "success": won,
        "error": None if world.over else "the match was not finished",
        "score": [[game[Side.NEAR], game[Side.FAR]] for game in games],
        "points": points,
        "shots": len(own),
        "returned": returned(shots),  # the opponent's good balls; and of how many
        "land_rate": round(sum(shot.good for shot in own) / len(own), 4) if own else None,
        "corrections": planner.corrections,
        **session.report(run.video),
    }
    if run.json:
        print_json(result)
    reason = f"the robot {points[0]} points, the opponent {points[1]}"
    voice.note(reason)
    voice.close(won, result["error"] or "lost", recorder.path, run.video)
    return 0 if world.over and not session.halted else 1
