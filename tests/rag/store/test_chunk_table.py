"""The columns of all chunks say what the chunks themselves say, and filters keep just what they name."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag.store.chunk_filter import ChunkFilter
from rag.store.chunk_table import ChunkRow, ChunkTable, chunk_table, ids_containing
from rag.transfer.selected_chunks import selection_table
from tests.support.collections import rich_collection
from tests.support.fakes import WordEmbedder


@pytest.fixture
def collection(tmp_path):
    return rich_collection(tmp_path, "Rich", WordEmbedder())


@pytest.fixture
def table(collection):
    return ChunkTable.of(collection)


def test_each_row_is_its_chunk(collection, table):
    names = collection.document_names()
    chunks = collection.chunks()
    assert table.chunk_ids.tolist() == [chunk.chunk_id for chunk in chunks]
    assert table.document_of_each() == [names[chunk.document_id] for chunk in chunks]
    assert table.n_tokens.tolist() == [chunk.n_tokens for chunk in chunks]
    assert [None if math.isnan(page) else int(page) for page in table.pages.tolist()] == [c.page for c in chunks]
    for name, values in table.columns.items():
        assert list(values) == [dict(chunk.fields).get(name, "") for chunk in chunks]
    assert set(table.columns) == {"topic", "year"}


def test_some_rows_in_their_order(table):
    rows = np.array([len(table) - 1, 0])
    taken = table.take(rows)
    assert taken.chunk_ids.tolist() == table.chunk_ids[rows].tolist()
    assert taken.document_of_each() == [table.document_of_each()[row] for row in rows]
    assert taken.columns["topic"] == [table.columns["topic"][row] for row in rows]


def test_no_chunks_and_a_document_that_is_gone():
    assert len(chunk_table([], {})) == 0
    assert chunk_table([ChunkRow(1, "gone", None, 3, ())], {}).document_of_each() == [""]


def test_text_is_found_whatever_the_case(collection):
    chunks = collection.chunks()
    for wanted in ("OWL", "sea is wide", "'quotes\"", "%", "\u05d0"):
        expected = {chunk.chunk_id for chunk in chunks if wanted.casefold() in chunk.text.casefold()}
        assert ids_containing(collection, wanted) == expected
    assert ids_containing(collection, "owl")


@pytest.mark.parametrize(
    "chosen",
    [
        ChunkFilter(documents=("table.csv",)),
        ChunkFilter(columns={"topic": ("Birds",)}),
        ChunkFilter(columns={"topic": ("Birds", "S\u00e9a"), "year": ()}),
        ChunkFilter(words="owl"),
        ChunkFilter(documents=("table.csv", "notes/report.pdf"), words="owl"),
        ChunkFilter(clusters=("even",)),
        ChunkFilter(columns={"no such column": ("x",)}),
        ChunkFilter(documents=("no such document",)),
    ],
)
def test_a_filter_keeps_what_meets_every_choice(collection, table, chosen):
    clusters = ["even" if row % 2 == 0 else "odd" for row in range(len(table))]
    kept = chosen.keeps(table, clusters, ids_containing(collection, chosen.words))
    names = collection.document_names()
    for row, chunk in enumerate(collection.chunks()):
        fields = dict(chunk.fields)
        expected = (
            (not chosen.documents or names[chunk.document_id] in chosen.documents)
            and (not chosen.clusters or clusters[row] in chosen.clusters)
            and all(not values or fields.get(name, "") in values for name, values in chosen.columns.items())
            and chosen.words in chunk.text.lower()
        )
        assert kept[row] == expected
    assert chosen


def test_no_choice_keeps_all(table):
    assert not ChunkFilter(words="  ", columns={"topic": ()})
    assert ChunkFilter().keeps(table, (), frozenset()).all()


def test_a_selection_is_a_table_of_just_these_chunks(collection):
    ids = collection.chunk_ids().tolist()
    wanted = [ids[-1], 10_000, ids[0]]
    table = selection_table(collection, wanted)
    assert table["chunk_id"].tolist() == [ids[-1], ids[0]]
    assert table["text"].tolist() == [chunk.text for chunk in collection.chunks(wanted)]
    every = selection_table(collection, ids)
    assert every["topic"].tolist() == [dict(chunk.fields).get("topic", "") for chunk in collection.chunks()]
    assert len(selection_table(collection, [])) == 0
