"""Stamps of a driver whose machine does not always have time for it."""

from hardware.stamps import TICKS, Stamps

DT = 0.02  # [s]
EPOCH = 1_700_000_000_000_000_000  # [ns]


def stamped(late: list[float]) -> list[float]:
    """[s] by which each tick's stamp is off, for ticks that come `late` [s]."""
    stamps, off = Stamps(), []
    for tick, delay in enumerate(late):
        due = tick * DT
        stamps.tick(due, EPOCH + round((due + delay) * 1e9))
        off.append((stamps.stamp(due) - EPOCH) * 1e-9 - due)
    return off


def test_a_late_tick_is_stamped_as_if_it_were_punctual():
    off = stamped([0.0] * 10 + [0.039, 0.019, 0.0] + [0.0] * 10)  # made up for, tick by tick
    assert max(map(abs, off)) < 1e-6


def test_however_often_ticks_are_late():
    """What went wrong once: stamps that took over a late tick's delay, and kept it."""
    late = [0.0, 0.0, 0.005, 0.0, 0.039, 0.0, 0.041, 0.02, 0.0, 0.03, 0.0] * 20
    assert max(map(abs, stamped(late))) < 1e-6


def test_time_that_is_lost_for_good_is_followed():
    off = stamped([0.0] * 10 + [0.3] * 20)
    assert abs(off[9]) < 1e-6 and abs(off[10 + TICKS] - 0.3) < 1e-6
    off = stamped([0.3] * 10 + [0.0] * 20)
    assert abs(off[10]) < 1e-6


def test_stamps_are_to_the_nanosecond():
    stamps = Stamps()
    stamps.tick(10.0, EPOCH)
    assert stamps.stamp(10.02) - stamps.stamp(10.0) == 20_000_000
