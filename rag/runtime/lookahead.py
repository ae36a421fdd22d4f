"""Lookahead: compute the next items of an iterator in a background thread before they are needed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")
_ITEMS_AHEAD = 64
_RETRY_SECONDS = 0.2


class _End:
    """Marks the end of the items."""


def ahead(items: Iterator[T], cancelled: threading.Event) -> Iterator[T | None]:
    """The items in order, computed ahead by a thread; yields None each time the next item is not ready yet.

    Exceptions of `items` are raised here. Once `cancelled` is set or this iterator is closed, no more are computed.
    """
    ready: queue.Queue[T | BaseException | _End] = queue.Queue(_ITEMS_AHEAD)
    left = threading.Event()

    def hand_over(item: T | BaseException | _End) -> None:
        while not left.is_set():
            try:
                ready.put(item, timeout=_RETRY_SECONDS)
            except queue.Full:
                continue
            break

    def work() -> None:
        try:
            for item in items:
                hand_over(item)
                if left.is_set() or cancelled.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - raised again by the reader below
            hand_over(error)
        hand_over(_End())

    threading.Thread(target=work, daemon=True, name="lookahead").start()
    try:
        while True:
            if ready.empty():
                yield None
            item = ready.get()
            if isinstance(item, _End):
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        left.set()
