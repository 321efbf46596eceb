"""Samplers and schedules against closed forms, and against diffusers."""

from itertools import pairwise
from math import exp, hypot, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills.beso.samplers import SAMPLERS, SCHEDULES, euler_ancestral, exponential, guided

DETERMINISTIC = ("ddim", "euler", "heun", "dpmpp-2m")
OURS = (*DETERMINISTIC, "euler-ancestral")
MEAN, DEVIATION = 0.3, 0.5


def silent(x):
    return np.zeros_like(x)


def gaussian(x, sigma):
    """The best estimate of clean samples of a normal distribution."""
    keep = DEVIATION**2 / (DEVIATION**2 + sigma**2)
    return MEAN + keep * (x - MEAN)


def flow(x, sigma):
    """Where the probability flow takes `x` from `sigma` down to 0, exactly."""
    return MEAN + (x - MEAN) * DEVIATION / hypot(DEVIATION, sigma)


@pytest.mark.parametrize("name", SCHEDULES)
@given(n=st.integers(1, 60), low=st.floats(1e-3, 0.5), span=st.floats(1.001, 1e3))
def test_noise_levels_fall_from_the_highest_to_zero(name, n, low, span):
    levels = SCHEDULES[name](n, low, low * span)
    assert len(levels) == n + 1
    assert levels[0] == low * span and levels[-1] == 0
    assert n == 1 or levels[-2] == low
    assert all(a > b for a, b in pairwise(levels))


def test_noise_levels_are_spaced_as_their_names_say():
    _, middle, low, zero = SCHEDULES["exponential"](3, 0.01, 1.0)
    assert (middle, low, zero) == (pytest.approx(0.1), 0.01, 0)
    assert SCHEDULES["linear"](3, 0.01, 1.0)[1] == pytest.approx(0.505)
    root = (1 + 0.01 ** (1 / 7)) / 2
    assert SCHEDULES["karras"](3, 0.01, 1.0)[1] == pytest.approx(root**7)


@pytest.mark.parametrize(
    "bad", [(0, 0.1, 1.0), (3, 0.0, 1.0), (3, 2.0, 1.0), (3, 0.1, float("inf"))]
)
def test_impossible_noise_levels_are_refused(bad):
    with pytest.raises(ValueError, match="sigma_min"):
        exponential(*bad)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_many_steps_follow_the_flow_of_a_normal_distribution(name):
    start = np.linspace(-2, 2, 9)
    end = SAMPLERS[name](gaussian, start, exponential(2000, 1e-3, 1.0), silent)
    assert end == pytest.approx(flow(start, 1.0), abs=2e-3)


ORDER = {"ddim": 1, "euler": 1, "heun": 2, "dpmpp-2m": 2}


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_the_error_shrinks_with_the_order_of_the_method(name):
    """Between two levels above zero: there the flow is smooth."""
    start, top, bottom = np.array([1.7]), 1.0, 0.1
    true = MEAN + (start - MEAN) * hypot(DEVIATION, bottom) / hypot(DEVIATION, top)
    errors = []
    for n in (80, 160):
        levels = [top * exp(log(bottom / top) * i / n) for i in range(n + 1)]
        errors.append(abs(SAMPLERS[name](gaussian, start, levels, silent) - true).item())
    assert log(errors[0] / errors[1], 2) == pytest.approx(ORDER[name], abs=0.25)


@pytest.mark.parametrize("name", OURS)
@given(x=st.floats(-5, 5), clean=st.floats(-5, 5), n=st.integers(1, 12))
@settings(max_examples=40)
def test_a_constant_estimate_is_where_every_sampler_ends(name, x, clean, n):
    end = SAMPLERS[name](
        lambda x, sigma: np.full_like(x, clean), np.array([x]), exponential(n, 0.02, 1.0), silent
    )
    assert end == pytest.approx([clean], abs=1e-9)


@pytest.mark.parametrize("name", ["ddim", "euler-ancestral", "heun", "dpmpp-2m", "euler"])
def test_samples_of_two_modes_have_both(name):
    """Two narrow normal distributions, .7 and .3 of the samples, at -1 and 1."""
    deviation, weights, modes = 0.1, np.array([0.7, 0.3]), np.array([-1.0, 1.0])

    def denoise(x, sigma):
        total = deviation**2 + sigma**2
        log_p = np.log(weights) - (x[:, None] - modes) ** 2 / (2 * total)
        p = np.exp(log_p - log_p.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        means = modes + deviation**2 / total * (x[:, None] - modes)
        return (p * means).sum(1)

    rng = np.random.default_rng(0)
    sigma_max = 20.0
    n = 4000
    start = rng.standard_normal(n) * sigma_max
    levels = exponential(60, 0.01, sigma_max)
    end = SAMPLERS[name](denoise, start, levels, lambda x: rng.standard_normal(x.shape))
    left, right = end[end < 0], end[end > 0]
    assert len(left) / n == pytest.approx(0.7, abs=3.3 * sqrt(0.21 / n) + 0.01)
    assert (left.mean(), right.mean()) == pytest.approx((-1, 1), abs=0.03)
    assert (left.std(), right.std()) == pytest.approx((deviation, deviation), rel=0.15)


def test_ancestral_samples_have_the_spread_of_the_data():
    rng = np.random.default_rng(1)
    start = MEAN + rng.standard_normal(20_000) * hypot(1.0, DEVIATION)
    end = euler_ancestral(
        gaussian, start, exponential(100, 0.01, 1.0), lambda x: rng.standard_normal(x.shape)
    )
    assert (end.mean(), end.std()) == (
        pytest.approx(MEAN, abs=0.02),
        pytest.approx(DEVIATION, rel=0.03),
    )


def test_ancestral_steps_lose_as_much_noise_as_they_add():
    """What remains after a step down and fresh noise up is the level asked for."""
    seen = []

    def denoise(x, sigma):
        seen.append(float(x.std()))
        return np.zeros_like(x)  # then x is nothing but noise

    rng = np.random.default_rng(2)
    levels = exponential(6, 0.05, 1.0)
    euler_ancestral(
        denoise, rng.standard_normal(100_000), levels, lambda x: rng.standard_normal(x.shape)
    )
    assert seen == pytest.approx(levels[:-1], rel=0.02)


def test_guidance_is_a_line_through_both_estimates():
    with_goal, without = np.array([2.0]), np.array([1.0])
    assert guided(with_goal, without, 0.0) == without
    assert guided(with_goal, without, 1.0) == with_goal
    assert guided(with_goal, without, 2.0) == 3.0


# --- diffusers' EDM schedulers drop in, and agree -------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), [("euler", "edm-euler"), ("dpmpp-2m", "edm-dpmpp-2m")])
@pytest.mark.parametrize("n", [2, 3, 5, 10])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_diffusers_takes_the_same_steps(ours, theirs, n, schedule):
    pytest.importorskip("diffusers")

    def denoise(x, sigma):  # something that bends
        return np.tanh(2 * x) * (1 - sigma / 3)

    start = np.linspace(-1.5, 1.5, 7, dtype=np.float32)
    levels = SCHEDULES[schedule](n, 0.02, 1.0)
    one, other = (SAMPLERS[name](denoise, start, levels, silent) for name in (ours, theirs))
    assert one == pytest.approx(other, abs=2e-5)


def test_noise_levels_are_those_of_diffusers():
    diffusers = pytest.importorskip("diffusers")
    for name in ("exponential", "karras"):
        peer = diffusers.EDMEulerScheduler(0.02, 1.0, sigma_schedule=name)
        peer.set_timesteps(7)
        assert SCHEDULES[name](7, 0.02, 1.0) == pytest.approx(peer.sigmas.tolist(), abs=1e-6)


def test_ddim_and_euler_take_the_same_steps():
    start = np.linspace(-2, 2, 5)
    levels = exponential(5, 0.02, 1.0)
    one, other = (SAMPLERS[n](gaussian, start, levels, silent) for n in ("ddim", "euler"))
    assert one == pytest.approx(other, abs=1e-12)
