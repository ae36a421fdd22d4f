"""Short garbage collections: what has lived through a long one is looked through again only every ten minutes.

Streamlit collects garbage after every run of a page or fragment. With the models loaded, that looks through more than
half a million objects, takes 0.7 seconds, and no other thread can go on meanwhile. Nearly all of these objects belong
to libraries and live as long as the process.
"""

from __future__ import annotations

import gc
import time

_LONG_SECONDS = 0.05
"""Processor time for about 50,000 objects; a session has a few thousand.

The objects are not counted: a list of them, as from `gc.get_objects`, would also hold tuples that another thread is
still making, which then fails with a SystemError.
"""
_THOROUGH_EVERY_SECONDS = 600.0


class _ShortCollections:
    """Called by the interpreter before and after each collection, as `gc.callbacks` describes."""

    def __init__(self) -> None:
        self._thorough_at = time.monotonic()
        self._started = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] < 2:
            return
        if phase == "start":
            if time.monotonic() - self._thorough_at > _THOROUGH_EVERY_SECONDS:
                gc.unfreeze()
                self._thorough_at = time.monotonic()
            self._started = time.thread_time()
        elif time.thread_time() - self._started > _LONG_SECONDS:
            gc.freeze()


def keep_collections_short() -> None:
    """Leave what a long collection did not free out of the next ones; once in a process is enough.

    Every ten minutes, one collection looks through everything: for a model that is no longer used, for example.
    """
    if not any(isinstance(callback, _ShortCollections) for callback in gc.callbacks):
        gc.callbacks.append(_ShortCollections())
