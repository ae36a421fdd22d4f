"""Lookahead: compute the next items of an iterator in a background thread before they are needed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
_ITEMS_AHEAD = 64


class _End:
    """Marks the end of the items."""


def ahead(
    items: Iterator[T],
    cancelled: threading.Event,
    *,
    weigh: Callable[[T], int] = lambda _: 1,
    most: int = _ITEMS_AHEAD,
) -> Iterator[T | None]:
    """The items in order, computed ahead by a thread; yields None each time the next item is not ready yet.

    Exceptions of `items` are raised here. Once `cancelled` is set or this iterator is closed, no more are computed.

    Args:
        weigh: the weight of an item, by default 1.
        most: the weight of all items that may wait here; a heavier item waits alone.
    """
    waiting: _Waiting[T | BaseException | _End] = _Waiting(most)

    def work() -> None:
        try:
            for item in items:
                waiting.put(item, weigh(item))
                if waiting.is_left or cancelled.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - raised again by the reader below
            waiting.put(error, 0)
        waiting.put(_End(), 0)

    threading.Thread(target=work, daemon=True, name="lookahead").start()
    try:
        while True:
            if waiting.is_empty():
                yield None
            item = waiting.get()
            if isinstance(item, _End):
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        waiting.leave()


class _Waiting(Generic[T]):
    """A queue of items up to a total weight."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: deque[tuple[T, int]] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self.is_left = False

    def is_empty(self) -> bool:
        return not self._items

    def put(self, item: T, weight: int) -> None:
        """Add an item, as soon as there is room for it; it is dropped if nobody takes items any more."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_left or not self._items or self._weight + weight <= self._most)
            if not self.is_left:
                self._items.append((item, weight))
                self._weight += weight
            self._changed.notify()

    def get(self) -> T:
        """Take the first item, as soon as there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._items)
            item, weight = self._items.popleft()
            self._weight -= weight
            self._changed.notify()
        return item

    def leave(self) -> None:
        """Take no more items."""
        with self._changed:
            self.is_left = True
            self._items.clear()
            self._changed.notify()
