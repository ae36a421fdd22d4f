"""Suggested questions come from the documents' structure, and name the passage that answers them."""

from __future__ import annotations

import pytest

from rag.documents.sources import SourceFile
from rag.evaluation.suggestions import Suggestion, asked, suggestions_of
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Embedder, Hit
from tests.conftest import ReadHere

GUIDE = """# Ferry guide

## Tickets for bicycles

A bicycle travels for four crowns, and it stands on the car deck, tied to the rail with a rope from the steward.

## Lost luggage

Lost bags are kept at the harbour office for thirty days, and then they are given to the sailors' home.
"""


def made(folder, embedder: Embedder, **texts: str) -> Collection:
    collection = Collection.create(folder, "Own", embedder.spec, ChunkingSpec())
    files = [SourceFile(name, name, text.encode) for name, text in texts.items()]
    assert {one.outcome for one in ingest(collection, files, embedder, ReadHere())} == {"added"}
    return collection


def test_headings_become_questions_with_their_passages(data_dir, embedder):
    found = suggestions_of(made(data_dir, embedder, **{"ferry.md": GUIDE}))
    assert {one.topic for one in found} == {"Ferry guide: Tickets for bicycles", "Ferry guide: Lost luggage"}
    for one in found:
        assert one.question == f'What does "Ferry guide" say about "{one.topic.removeprefix("Ferry guide: ")}"?'
        assert one.document == "ferry.md"
        answer = "four crowns" if "bicycles" in one.topic else "thirty days"
        assert answer in GUIDE[one.start : one.end]


def test_the_documents_take_turns_and_the_newest_is_first(data_dir, embedder):
    other = GUIDE.replace("Ferry", "Train").replace("bicycles", "dogs").replace("luggage", "keys")
    found = suggestions_of(made(data_dir, embedder, **{"ferry.md": GUIDE, "train.md": other}), most=2)
    assert [one.document for one in found] == ["train.md", "ferry.md"]


def test_a_document_without_structure_is_asked_for_by_its_name(data_dir, embedder):
    (found,) = suggestions_of(made(data_dir, embedder, **{"my tides.txt": "The moon pulls the sea."}))
    assert found.question == 'What is "my tides" about?'
    assert suggestions_of(Collection.create(data_dir, "Empty", embedder.spec, ChunkingSpec())) == ()


@pytest.mark.parametrize(
    ("topic", "question"),
    [
        ("Who pays for the parcel?", "Who pays for the parcel?"),
        ("Travel policy: Hotels", 'What does "Travel policy" say about "Hotels"?'),
        ("The Pip soil probe", 'What do the documents say about "The Pip soil probe"?'),
    ],
)
def test_a_topic_becomes_a_question(topic, question):
    assert asked(topic) == question


def test_the_rank_is_that_of_the_first_hit_in_the_passage(sample):
    chunks = sample.chunks()
    hits = tuple(Hit(chunk, "a.md", 0.5, rank, "dense") for rank, chunk in enumerate(chunks[:3], start=1))
    wanted = chunks[1]
    one = Suggestion("?", "", "a.md", wanted.start, wanted.end)
    assert one.rank_in(hits) == next(
        hit.rank for hit in hits if hit.chunk.start < wanted.end and wanted.start < hit.chunk.end
    )
    assert Suggestion("?", "", "b.md", wanted.start, wanted.end).rank_in(hits) is None
