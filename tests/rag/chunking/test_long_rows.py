"""Rows that are longer than a chunk: they are cut between cells, so that each value stays with its column's name."""

from __future__ import annotations

import pytest

from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.types import ChunkingSpec
from tests.support.chunk_cases import MODEL, letters

NAMES = [f"Attribute number {number}" for number in range(60)]


def table(width: int) -> tuple[list[str], list[list[str]]]:
    return NAMES[:width], [[f"value of it {7 * number + row}" for number in range(width)] for row in range(3)]


def as_csv(width: int) -> bytes:
    names, rows = table(width)
    return "\n".join(",".join(row) for row in [names, *rows]).encode()


def as_markdown(width: int) -> bytes:
    names, rows = table(width)
    return "\n".join(f"| {' | '.join(row)} |" for row in [names, ["---"] * width, *rows]).encode()


@pytest.mark.parametrize("width", [12, 30, 60])
@pytest.mark.parametrize("strategy", ["recursive", "sentences", "semantic"])
@pytest.mark.parametrize(("name", "written"), [("a.csv", as_csv), ("a.md", as_markdown)])
def test_a_long_row_is_cut_between_its_cells(name, written, strategy, width):
    document = load_document(name, written(width))
    chunks = chunk_document(document, ChunkingSpec(120, 0, strategy), 254, MODEL, letters)
    said = [cell.strip(" ;") for chunk in chunks for line in chunk.text.split("\n") for cell in line.split("; ")]
    names, rows = table(width)
    expected = [f"{column}: {value}" for row in rows for column, value in zip(names, row, strict=True)]
    assert said == expected
