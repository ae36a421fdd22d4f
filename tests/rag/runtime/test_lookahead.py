"""Work done ahead of where it is needed: in order, stopped in time, errors handed on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rag.runtime.lookahead import ahead

PATIENCE = 30


def test_work_ahead_stops_when_nobody_reads_on():
    made, ended = [], threading.Event()

    def items() -> Iterator[int]:
        try:
            for i in range(10_000):
                made.append(i)
                yield i
        finally:
            ended.set()

    stream = ahead(items(), threading.Event())
    assert next(item for item in stream if item is not None) == 0
    stream.close()
    assert ended.wait(PATIENCE)
    assert len(made) < 10_000


def test_work_ahead_stops_when_it_is_cancelled():
    cancelled = threading.Event()
    stream = ahead(iter(range(10_000)), cancelled)
    assert next(item for item in stream if item is not None) == 0
    cancelled.set()
    rest = [item for item in stream if item is not None]
    assert rest == list(range(1, 1 + len(rest)))
    assert len(rest) < 1000


def test_work_ahead_waits_while_what_is_ready_weighs_too_much():
    made: list[int] = []

    def items() -> Iterator[int]:
        for i in range(20):
            made.append(i)
            yield i

    taken: list[int] = []
    for item in ahead(items(), threading.Event(), weigh=lambda _: 10, most=20):
        if item is not None:
            taken.append(item)
            # Two are ready, and one more is made that finds no room.
            assert len(made) <= len(taken) + 3
    assert taken == list(range(20))


def test_an_item_that_weighs_more_than_may_wait_comes_through():
    heavy = ahead(iter([1, 2, 3]), threading.Event(), weigh=lambda _: 99, most=5)
    assert [item for item in heavy if item is not None] == [1, 2, 3]


def test_work_ahead_keeps_its_order_and_hands_errors_on():
    assert [item for item in ahead(iter(range(500)), threading.Event()) if item is not None] == list(range(500))

    def broken():
        yield 1
        raise RuntimeError("stop here")

    with pytest.raises(RuntimeError, match="stop here"):
        list(ahead(broken(), threading.Event()))
