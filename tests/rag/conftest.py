"""A collection without a model, and the conversations in it."""

from __future__ import annotations

import pytest

from rag.collection import Collection
from rag.conversations import Conversations
from tests.fakes import WordEmbedder
from tests.rag.made_collections import rich_collection


@pytest.fixture
def collection(data_dir) -> Collection:
    return rich_collection(data_dir, "Birds", WordEmbedder())


@pytest.fixture
def conversations(collection) -> Conversations:
    return Conversations(collection)
