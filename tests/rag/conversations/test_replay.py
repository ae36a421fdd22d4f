"""Recorded answers replay word for word, on the chunks that are there, and say that they are recorded."""

from __future__ import annotations

import pytest

from rag import config
from rag.answer import Equipment, Request
from rag.answering.types import Answer
from rag.conversations.recordings import answer_or_replay, recorded_turns, replay
from rag.errors import ModelError, OllamaError
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.settings import RetrievalSettings
from tests.support.fakes import ScriptedGenerator

EXAMPLE = "how many days of paid leave do full-time staff have"


def test_every_recording_is_supported_by_the_samples_own_chunks(sample):
    assert len(recorded_turns()) >= 15
    for turn in recorded_turns():
        *pieces, answer = replay(Request(turn.question), sample)
        assert "".join(pieces) == answer.text
        assert any("Recorded on" in note for note in answer.notes)
        assert len(answer.query_vector) == sample.spec.embedding.dimension
        assert answer.supports
        for one in answer.supports:
            assert one.verdict == "supported"
            hit = answer.prompt.hits[one.number - 1]
            assert sample.chunks([hit.chunk.chunk_id])[0].text == hit.chunk.text


def test_another_question_names_those_that_have_one(sample):
    (answer,) = replay(Request("Why is the sky blue?"), sample)
    assert recorded_turns()[0].question in answer.problem


def away() -> Equipment:
    raise ModelError("The model is not installed.")


def last(request: Request, prepare, sample, *, searches_all: bool = True) -> Answer:
    *_, answer = answer_or_replay(request, "ollama:gone", prepare, sample, searches_all=searches_all)
    return answer


def test_a_model_that_is_away_is_replaced_and_that_is_said(sample):
    answer = last(Request(EXAMPLE), away, sample)
    assert "29" in answer.text
    assert answer.notes[0] == "The model is not installed."
    assert answer.notes[1].startswith(f"Recorded on {answer.asked_at[:10]} from the built-in model.")
    assert not answer.problem
    assert "not installed" in last(Request("Why is the sky blue?"), away, sample).problem


def test_what_a_model_wrote_is_never_replaced(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)

    def failing():
        return Equipment(retriever, embedder, ScriptedGenerator("They have", OllamaError("It stopped.")))

    answer = last(Request(EXAMPLE), failing, sample)
    assert (answer.text, answer.problem) == ("They have", "It stopped.")


@pytest.mark.parametrize(
    ("asked", "searches_all"),
    [
        (Request(EXAMPLE, uses_documents=False), True),
        (Request(EXAMPLE, settings=RetrievalSettings(documents=("a",))), True),
        (Request(EXAMPLE), False),
    ],
)
def test_a_question_to_less_than_all_documents_is_not_answered_from_all(sample, asked, searches_all):
    (answer,) = replay(asked, sample, searches_all=searches_all)
    assert answer.problem.startswith("Recorded answers were made from all documents.")
    assert not answer.text
    failed = last(asked, away, sample, searches_all=searches_all)
    assert (failed.problem, failed.text, failed.notes) == ("The model is not installed.", "", ())


def test_damaged_recordings_are_named_beside_what_was_wrong_with_the_model(sample, tmp_path, monkeypatch):
    (tmp_path / "recorded.json").write_text("{")
    monkeypatch.setattr(config, "SAMPLES", tmp_path)
    (answer,) = replay(Request(EXAMPLE), sample)
    assert "'recorded.json' cannot be read" in answer.problem
    failed = last(Request(EXAMPLE), away, sample)
    assert failed.problem == "The model is not installed."
    assert "'recorded.json' cannot be read" in failed.notes[0]
