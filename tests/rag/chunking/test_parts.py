"""Long documents in parts: nothing lost, rows whole, and the same chunks as in one piece wherever rows decide."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.chunking.chunker import chunk_document, chunk_parts, chunk_prepared
from rag.chunking.parts import PART_CHARACTERS, document_parts
from rag.chunking.prepared_text import prepare
from rag.types import Chunk, ChunkingSpec, Document, Heading, Row
from tests.support.chunk_cases import MODEL, as_document

WINDOW = 254
LINES = st.lists(
    st.sampled_from(["A line of words.", "", "Another one, much longer than the first.", "x", "# A heading"]),
    min_size=1, max_size=40,
)  # fmt: skip


@st.composite
def marked_documents(draw) -> Document:
    """Lines, some of which are rows or headings, with pages anywhere."""
    lines = draw(LINES)
    text = "\n".join(lines)
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    headings = tuple(
        Heading(start, f"Heading {number}")
        for number, (start, line) in enumerate(zip(starts, lines, strict=True))
        if line.startswith("#")
    )
    rows = tuple(
        Row(start, start + len(line), (("line", str(number)),))
        for number, (start, line) in enumerate(zip(starts, lines, strict=True))
        if line and not line.startswith("#") and draw(st.booleans())
    )
    pages = tuple(sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)) | {0}))
    return replace(as_document(text), headings=headings, rows=rows, pages=pages)


@given(document=marked_documents(), most=st.integers(1, 200))
def test_the_parts_are_the_document(document: Document, most: int):
    parts = list(document_parts(document, most))
    assert "".join(part.text for _, part in parts) == document.text
    assert [start for start, _ in parts] == [
        sum(len(part.text) for _, part in parts[:number]) for number in range(len(parts))
    ]
    rows = [(start + row.start, start + row.end, row.fields) for start, part in parts for row in part.rows]
    assert rows == [(row.start, row.end, row.fields) for row in document.rows]
    for start, part in parts:
        for offset in range(len(part.text)):
            assert heading_at(part, offset) == heading_at(document, start + offset)
            assert page_at(part, offset) == page_at(document, start + offset)


def heading_at(document: Document, offset: int) -> str:
    return next((one.path for one in reversed(document.headings) if one.start <= offset), "")


def page_at(document: Document, offset: int) -> int:
    return sum(page <= offset for page in document.pages)


def test_a_short_document_is_one_part():
    document = as_document("A line.\n" * 1000)
    ((start, part),) = document_parts(document)
    assert (start, part) == (0, document)


def table(n_rows: int) -> Document:
    """A table of rows of about a hundred characters, each a record with a label."""
    lines = [f"city: City {number}; note: {'The river is wide here. ' * 3}{number}" for number in range(n_rows)]
    rows, start = [], 0
    for number, line in enumerate(lines):
        rows.append(Row(start, start + len(line), (("number", f"N {number}"),)))
        start += len(line) + 1
    return replace(as_document("\n".join(lines)), rows=tuple(rows), media_type="text/csv", headings=())


@pytest.mark.parametrize("strategy", ["recursive", "fixed", "sentences"])
def test_a_long_table_has_the_same_chunks_in_parts_as_in_one_piece(strategy):
    document = table(8_000)
    assert len(list(document_parts(document))) > 1
    chunking = ChunkingSpec(strategy=strategy, context=True)
    (whole,) = chunk_prepared(document, [(0, prepare(document, MODEL))], chunking, WINDOW)
    assert chunk_document(document, chunking, WINDOW, MODEL) == whole
    assert len(whole) == 8_000


def test_chunks_of_a_long_text_are_exact_spans_below_their_headings():
    sections = [
        f"# Section {number}\n\n" + "\n\n".join(f"Paragraph {number}.{i}. " + "Words of it. " * 30 for i in range(30))
        for number in range(60)
    ]
    text = "\n\n".join(sections)
    starts = [text.index(f"# Section {number}\n") for number in range(60)]
    headings = tuple(Heading(start, f"Section {number}") for number, start in enumerate(starts))
    document = replace(as_document(text), headings=headings)
    parts = list(chunk_parts(document, ChunkingSpec(context=True), WINDOW, MODEL))
    assert len(parts) == -(-len(text) // PART_CHARACTERS)
    chunks = [chunk for part in parts for chunk in part]
    check_spans(document, chunks)
    for chunk in chunks:
        assert f"# {chunk.heading}\n" in chunk.text or f"Paragraph {chunk.heading.split()[1]}." in chunk.text
        assert chunk.n_tokens <= ChunkingSpec().max_tokens


def test_one_endless_line_is_not_lost():
    document = as_document("word " * 300_000)
    check_spans(document, chunk_document(document, ChunkingSpec(), WINDOW, MODEL))


def check_spans(document: Document, chunks: list[Chunk]) -> None:
    """Each chunk is its span, and every word is in a chunk."""
    done = 0
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.text
        assert not document.text[done : chunk.start].strip()
        done = max(done, chunk.end)
    assert not document.text[done:].strip()
