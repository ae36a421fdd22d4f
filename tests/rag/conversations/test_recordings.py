"""Recorded answers: found by the words of their question, and joined to the chunks of a collection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag import config
from rag.answering.types import LabelledAnswer, Turn
from rag.conversations.record import turn_to_json
from rag.conversations.recordings import attached, record, recorded_answer, recorded_turns
from rag.errors import CollectionError, ModelError
from rag.servers.types import Usage
from tests.support.collections import plain_document, put, rich_collection
from tests.support.fakes import WordEmbedder
from tests.support.turns import made_answer, made_hit, made_turn

QUESTIONS = ["When do owls hunt?", "Who sails?"]


@pytest.fixture(autouse=True)
def samples(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "SAMPLES", tmp_path)
    return tmp_path


def test_recorded_turns_come_back(samples):
    assert recorded_turns() == ()
    assert recorded_answer(QUESTIONS[0]) is None
    assert record(QUESTIONS, made_turn, samples / "recorded.json") == 2
    assert recorded_turns() == tuple(map(made_turn, QUESTIONS))
    assert "Recorded from ollama:gemma3:270m on 20" in (samples / "recorded.json").read_text()
    assert [path.name for path in samples.iterdir()] == ["recorded.json"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("When do owls hunt?", True),
        ("  when DO owls,\nhunt", True),
        ("When do owls hunt at night?", False),
        ("owls hunt when do", False),
        ("", False),
        ("?!", False),
    ],
)
def test_a_recorded_answer_is_found_by_its_words(samples, asked, found):
    record([*QUESTIONS, "?"], made_turn, samples / "recorded.json")
    assert recorded_answer(asked) == (made_turn(QUESTIONS[0]) if found else None)


@pytest.mark.parametrize("ending", ["stopped", "broken"])
def test_a_failed_answer_is_not_recorded(samples, ending):
    (samples / "recorded.json").write_text("as before")
    answer = replace(made_answer("Q"), usage=Usage(1, 1, ending))
    for turn in (Turn("Q", (LabelledAnswer("", answer),)), Turn("Q", ())):
        with pytest.raises(ModelError, match="'Q' was not answered completely, so nothing was recorded"):
            record(["Q"], lambda _, turn=turn: turn, samples / "recorded.json")
    assert (samples / "recorded.json").read_text() == "as before"


def test_a_damaged_file_is_named(samples):
    for content in (b"{", b"\xff"):
        (samples / "recorded.json").write_bytes(content)
        with pytest.raises(CollectionError, match=r"'recorded\.json' cannot be read: .*Put the file back"):
            recorded_turns()


def test_hits_are_joined_to_the_chunks_of_the_collection(tmp_path):
    words = WordEmbedder()
    collection = rich_collection(tmp_path / "c", "c", words)
    put(collection, words, plain_document("owls.md", "Owls hunt at night."))
    (chunk,) = collection.chunks_of("id of owls.md")
    turn = attached(made_turn(), collection)
    answer, before = turn.answers[0].answer, made_answer("When do owls hunt?")
    assert answer.hits[0] == replace(before.hits[0], chunk=chunk)
    assert answer.prompt.hits[0].chunk == chunk
    assert [hit.chunk.chunk_id for hit in (*answer.hits, *answer.prompt.left_out)] == [chunk.chunk_id, 0, 0, 0]
    assert [hit.chunk.text for hit in answer.hits] == [hit.chunk.text for hit in before.hits]
    assert answer.query_vector == before.query_vector
    assert replace(answer, hits=before.hits, prompt=before.prompt) == before
    assert turn_to_json(turn)


def test_the_same_text_in_another_document_is_another_passage(tmp_path):
    words = WordEmbedder(8)
    collection = rich_collection(tmp_path / "c", "c", words)
    put(collection, words, plain_document("other.md", "Owls hunt at night."))
    answer = attached(made_turn(), collection).answers[0].answer
    assert answer.hits[0] == replace(made_hit(1, "Owls hunt at night.", page=3), chunk=answer.hits[0].chunk)
    assert answer.hits[0].chunk.chunk_id == 0
    assert answer.query_vector == ()
