"""CPU affinity: how the processes of a test run share the cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def usable_cores() -> list[int]:
    """The cores that this thread may run on; empty where the system cannot say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


_CORES = usable_cores()


def keep_to_one_core(worker: int) -> None:
    """Let this worker, its threads and the servers that it starts use one core.

    The app uses a thread for each core that it may run on. Two threads for each of two workers on two cores take twice
    the CPU time of one thread each.
    """
    if _CORES:
        os.sched_setaffinity(0, {_CORES[worker % len(_CORES)]})


@contextmanager
def every_core() -> Iterator[None]:
    """Within it, processes are started that may use every core: a browser."""
    before = usable_cores()
    if before:
        os.sched_setaffinity(0, _CORES)
    try:
        yield
    finally:
        if before:
            os.sched_setaffinity(0, before)
