"""Intervals against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.intervals import wilson


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
