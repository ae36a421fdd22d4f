"""A run always ends with an Answer: the model's, a recorded one that says so, or one that gives the problem."""

from __future__ import annotations

import pytest

from rag import config
from rag.answer import Equipment, Found, Progress, Request
from rag.answering.types import Answer
from rag.conversations.answer_run import AnswerRun
from rag.conversations.recordings import RECORDED, recorded_turns
from rag.errors import CollectionError, ModelError, OllamaError
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.settings import RetrievalSettings
from tests.support.fakes import ScriptedGenerator

EXAMPLE = "how many days of paid leave do full-time staff have"


def absent() -> Equipment:
    raise ModelError("The model is not installed.")


def replayed(request: Request, sample, *, searches_all: bool = True) -> list[Progress]:
    """What a run yields that replays recordings."""
    return list(AnswerRun(request, RECORDED, None, sample, searches_all)())


def last(request: Request, load, sample, *, searches_all: bool = True) -> Answer:
    """The Answer of a run by a model, which recordings may replace."""
    *_, answer = AnswerRun(request, "ollama:gone", load, sample, searches_all, has_recordings=True)()
    assert isinstance(answer, Answer)
    return answer


def test_every_recording_is_supported_by_the_chunks_of_the_sample(sample):
    assert len(recorded_turns()) >= 15
    for turn in recorded_turns():
        found, *pieces, answer = replayed(Request(turn.question), sample)
        assert "".join(pieces) == answer.text
        assert found == Found(answer.hits)
        assert any("recorded on 20" in note for note in answer.notes)
        assert len(answer.query_vector) == sample.spec.embedding.dimension
        assert answer.supports
        for one in answer.supports:
            assert one.verdict == "supported"
            hit = answer.prompt.hits[one.number - 1]
            assert sample.chunks([hit.chunk.chunk_id])[0].text == hit.chunk.text


def test_another_question_names_those_that_have_one(sample):
    (answer,) = replayed(Request("Why is the sky blue?"), sample)
    assert recorded_turns()[0].question in answer.problem


def test_a_recording_replaces_a_model_that_cannot_be_loaded_and_says_so(sample):
    answer = last(Request(EXAMPLE), absent, sample)
    assert "29" in answer.text
    assert answer.notes[0] == "The model is not installed."
    assert answer.notes[1].startswith(f"Sample answer, recorded on {answer.asked_at[:10]} from the built-in model.")
    assert not answer.problem
    assert "not installed" in last(Request("Why is the sky blue?"), absent, sample).problem


def test_what_a_model_wrote_is_never_replaced(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)

    def failing() -> Equipment:
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
    (answer,) = replayed(asked, sample, searches_all=searches_all)
    assert answer.problem.startswith("Sample answers were recorded with all documents.")
    assert not answer.text
    failed = last(asked, absent, sample, searches_all=searches_all)
    assert (failed.problem, failed.text, failed.notes) == ("The model is not installed.", "", ())


def test_damaged_recordings_are_named_in_addition_to_the_problem_of_the_model(sample, tmp_path, monkeypatch):
    (tmp_path / "recorded.json").write_text("{")
    monkeypatch.setattr(config, "SAMPLES", tmp_path)
    (answer,) = replayed(Request(EXAMPLE), sample)
    assert "'recorded.json' cannot be read" in answer.problem
    failed = last(Request(EXAMPLE), absent, sample)
    assert failed.problem == "The model is not installed."
    assert "'recorded.json' cannot be read" in failed.notes[0]


def test_without_recordings_the_answer_gives_the_problem(sample, embedder):
    request = Request(EXAMPLE)
    (answer,) = AnswerRun(request, "ollama:gone", absent, sample)()
    assert isinstance(answer, Answer)
    assert (answer.problem, answer.model) == ("The model is not installed.", "ollama:gone")
    assert (answer.question, answer.text) == (EXAMPLE, "")

    class Gone:
        def retrieve(self, query, k):
            raise CollectionError("Collection 'faq' was renamed or deleted.")

    equipment = Equipment(Gone(), embedder, ScriptedGenerator("?"))
    *_, answer = AnswerRun(request, "m", lambda: equipment, sample)()
    assert isinstance(answer, Answer)
    assert "renamed or deleted" in answer.problem
