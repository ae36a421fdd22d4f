"""Text of documents is shown as it is in a real browser: an address in it is never a link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from rag.documents.sources import find_files
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Embedder
from tests.conftest import ReadHere

ADDRESSES = ("https://evil.example/a?b=1", "www.evil.example", "me@evil.example", "HTTP://EVIL.EXAMPLE/c")
TEXT = f"# See {ADDRESSES[0]}\n\nThe harbour master answers at {ADDRESSES[2]}, {ADDRESSES[1]} and {ADDRESSES[3]}.\n"
PAGES = (
    "documents?collection=Links&chunk=1",
    "map?collection=Links&chunk=1",
    "neighbors?collection=Links&query=harbour+www.evil.example",
    "search?collection=Links&query=harbour+https://evil.example/q",
    "data_quality?collection=Links",
)


@pytest.fixture
def links(data_dir: Path, tmp_path: Path, embedder: Embedder) -> Collection:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(12):
        name = f"{number} {ADDRESSES[1]} {ADDRESSES[2]}.md"
        (folder / name).write_text(TEXT + f"\nIt is boat {number} that comes next, after the {number + 1} others.\n")
    collection = Collection.create(data_dir, "Links", embedder.spec, ChunkingSpec())
    assert {outcome.outcome for outcome in ingest(collection, find_files([folder]), embedder, ReadHere())} == {"added"}
    return collection


def test_an_address_in_a_document_is_no_link_on_any_page(links: Collection, page: Page):
    for address in PAGES:
        page.goto(f"/{address}")
        page.get_by_text("evil.example").first.wait_for(state="attached")
        page.get_by_test_id("stStatusWidget").wait_for(state="detached")
        targets = [str(link.get_attribute("href")) for link in page.locator("a[href]").all()]
        assert targets, address
        assert not any(re.search(r"://evil|//www\.|mailto", target.lower()) for target in targets), targets
