"""A table of 300 rows: no chunk cuts a row, each names its columns, and a question about one row finds it."""

from __future__ import annotations

import pytest

from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.retrieval.loading import load_retriever
from rag.retrieval.settings import Mode
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.rag.documents.tables.printed_pages import columns, printed
from tests.support.chunk_cases import MODEL, STRATEGIES, letters
from tests.support.good_files import xlsx

NAMES = ["Name", "Town", "Year opened", "Capacity in kilotonnes", "State"]
TOWNS, STATES = ("Porto", "Gdansk", "Leeds", "Oslo"), ("closed", "planned", "open")
ROWS = [
    [f"Site {n:02}", TOWNS[n % 4], str(1900 + 7 * n % 120), f"{3.1 + 0.37 * n:.2f}", STATES[n % 3]]
    for n in range(1, 301)
]
LINES = ["; ".join(f"{name}: {value}" for name, value in zip(NAMES, row, strict=True)) for row in ROWS]
PAGES = [columns([NAMES, *ROWS[first : first + 42]], (60, 150, 230, 320, 480), 740) for first in range(0, 300, 42)]
MARKDOWN = "\n".join(f"| {' | '.join(row)} |" for row in [NAMES, ["---"] * 5, *ROWS])
FILES = {
    "sites.md": f"# Storage sites\n\nAll sites of the group.\n\n{MARKDOWN}\n".encode(),
    "sites.xlsx": xlsx({"Sites": [NAMES, *ROWS]}),
    "sites.pdf": printed(PAGES),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", FILES)
def test_no_chunk_cuts_a_row_or_leaves_its_names_out(name, strategy):
    document = load_document(name, FILES[name])
    assert [document.text[row.start : row.end] for row in document.rows] == LINES
    spec = ChunkingSpec(90, 20 if strategy in ("recursive", "fixed") else 0, strategy)
    chunks = chunk_document(document, spec, 254, MODEL, letters)
    lines = {line for chunk in chunks for line in chunk.text.split("\n")}
    assert {line for line in lines if "; " in line or ": " in line} == set(LINES)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_the_question_for_the_year_of_one_site_finds_its_row_first(name, tmp_path, embedder):
    document = load_document(name, FILES[name])
    spec = ChunkingSpec(context=True)
    collection = Collection.create(tmp_path, "c", embedder.spec, spec)
    chunks = chunk_document(document, spec, embedder.window, embedder.tokenizer)
    vectors = embedder.encode_documents([chunk.embedded_text for chunk in chunks])
    collection.put_document(document, chunks, vectors, embedder.spec)
    modes: tuple[Mode, ...] = ("dense", "keyword", "hybrid")
    for mode in modes:
        retriever = load_retriever(collection, mode, embedder)
        for number in (2, 32, 99, 149, 249):
            hit = retriever.retrieve(f"Which year was {ROWS[number][0]} opened?", 1)[0]
            assert LINES[number] in hit.chunk.text
