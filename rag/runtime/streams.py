"""Read an asynchronous stream from synchronous code, so that it can be stopped at any moment, even while waiting."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_STOP_CHECK_SECONDS = 0.05
_CLOSING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


def pump(make: Callable[[], AsyncIterator[T]], stop: threading.Event | None = None) -> Generator[T, None, None]:
    """The items of the asynchronous iterator that `make` returns, read in a thread with a separate event loop.

    Closing the generator or setting `stop` cancels the read at any point, so that connections are closed; after
    `stop` the generator ends. Exceptions of the iterator are raised here, after the items before them.
    """
    if stop and stop.is_set():
        return
    arrived: queue.SimpleQueue[_Item[T] | _End] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    task = loop.create_task(_read(make, arrived))
    thread = threading.Thread(target=_run, args=(loop, task), name="pump", daemon=True)
    thread.start()
    try:
        while not isinstance(item := _next(arrived, stop), _End):
            yield item.value
        if item.error:
            raise item.error
    finally:
        with suppress(RuntimeError):  # the loop is already closed if the read has ended
            loop.call_soon_threadsafe(task.cancel)
        thread.join(_CLOSING_SECONDS)


def _next(arrived: queue.SimpleQueue[_Item[T] | _End], stop: threading.Event | None) -> _Item[T] | _End:
    """The next item as soon as it arrives; the end once `stop` is set."""
    while not (stop and stop.is_set()):
        with suppress(queue.Empty):
            return arrived.get(timeout=_STOP_CHECK_SECONDS if stop else None)
    return _End(None)


async def _read(make: Callable[[], AsyncIterator[T]], arrived: queue.SimpleQueue[_Item[T] | _End]) -> None:
    error: Exception | None = None
    try:
        async for value in make():
            arrived.put(_Item(value))
    except Exception as raised:  # noqa: BLE001 - raised in the reader
        error = raised
    finally:
        arrived.put(_End(error))


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    """Run the task to its end. Closing the loop does not wait for its helper threads, e.g. one that resolves a host."""
    try:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
