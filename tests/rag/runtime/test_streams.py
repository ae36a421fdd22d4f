"""A stream read in another thread: everything arrives, everything ends, and stopping does not wait."""

from __future__ import annotations

import asyncio
import threading

import pytest

from rag.runtime.streams import pump

PATIENCE = 10


class Source:
    """Yields `items`, then waits for ever, ends, or fails; says when it waits and when it was left."""

    def __init__(self, *items, then="end"):
        self.items, self.then = items, then
        self.waiting, self.left = threading.Event(), threading.Event()

    async def __call__(self):
        try:
            for item in self.items:
                yield item
            if self.then == "fail":
                raise LookupError("the source failed")
            if self.then == "wait":
                self.waiting.set()
                await asyncio.Event().wait()
        finally:
            self.left.set()


def pumps() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "pump"]


@pytest.fixture(autouse=True)
def _no_thread_stays():
    yield
    for thread in pumps():
        thread.join(PATIENCE)
    assert not pumps()


def test_all_items_arrive_in_order():
    assert list(pump(Source(*range(1000)))) == list(range(1000))
    assert list(pump(Source(*range(1000)), threading.Event())) == list(range(1000))


def test_what_the_source_raises_is_raised_after_its_items():
    stream = pump(Source(1, 2, then="fail"))
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(LookupError, match="the source failed"):
        next(stream)


def test_closing_cancels_a_source_that_waits():
    source = Source(1, then="wait")
    stream = pump(source)
    assert next(stream) == 1
    assert source.waiting.wait(PATIENCE)
    stream.close()
    assert source.left.is_set()


def test_a_reader_that_goes_away_cancels_the_source():
    source = Source(1, then="wait")
    for _ in pump(source):
        break
    assert source.left.wait(PATIENCE)


def test_stop_ends_the_wait_for_the_first_item():
    source, stop = Source(then="wait"), threading.Event()
    threading.Thread(target=lambda: (source.waiting.wait(PATIENCE), stop.set())).start()
    assert list(pump(source, stop)) == []
    assert source.left.is_set()


def test_stopped_before_it_begins_nothing_is_asked():
    stop = threading.Event()
    stop.set()
    assert list(pump(lambda: pytest.fail("was asked"), stop)) == []


def test_nothing_is_asked_before_the_first_item_is_wanted():
    stream = pump(lambda: pytest.fail("was asked"))
    stream.close()
    assert not pumps()


def test_a_source_that_cannot_be_made_is_raised():
    def make():
        raise LookupError("none")

    with pytest.raises(LookupError, match="none"):
        list(pump(make))


def test_many_at_once_keep_apart():
    streams = [pump(Source(*range(number, number + 5))) for number in range(20)]
    rows = list(zip(*streams, strict=True))
    assert list(zip(*rows, strict=True)) == [tuple(range(number, number + 5)) for number in range(20)]
