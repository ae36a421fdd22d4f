"""Any table in any format: every value is in a chunk next to the name of its own column, and of no other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.text.labels import written
from rag.types import ChunkingSpec
from tests.rag.documents.tables.drawn_tables import (
    NOTE,
    TITLE,
    as_csv,
    as_docx,
    as_html,
    as_markdown,
    as_ods,
    as_pptx,
    as_xlsx,
    drawn_tables,
)
from tests.rag.documents.tables.markup_tables import (
    as_asciidoc,
    as_org,
    as_rst_csv,
    as_rst_grid,
    as_rst_list,
    as_rst_simple,
    as_tex,
)
from tests.support.chunk_cases import MODEL, bounded

FORMATS = {
    "a.xlsx": as_xlsx,
    "a.csv": as_csv,
    "a.md": as_markdown,
    "a.html": lambda table: as_html(table, states_header=False),
    "stated.html": lambda table: as_html(table, states_header=True),
    "a.docx": lambda table: as_docx(table, states_header=False),
    "stated.docx": lambda table: as_docx(table, states_header=True),
    "a.ods": as_ods,
    "a.pptx": as_pptx,
    "grid.rst": as_rst_grid,
    "simple.rst": as_rst_simple,
    "csv.rst": as_rst_csv,
    "list.rst": as_rst_list,
    "a.org": as_org,
    "a.adoc": as_asciidoc,
    "a.tex": as_tex,
}
WITHOUT_MERGED_CELLS = ("a.csv", "a.md", "grid.rst", "simple.rst", "csv.rst", "list.rst", "a.org")


def said_by(name: str, content: bytes, max_tokens: int) -> tuple[set[tuple[str, str]], list[str]]:
    """The pairs of column and value that the chunks state, and their texts."""
    chunks = chunk_document(load_document(name, content), ChunkingSpec(max_tokens), 254, MODEL)
    texts = [f"{chunk.text}\n{written(chunk.fields)}" for chunk in chunks]
    pairs = (re.findall(r"(?:^|; )([^:;\n]+): ([^;\n]+)", text, re.MULTILINE) for text in texts)
    return {pair for found in pairs for pair in found}, texts


@pytest.mark.parametrize("name", FORMATS)
@bounded
@given(data=st.data())
def test_every_value_stands_next_to_its_own_columns_name(name: str, data: st.DataObject):
    table = data.draw(drawn_tables(merged=name not in WITHOUT_MERGED_CELLS))
    said, texts = said_by(name, FORMATS[name](table), max_tokens=90)
    note = {("Source", NOTE.removeprefix("Source: "))}
    assert said - note == set(table.said)
    for line in (*([TITLE] if table.has_title else []), *([NOTE] if table.has_note else []), *table.groups):
        assert any(line in text for text in texts)
