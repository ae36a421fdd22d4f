"""A collection without a model, and the conversations in it."""

from __future__ import annotations

import pytest

from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.support.collections import rich_collection
from tests.support.fakes import WordEmbedder


@pytest.fixture
def collection(data_dir) -> Collection:
    return rich_collection(data_dir, "Birds", WordEmbedder())


@pytest.fixture
def conversations(collection) -> Conversations:
    return Conversations(collection)
