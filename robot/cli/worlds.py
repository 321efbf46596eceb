"""Builds simulated worlds."""

import logging
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from robot.cli.build import EngineName, Perception
from robot.cli.errors import Failure, WrongUse

if TYPE_CHECKING:  # imported where used: help must print at once
    from robot.types import Robot, RobotSpec
    from robot.vision.things import Seeing
    from sim.blockpush import BlockPush
    from sim.pusht import PushT
    from sim.scene import Scene
    from sim.tabletop import Tabletop, TabletopConfig
    from sim.tennis.match import TennisMatch
    from sim.tennis.world import Table

log = logging.getLogger(__name__)
AtTable = TypeVar("AtTable", bound="Table")
WorldName = Literal["tabletop", "pusht", "blockpush", "tennis"]
ROBOTS = {"tabletop": "ur5e", "pusht": "pusht", "blockpush": "pusher", "tennis": "tennis"}
Task = Literal["pack", "stack", "sort", "sweep"]  # robot.chores.CHORES
Level = Literal["beginner", "intermediate", "advanced", "advanced+"]
CANNOT_DRAW = "cannot draw ({}); `courtside doctor` says what to do"


def check(
    world: WorldName, scene: Path | None, perception: Perception | None, detector: str
) -> None:
    """Refuse what a world has not."""
    if scene is not None and world != "tabletop":
        raise WrongUse(f"--scene needs --world tabletop, not {world}")
    if detector != "colors" and world != "tabletop":
        raise WrongUse(f"--detector needs --world tabletop, not {world}")
    if perception == "camera" and world not in ("tabletop", "tennis"):
        raise WrongUse(f"--perception camera needs --world tabletop or tennis, not {world}")


def tabletop(
    spec: "RobotSpec",
    scene: "Scene",
    config: "TabletopConfig",
    need_frames: bool = False,
    perception: Perception | None = None,
    sight: "Seeing | None" = None,
) -> "Tabletop":
    """The world; `perception` is by camera where nothing else is said, and by `sight`.

    Where nothing can be drawn it has no cameras, unless they are needed, and tells the truth.
    """
    from sim.tabletop import Tabletop

    world = Tabletop(spec, scene, replace(config, perception=perception or "camera"), sight)
    try:
        if world.sight is not None:
            dict(world.pictures(spec.home))
        for name in config.cameras:
            world.picture(name, spec.home)
    except Exception as error:  # of OpenGL, in as many ways as there are drivers
        world.close()
        if need_frames or perception == "camera":
            raise Failure(CANNOT_DRAW.format(error)) from error
        log.warning("nothing can be drawn (%s): objects are known exactly, not seen", error)
        world = Tabletop(spec, scene, replace(config, cameras=(), perception="truth"))
    return world


def pusht(
    seed: int,
    pose: object = "center",
    duration: float = 30.0,
    speed: float = inf,
    film: bool = False,
) -> "PushT":
    """PushT as gym-pusht sets it up for `seed`, its goal at `pose`: a name or [x, y, angle]."""
    from robot.types import Goal
    from sim.pusht import CAMERA, PushT, PushTConfig
    from skills.beso.tasks import pusht_goal

    cameras = (CAMERA,) if film else ()
    try:
        x, y, angle = pusht_goal(Goal(0, "push_t", {"pose": pose})).tolist()
        return PushT(seed, PushTConfig((x, y, angle), cameras, duration=duration, speed=speed))
    except ValueError as error:
        raise WrongUse(str(error)) from error
    except RuntimeError as error:  # gym-pusht is not installed
        raise Failure(str(error)) from error


def blockpush(
    seed: int,
    engine: EngineName = "mujoco",
    duration: float = 35.0,
    speed: float = inf,
    film: bool = False,
) -> "BlockPush":
    """Two blocks and two targets, where `seed` puts them."""
    from sim.blockpush import BlockPush, BlockPushConfig

    cameras = ("scene",) if film else ()
    config = BlockPushConfig(engine, cameras=cameras, duration=duration, speed=speed)
    return BlockPush(seed, config)


def tennis(
    seed: int,
    level: Level = "intermediate",
    games: int = 1,
    duration: float = 3600.0,
    speed: float = inf,
    film: bool = False,
    perception: Perception = "truth",
    shows: bool = False,
) -> "TennisMatch":
    """A match against an opponent of `level`: `seed` says whom, and all that chance decides.
    `shows`: what the two cameras beside the table see is observed, for others to find the ball."""
    import numpy as np

    from robot.ball_sight import EYES
    from robot.tennis import TENNIS
    from sim.tennis.levels import committed
    from sim.tennis.match import MatchConfig, TennisMatch
    from sim.tennis.play import PlayConfig
    from sim.tennis.referee import MatchRules

    players = committed(level)
    own, chance = (np.random.default_rng([seed, part]) for part in range(2))
    rules = PlayConfig(MatchRules(games=games))
    cameras = (*(("scene",) if film else ()), *(EYES if shows else ()))
    period = TENNIS.dt if shows else MatchConfig.frame_period
    config = MatchConfig(
        rules,
        perception=perception,
        duration=duration,
        speed=speed,
        cameras=cameras,
        frame_period=period,
    )
    return with_eyes(TennisMatch(players[seed % len(players)], own, chance, config))


def with_eyes(world: AtTable) -> AtTable:
    """`world`, once it is sure that what its eyes see, if it has any, can be drawn."""
    try:
        if world.eyes is not None:
            world.eyes.open()
    except Exception as error:  # of OpenGL, in as many ways as there are drivers
        world.close()
        raise Failure(CANNOT_DRAW.format(error)) from error
    return world


def of_episode(task: str, engine: EngineName, seed: int) -> "tuple[Robot, dict[str, Any]]":
    """The world of an evaluation's episode, and the arguments of the goal in it."""
    if task == "blockpush":
        import numpy as np

        from robot.pushing import UNHEARD, sentence

        text = sentence(seed % 2, UNHEARD, np.random.default_rng([seed, 2]))
        return blockpush(seed, engine), {"assignment": seed % 2, "text": text}
    goal = ("center", "corner")[seed % 2] if task == "pusht-goal" else "center"
    return pusht(seed, goal), {"pose": goal}
