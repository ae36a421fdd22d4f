"""Progress of reading a long PDF: the reader reports each page to whoever listens, such as the reader process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[int, int], None]
"""Called with the number of pages that were read, and of all pages."""

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` after each slice of pages while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report(done: int, total: int) -> None:
    """Tell the listeners how many of `total` pages were read."""
    for listener in _listeners:
        listener(done, total)
