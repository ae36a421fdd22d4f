"""Collections get short, and garbage is still found."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from rag.runtime import garbage


class Node:
    other: Node


def cycle() -> weakref.ref[Node]:
    """Two objects that hold each other, and nothing else does."""
    node = Node()
    node.other = Node()
    node.other.other = node
    return weakref.ref(node)


@pytest.fixture
def kept_short(monkeypatch) -> Iterator[None]:
    """Short collections in a process that did not have them; every collection counts as long."""
    callbacks = gc.callbacks[:]
    gc.callbacks.clear()
    gc.unfreeze()
    monkeypatch.setattr(garbage, "_LONG_SECONDS", -1.0)
    garbage.keep_collections_short()
    yield
    gc.callbacks[:] = callbacks
    gc.unfreeze()


def test_what_is_left_after_a_long_collection_is_not_looked_through_again(kept_short):
    gc.collect()
    assert gc.get_freeze_count() > 10_000


def test_garbage_is_still_found(kept_short):
    gc.collect()
    alive = cycle()
    assert alive() is not None
    gc.collect()
    assert alive() is None


def test_garbage_among_what_was_left_out_is_found_by_the_next_thorough_collection(kept_short, monkeypatch):
    node = Node()
    node.other = node
    alive = weakref.ref(node)
    gc.collect()
    del node
    gc.collect()
    assert alive() is not None, "it was left out"
    monkeypatch.setattr(garbage, "_THOROUGH_EVERY_SECONDS", 0.0)
    gc.collect()
    assert alive() is None
    assert gc.get_freeze_count() > 10_000


def test_after_a_short_collection_nothing_is_left_out(kept_short, monkeypatch):
    monkeypatch.setattr(garbage, "_LONG_SECONDS", 60.0)
    gc.collect()
    assert gc.get_freeze_count() == 0


def test_no_list_of_all_objects_is_made(kept_short, monkeypatch):
    """It would hold tuples that another thread is making, and CPython cannot finish those."""
    monkeypatch.setattr(gc, "get_objects", lambda **_: pytest.fail("a list of all objects"))
    gc.collect()
    assert gc.get_freeze_count() > 0


def test_said_twice_it_is_done_once(kept_short):
    garbage.keep_collections_short()
    assert len(gc.callbacks) == 1
