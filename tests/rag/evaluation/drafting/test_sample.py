"""Chunks to draft from: spread, repeatable, and none that says nothing or has a question."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from rag.evaluation.drafting.sample import has_content, sample_chunks
from rag.evaluation.questions import GoldSpan
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.rag.evaluation.drafting.cases import collection_of, prose
from tests.support.collections import plain_document, put
from tests.support.fakes import WordEmbedder


def names_of(collection, chunks):
    names = collection.document_names()
    return [names[chunk.document_id] for chunk in chunks]


def test_the_same_seed_gives_the_same_chunks(data_dir):
    collection = collection_of(data_dir, 5, 3, 2)
    first, same, other = (list(sample_chunks(collection, seed=seed)) for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_every_chunk_comes_once(data_dir):
    collection = collection_of(data_dir, 5, 3, 2)
    assert sorted(chunk.chunk_id for chunk in sample_chunks(collection, seed=0)) == collection.chunk_ids().tolist()


def test_each_document_has_a_question_before_one_of_its_size_has_two(data_dir):
    collection = collection_of(data_dir, 3, 3, 3, 3, 3)
    names = names_of(collection, islice(sample_chunks(collection, seed=4), 10))
    assert len(set(names[:5])) == 5
    assert len(set(names[5:])) == 5


def test_four_times_as_many_chunks_give_twice_as_many_questions(data_dir):
    collection = collection_of(data_dir, 16, 4)
    chosen = names_of(collection, islice(sample_chunks(collection, seed=3), 6))
    assert Counter(chosen) == {"0.txt": 4, "1.txt": 2}


def test_passages_with_questions_are_left_out_and_count_for_their_document(data_dir):
    collection = collection_of(data_dir, 4, 4)
    taken = [chunk for chunk in collection.chunks() if names_of(collection, [chunk]) == ["0.txt"]][:3]
    spans = [GoldSpan("0.txt", chunk.start, chunk.end) for chunk in taken]
    chosen = list(sample_chunks(collection, spans, seed=0))
    assert not {chunk.chunk_id for chunk in taken} & {chunk.chunk_id for chunk in chosen}
    assert len(chosen) == 5
    assert names_of(collection, chosen[:3]) == ["1.txt"] * 3


def test_a_question_about_a_part_of_a_chunk_takes_the_chunk(data_dir):
    collection = collection_of(data_dir, 2)
    first, second = collection.chunks()
    part = GoldSpan("0.txt", first.start + 5, first.start + 20)
    assert list(sample_chunks(collection, [part], seed=0)) == [second]
    elsewhere = GoldSpan("other.txt", first.start + 5, first.start + 20)
    assert len(list(sample_chunks(collection, [elsewhere], seed=0))) == 2


def test_of_copies_one_is_chosen(data_dir):
    model = WordEmbedder()
    collection = Collection.create(data_dir, "Copies", model.spec, ChunkingSpec(max_tokens=230))
    for name in ("a.txt", "b.txt", "c.txt"):
        put(collection, model, plain_document(name, prose("owls", 1)))
    assert len(list(sample_chunks(collection, seed=0))) == 1


def test_distant_chunks_are_preferred(data_dir):
    """Of one document with many chunks alike and one that is different, the latter is among the first two."""
    model = WordEmbedder(64)
    collection = Collection.create(data_dir, "Alike", model.spec, ChunkingSpec(max_tokens=230))
    alike = [f"{prose('owls', 1)} Number {number}." for number in range(12)]
    put(collection, model, plain_document("a.txt", "\n\n".join([*alike, prose("glass", 9)])))
    found = [list(islice(sample_chunks(collection, seed=seed), 2)) for seed in range(10)]
    assert sum(any("glass" in chunk.text for chunk in chunks) for chunks in found) >= 9


def test_an_empty_collection_gives_none(data_dir):
    model = WordEmbedder()
    collection = Collection.create(data_dir, "Empty", model.spec, ChunkingSpec())
    assert list(sample_chunks(collection, seed=0)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## Returns and refunds", False),
        ("# Support FAQ\n\n## Repairs\n\n### Who repairs it?\n\nWe do.", False),
        (
            "Introduction ........ 3\nSafety rules for people at machines ........ 12\nReturns of goods and money  14",
            False,
        ),
        ("Introduction\nSafety\nReturns\nRepairs\nAccounts\nData\nPrices\nContact\nIndex\nGlossary", False),
        ("Yes. No. Maybe it is so, or it is not so, and that is how it is with them all.", False),
        ("code: E03; severity: info; component: Dewlatch One; display_text: Clock not set; to_do: Set the time", True),
        (
            "## Leave\n\nFull-time staff have 29 days of paid leave in each calendar year, and part-time staff less.",
            True,
        ),
        ("正社員には年に二十九日の有給休暇があり、使わなかった休暇は翌年に繰り越せます。", True),
    ],
)
def test_what_says_nothing_is_left_out(text, expected):
    assert has_content(text) is expected


def test_the_sample_is_spread_over_its_documents(sample):
    chosen = list(islice(sample_chunks(sample, seed=0), 20))
    assert len(set(names_of(sample, chosen))) == len(sample.documents())
    assert len({chunk.chunk_id for chunk in chosen}) == 20
    assert all(has_content(chunk.text) for chunk in chosen)
