"""Each sum of the sample does what its sentence says; other collections get sums of their own groups."""

from __future__ import annotations

import numpy as np
import pytest

from rag.neighbors.arithmetic import text_arithmetic
from rag.neighbors.search import find
from rag.neighbors.sum_examples import SAMPLE_SUMS, Groups, SumExample, computed_sums, groups_of, has_sample
from rag.store.chunk_table import ChunkTable


def nearest_texts(shipped_sample, embedder, one: SumExample, k: int = 5) -> list[str]:
    ids, unit = shipped_sample.embeddings()
    found = find(ids, unit, text_arithmetic(embedder, one.text, one.minus, one.plus), k)
    texts = {chunk.chunk_id: chunk.text for chunk in shipped_sample.chunks(found.ids.tolist())}
    return [texts[chunk_id] for chunk_id in found.ids.tolist()]


@pytest.mark.parametrize("one", SAMPLE_SUMS, ids=lambda one: one.text)
def test_the_sentence_is_true_of_the_sample(shipped_sample, embedder, one):
    assert has_sample(chunk.text for chunk in shipped_sample.chunks())
    assert one.said_of(nearest_texts(shipped_sample, embedder, one)[0]) == one.saying
    assert one.said_of("Another text") == ""
    alone = nearest_texts(shipped_sample, embedder, SumExample(one.text, "", ""))[0]
    is_moved = not alone.startswith(one.nearest)
    # The sum that does not work stays with the bank.
    assert is_moved == (one.plus != "books") or "bank" in alone or "loan" in alone


def table(**columns: list[str]) -> ChunkTable:
    n = len(next(iter(columns.values())))
    return ChunkTable(
        np.arange(1, n + 1), np.arange(n) % 2, ("owls.txt", "ships.txt"), np.full(n, np.nan), np.full(n, 9), columns
    )


def test_groups_are_the_column_with_the_fewest_values_or_the_documents():
    topics = ["a", "a", "b", "b", "b", "c"]
    assert groups_of(table(topic=topics, kind=list("uvwxyz"))).of_each == topics
    assert groups_of(table(topic=["a", "b", "", "", "", ""])).of_each == ["owls", "ships"] * 3
    assert groups_of(table(topic=["a"] * 6)).of_each == ["owls", "ships"] * 3


def test_a_passage_of_each_group_moves_to_the_next():
    groups = Groups(["a", "a", "b", "b", "b", "c"])
    texts = ["First of a is here. More of it.", "", "First of b is here. More of it.", "", "", "Only c"]
    found = computed_sums(groups, texts.__getitem__)
    assert [one.label for one in found] == [
        "First of b is here. − b + a",
        "First of a is here. − a + c",
        "Only c − c + b",
    ]
    assert groups.count([0, 2, 3], "b") == 2
    assert computed_sums(Groups(["a", "a"]), texts.__getitem__) == ()
