"""How fast this machine is now, for tests of time."""

from time import perf_counter, thread_time, thread_time_ns

USUAL = 11_500  # [ns] that `sums` takes on the machine of the README's figures


def sums() -> int:
    """[ns] of processor time that a fixed calculation takes now."""
    began = thread_time_ns()
    sum(i * 0.5 for i in range(300))
    return thread_time_ns() - began


def slowness(took: float) -> float:
    """How much slower this machine is where `sums` took so long [ns]; at least 1."""
    return max(1.0, took / USUAL)


def crowding() -> float:
    """How many times as long as it computes something takes now by the clock; at least 1."""
    began, computed = perf_counter(), thread_time()
    while thread_time() - computed < 0.03:
        sum(i * 0.5 for i in range(300))
    return max(1.0, (perf_counter() - began) / (thread_time() - computed))
