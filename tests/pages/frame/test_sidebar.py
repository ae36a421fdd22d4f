"""The sidebar: the collection on top, the pages in their sections, the models' state, and the remembered collection."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag.documents.sources import file_on_disk
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Embedder
from tests.conftest import ReadHere
from tests.pages.support.app import labelled, start
from tests.pages.support.models_page import chips

SECTIONS = {
    "Explore": ["Documents", "Map", "Neighbors", "Search", "Chat"],
    "Learn": ["How embeddings work", "Vector arithmetic", "Compare models"],
    "Measure": ["Evaluate", "Data quality", "Index benchmark"],
    "Settings": ["Models"],
}


@pytest.fixture
def mine(sample: Collection, data_dir: Path, tmp_path: Path, embedder: Embedder) -> Collection:
    """A second collection with one document, whose name comes after "Sample" and before "Zebras"."""
    collection = Collection.create(data_dir, "Tides", embedder.spec, ChunkingSpec())
    path = tmp_path / "tides.txt"
    path.write_text("The moon pulls the sea, and the tide comes in twice a day.")
    list(ingest(collection, [file_on_disk(path, path.name)], embedder, ReadHere()))
    Collection.create(data_dir, "Zebras", embedder.spec, ChunkingSpec())
    return collection


def picked(app: AppTest) -> str:
    return str(labelled(app.sidebar.selectbox, "Collection").value)


def test_the_collection_is_on_top_then_the_pages_by_section_then_two_chips(sample):
    app = start("models.py")
    kinds = [element.type for element in app.sidebar]
    assert kinds.index("selectbox") < kinds.index("button") < kinds.index("page_link")
    shown: dict[str, list[str]] = {}
    for element in app.sidebar:
        if element.type == "caption" and element.value in SECTIONS:
            shown[element.value] = []
        elif element.type == "page_link":
            shown[list(shown)[-1]].append(element.proto.label)
    assert shown == SECTIONS
    assert list(chips(app)) == ["all-MiniLM-L6-v2", "Built-in model answers"]


def test_a_bare_address_opens_the_collection_with_documents_used_last(mine):
    assert picked(start("models.py", collection="Tides")) == "Tides"
    assert picked(start("models.py")) == "Tides"
    assert picked(start("models.py", collection="Zebras")) == "Zebras"
    assert picked(start("models.py")) == "Tides"
    assert picked(start("models.py", collection="Sample")) == "Sample"
    assert picked(start("models.py")) == "Sample"
