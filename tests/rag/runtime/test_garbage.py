"""Garbage is collected, and what makes a collection slow is left out of the next ones."""

from __future__ import annotations

import gc
import weakref

import pytest

from rag.runtime import garbage


class Node:
    other: Node


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


def test_cycles_are_collected():
    node = Node()
    node.other = node
    alive = weakref.ref(node)
    del node
    garbage.collect()
    assert alive() is None


def test_after_a_slow_collection_what_is_left_is_not_looked_through_again(monkeypatch, thawed):
    monkeypatch.setattr(garbage, "_SLOW_SECONDS", -1.0)
    kept = [Node() for _ in range(10)]
    garbage.collect()
    assert gc.get_freeze_count() > 1_000
    assert len(kept) == 10


def test_after_a_quick_one_nothing_is_left_out(monkeypatch, thawed):
    gc.unfreeze()
    monkeypatch.setattr(garbage, "_SLOW_SECONDS", 1_000.0)
    garbage.collect()
    assert gc.get_freeze_count() == 0


def test_it_goes_on_in_the_background(monkeypatch):
    monkeypatch.setattr(garbage, "_EVERY_SECONDS", 0.01)
    assert garbage.collect_in_background().daemon
    node = Node()
    node.other = node
    alive = weakref.ref(node)
    del node
    for _ in range(1_000):
        if alive() is None:
            break
        import time

        time.sleep(0.01)
    assert alive() is None
