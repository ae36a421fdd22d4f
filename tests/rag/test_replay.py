"""Recorded answers replay word for word, on the chunks that are there, and say that they are recorded."""

from __future__ import annotations

from rag.answer import Equipment, Request
from rag.chat_types import Answer
from rag.errors import ModelError, OllamaError
from rag.recorded import recorded_turns
from rag.replay import answer_or_replay, replay
from rag.retrieval import DenseRetriever, load_index
from tests.fakes import ScriptedGenerator

EXAMPLE = "how many days of paid leave do full-time staff have"


def test_every_recording_is_supported_by_the_samples_own_chunks(sample):
    assert len(recorded_turns()) >= 15
    for turn in recorded_turns():
        *pieces, answer = replay(Request(turn.question), sample)
        assert "".join(pieces) == answer.text
        assert any("Recorded on" in note for note in answer.notes)
        for one in answer.supports:
            hit = answer.prompt.hits[one.number - 1]
            assert sample.chunks([hit.chunk.chunk_id])[0].text == hit.chunk.text


def test_another_question_names_those_that_have_one(sample):
    (answer,) = replay(Request("Why is the sky blue?"), sample)
    assert recorded_turns()[0].question in answer.problem


def last(request: Request, prepare, sample) -> Answer:
    return list(answer_or_replay(request, "ollama:gone", prepare, sample))[-1]


def test_a_model_that_is_away_is_replaced_and_that_is_said(sample, embedder):
    def away():
        raise ModelError("The model is not installed.")

    answer = last(Request(EXAMPLE), away, sample)
    assert "29" in answer.text
    assert answer.notes[0] == "The model is not installed."
    assert "not installed" in last(Request("Why is the sky blue?"), away, sample).problem


def test_what_a_model_wrote_is_never_replaced(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)

    def failing():
        return Equipment(retriever, embedder, ScriptedGenerator("They have", OllamaError("It stopped.")))

    answer = last(Request(EXAMPLE), failing, sample)
    assert (answer.text, answer.problem) == ("They have", "It stopped.")
