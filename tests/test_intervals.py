"""Intervals against published values, closed forms and their own promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.intervals import mean_interval, wilson


def test_against_published_values():
    # Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=2e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=2e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=2e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=2e-4)


@given(st.integers(1, 10_000), st.data())
def test_it_holds_the_rate_and_is_a_rate(n, data):
    low, high = wilson(k := data.draw(st.integers(0, n)), n)
    assert 0 <= low <= round(k / n, 4) + 1e-4 and round(k / n, 4) - 1e-4 <= high <= 1


@pytest.mark.parametrize("wrong", [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_rate(wrong):
    with pytest.raises(ValueError, match="no rate"):
        wilson(*wrong)


def test_the_interval_of_a_mean_is_the_textbooks():
    # 1 to 5: mean 3, variance 2.5, so 1.959964 sqrt(2.5 / 5) to each side.
    assert mean_interval([1, 2, 3, 4, 5]) == (1.6141, 4.3859)
    assert mean_interval([0.25] * 9) == (0.25, 0.25)
    # k ones among n: k / n, and sqrt(p (1 - p) / (n - 1)).
    half = 1.959964 * np.sqrt(0.3 * 0.7 / 99)
    low, high = mean_interval([1.0] * 30 + [0.0] * 70)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=1e-4)


@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential"])
def test_in_nineteen_of_twenty_cases_it_holds_the_mean(draw):
    rng = np.random.default_rng(0)
    mean = {"normal": 0.0, "uniform": 0.5, "exponential": 1.0}[draw]
    intervals = np.array([mean_interval(getattr(rng, draw)(size=100)) for _ in range(4000)])
    held = ((intervals[:, 0] <= mean) & (mean <= intervals[:, 1])).mean()
    # .95 less what the approximation costs at n = 100 (skewed values the most), and 3 deviations.
    assert 0.925 < held < 0.96


@pytest.mark.parametrize("wrong", [[], [1.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_what_has_no_mean_with_an_interval(wrong):
    with pytest.raises(ValueError, match="at least two"):
        mean_interval(wrong)
