"""The surrogate world against MuJoCo: the same latencies, joints, flights, contacts and fates."""

import numpy as np
import pytest

from robot import ball
from robot.ball import TRACKS
from robot.flight import GRAVITY
from robot.limiter import Limiter, inside
from robot.racket import rackets
from robot.tennis import BALL_RADIUS, BLADE_RADIUS, NET_HEIGHT, TENNIS
from sim.tennis import states
from sim.tennis.batch import TennisBatch
from sim.tennis.court import CourtConfig
from sim.tennis.engine import One
from sim.tennis.model import TOUCHES
from sim.tennis.quick import QuickBatch
from sim.tennis.quick_robot import INERTIA, touches_body, touches_table
from skills.tennis.arena import Arena, Fates
from skills.tennis.evaluate import play
from skills.tennis.stroke import Model, StrokeConfig

BOTH = (TennisBatch, QuickBatch)


def balls(n, seed=3):
    return states.invent(np.random.default_rng(seed), n).values


def both(n, seed=5, **config):
    return [kind(n, np.random.default_rng(seed), CourtConfig(**config)) for kind in BOTH]


def wandering(n, ticks, seed=0):
    """Speeds (ticks, n, 8) within the limits of a robot that stays away from the table."""
    rng, limiter, q = np.random.default_rng(seed), Limiter(inside(TENNIS), n), TENNIS.home
    wish, speeds = np.zeros((n, 8)), []
    for tick in range(ticks):
        if tick % 5 == 0:
            wish = rng.uniform(-0.6, 0.6, (n, 8)) * TENNIS.velocity
            wish[:, 0] = -0.3  # backwards
        speeds.append(limiter.limit(wish, np.broadcast_to(q, (n, 8))))
    return np.array(speeds)


# --- the robot ------------------------------------------------------------------------------------


def test_it_is_as_late_as_mujoco():
    worlds = both(4)
    seen = [world.reset(balls(4)) for world in worlds]
    for _ in range(70):  # more than are drawn together
        np.testing.assert_array_equal(seen[0].time, seen[1].time)
        np.testing.assert_array_equal(seen[0].ball_time, seen[1].ball_time)
        np.testing.assert_array_equal(np.isnan(seen[0].ball), np.isnan(seen[1].ball))
        seen = [world.step(np.zeros((4, 8))) for world in worlds]


def test_joints_move_as_mujocos():
    n, ticks = 20, 22
    speeds, worlds = wandering(n, ticks), both(n)
    for world in worlds:
        world.reset(balls(n))
    for tick in range(ticks):
        seen = [world.step(speeds[tick]) for world in worlds]
    (q, qd), (own, own_d) = (world.joints() for world in worlds)
    assert np.abs(q - TENNIS.home).max() > 0.3  # they did move
    apart = np.linalg.norm(rackets(q)[0] - rackets(own)[0], axis=2)  # middle, and three axes
    assert np.median(apart[:, 0]) < 0.001 and apart[:, 0].max() < 0.01  # [m]
    assert np.median(apart[:, 3]) < 0.002 and apart[:, 3].max() < 0.03  # [rad]
    assert np.median(np.abs(qd - own_d)) < 0.02
    np.testing.assert_allclose(seen[1].q, seen[0].q, atol=0.02)
    middle, normal, velocity = worlds[1].racket()
    pose, jacobian = rackets(own)
    np.testing.assert_allclose((middle, normal), (pose[:, 0], pose[:, 3]))
    np.testing.assert_allclose(velocity, np.einsum("nij,nj->ni", jacobian[:, :3], own_d))


def test_inertias_are_the_models():
    import mujoco

    engine = One(True)
    engine.q[0] = TENNIS.home
    engine.forward(np.array([0]))
    full = np.zeros((engine.model.nv, engine.model.nv))
    mujoco.mj_fullM(engine.model, engine.data, full)
    first = engine.model.joint(f"near {TENNIS.joints[0]}").dofadr[0]
    np.testing.assert_allclose(np.diag(full)[first : first + 8], INERTIA, rtol=0.03)


def test_what_ball_and_table_can_touch_of_the_arm():
    """Against MuJoCo's collisions, for random postures and balls around the hand."""
    engine, rng, rows = One(True), np.random.default_rng(0), np.array([0])
    arm, crash, racket = (TOUCHES.index(what) for what in ("arm", "crash", "racket"))
    low = np.where(np.arange(8) == 0, 0.1, TENNIS.lower)  # far to the front
    agree, counts = np.zeros((500, 2), dtype=bool), np.zeros(2)
    for i in range(500):
        q = rng.uniform(low, TENNIS.upper)
        pose = rackets(q[None])[0][0]
        along = rng.uniform(0.1, 0.26)
        point = pose[0] - along * pose[1] + rng.normal(0, 0.03, 3)
        engine.reset(rows)
        engine.q[0], engine.act[0], engine.ball_position[0] = q, q, point
        engine.forward(rows)
        found = engine.found[0] > 0
        own = touches_body(pose, q, tuple(point), BALL_RADIUS), touches_table(pose, q)
        theirs = found[arm] and not found[racket], found[crash]
        agree[i] = own[0] == theirs[0] or found[racket], own[1] == theirs[1]
        counts += theirs
    assert (counts > 20).all()
    assert (agree.mean(axis=0) > 0.95).all()


# --- the ball -------------------------------------------------------------------------------------


@pytest.mark.parametrize("track", TRACKS)
def test_balls_fly_and_bounce_as_mujocos(track):
    worlds = both(30, track=track)
    for world in worlds:
        world.reset(balls(30))
    still = np.zeros((30, 8))
    for _ in range(24):
        for world in worlds:
            world.step(still)
    live = np.intersect1d(worlds[0].live, worlds[1].live)
    assert len(live) > 20
    apart = [np.abs(a - b)[live] for a, b in zip(*(w.ball() for w in worlds), strict=True)]
    assert np.median(apart[0]) < 0.006 and np.quantile(apart[0], 0.95) < 0.02
    assert np.median(apart[1]) < 0.04 and np.median(apart[2]) < 2.0


@pytest.mark.parametrize("face", [1, -1])
@pytest.mark.parametrize("track", TRACKS)
def test_no_ball_passes_through_the_racket(track, face):
    n, rng = 200, np.random.default_rng(face + 1)
    world = QuickBatch(n, rng, CourtConfig(track))
    pose = rackets(TENNIS.home[None])[0][0]
    normal, radius = face * pose[3], 0.9 * BLADE_RADIUS * np.sqrt(rng.random(n))
    turn = rng.uniform(0, 2 * np.pi, n)
    there = pose[0] + radius[:, None] * (
        np.outer(np.cos(turn), pose[1]) + np.outer(np.sin(turn), pose[2])
    )
    speed = rng.uniform(5, 23, n)
    start = there + 0.25 * normal
    values = np.hstack((start, -speed[:, None] * normal, rng.normal(0, 80, (n, 3))))
    world.reset(values)
    for _ in range(4):
        world.step(np.zeros((n, 8)))
    assert ((world.ball()[0] - pose[0]) @ normal > 0).all()
    # All were touched. For the judge that was too soon, and a ball that is decided stands still.
    assert {judge.decision.why for judge in world.judges} == {"struck before it bounced"}


def test_the_racket_sends_balls_by_the_closed_form():
    world = QuickBatch(1, np.random.default_rng(0), CourtConfig("paper"))
    pose = rackets(TENNIS.home[None])[0][0]
    velocity, spin = -5.0 * pose[3], np.array([30.0, -20.0, 10.0])
    world.reset(np.concatenate((pose[0] + 0.07 * pose[3], velocity, spin))[None])
    world.step(np.zeros((1, 8)))
    arrived = 0.07 - ball.PAPER.face - BALL_RADIUS
    when = arrived / 5.0
    came = velocity - [0, 0, GRAVITY * when]
    sent, turned = ball.strike(ball.PAPER, came[None], spin[None], pose[None, 3], np.zeros((1, 3)))
    sent = sent[0] - [0, 0, GRAVITY * (0.02 - when)]
    np.testing.assert_allclose(world.ball()[1][0], sent, atol=0.1)  # there is air
    np.testing.assert_allclose(world.ball()[2][0], turned[0], atol=1.0)


def test_the_net_stops_balls_as_mujocos():
    rng, n = np.random.default_rng(1), 40
    values = np.zeros((n, 9))
    values[:, :3] = rng.uniform([-0.5, 0.2, 0.05], [0.5, 0.25, NET_HEIGHT - 0.03], (n, 3))
    values[:, 3:6] = rng.uniform([-1, -7, 0], [1, -3, 1], (n, 3))
    values[:, 6:] = rng.normal(0, 40, (n, 3))
    worlds = both(n, latency=False)
    for world in worlds:
        world.reset(values)
        for _ in range(6):
            world.step(np.zeros((n, 8)))
    (position, velocity, _), (own, own_velocity, _) = (world.ball() for world in worlds)
    assert (own[:, 1] > 0).all() and (position[:, 1] > 0).all()
    assert np.abs(own_velocity - velocity).mean() < 0.3
    assert np.abs(own_velocity[:, 1]).mean() < 1.2


# --- the whole ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("track", "aside"), [("paper", 0.08), ("physical", 0.06)])
def test_the_same_commands_make_the_same_shots(track, aside):
    n = 60
    theirs, own = both(n, track=track)
    arena = Arena(Copied(theirs, own), TRACKS[track])
    fates, _ = play(arena, balls(n), Model(TRACKS[track], [StrokeConfig()] * n))
    copy = Arena.fates(Arena(own, TRACKS[track]))
    assert fates.landed.mean() > 0.7
    assert (fates.hit == copy.hit).mean() > 0.95
    assert (fates.landed == copy.landed).mean() > 0.93
    apart = np.linalg.norm(fates.place - copy.place, axis=1)
    assert np.nanmedian(apart) < aside
    assert np.nanmedian(np.abs(fates.speed - copy.speed)) < 0.15


class Copied:
    """Worlds whose commands another world is given, too."""

    def __init__(self, worlds, copy):
        self.n, self._worlds, self._copy = worlds.n, worlds, copy

    def reset(self, values):
        self._copy.reset(values)
        return self._worlds.reset(values)

    def step(self, speeds):
        self._copy.step(speeds)
        return self._worlds.step(speeds)

    @property
    def over(self):
        return self._worlds.over & self._copy.over

    @property
    def judges(self):
        return self._worlds.judges


def test_the_stroke_plays_as_well_as_in_mujoco():
    n = 80
    fates: list[Fates] = []
    for world in both(n):
        fates.append(
            play(Arena(world, ball.PAPER), balls(n, 8), Model(ball.PAPER, [StrokeConfig()] * n))[0]
        )
    for name in ("hit", "landed"):
        theirs, own = (getattr(fate, name) for fate in fates)
        assert (theirs == own).mean() > 0.88
        assert theirs.mean() == pytest.approx(own.mean(), abs=0.08)


def test_an_episode_does_not_depend_on_the_others():
    values, speeds = balls(6), wandering(6, 30)
    whole, part = (QuickBatch(n, np.random.default_rng(0)) for n in (6, 2))
    rngs = [np.random.default_rng(seed) for seed in range(6)]
    again = [np.random.default_rng(seed) for seed in (4, 1)]
    whole.reseed(rngs)
    part.reseed(again)
    seen, some = whole.reset(values), part.reset(values[[4, 1]])
    for tick in range(30):
        for field, other in zip(seen, some, strict=True):
            np.testing.assert_array_equal(field[[4, 1]], other)
        seen, some = whole.step(speeds[tick]), part.step(speeds[tick][[4, 1]])
    np.testing.assert_array_equal(whole.ball()[0][[4, 1]], part.ball()[0])


def test_nonsense_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="MuJoCo's world has"):
        QuickBatch(1, rng, CourtConfig(randomise=True))
    with pytest.raises(ValueError, match="at least one world"):
        QuickBatch(0, rng)
    world = QuickBatch(2, rng)
    with pytest.raises(ValueError, match=r"\(2, 9\)"):
        world.reset(np.zeros((3, 9)))
    for kind in BOTH:
        with pytest.raises(ValueError, match="2 worlds"):
            kind(2, rng).reseed([rng])
