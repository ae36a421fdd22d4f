"""Garbage collection in the background: often enough to close what ended sessions leave, and never slow for long."""

from __future__ import annotations

import gc
import threading
import time

_EVERY_SECONDS = 20.0
_SLOW_SECONDS = 0.1


def collect_in_background() -> threading.Thread:
    """Collect garbage every 20 seconds in a daemon thread; returns the thread."""
    thread = threading.Thread(target=_collect_for_ever, name="garbage collection", daemon=True)
    thread.start()
    return thread


def collect() -> None:
    """Collect all garbage. If that took long, what is left is not looked through again.

    What is left are libraries and models, with more than half a million objects, which live as long as the process.
    """
    started = time.perf_counter()
    gc.collect()
    if time.perf_counter() - started > _SLOW_SECONDS:
        gc.freeze()


def _collect_for_ever() -> None:
    while True:
        time.sleep(_EVERY_SECONDS)
        collect()
