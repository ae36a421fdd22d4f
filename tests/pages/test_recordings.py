"""Sample answers on the Chat page: shown if no model can answer, and not shown where they do not fit."""

from __future__ import annotations

import pytest

from pages.shared.session.resources import generator
from pages.shared.widgets.model_choice import model_label
from rag import config
from rag.conversations.recordings import RECORDED, recorded_turns
from rag.generation import builtin
from tests.pages.support.app import answer_texts, button, labelled, shown, start, texts
from tests.pages.support.chat_page import QUESTION, ask, kept

NOTE = "recorded on 20"


@pytest.fixture
def no_model(tmp_path, monkeypatch):
    """Neither a server nor the built-in model, and nothing of it in memory."""
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(builtin, "find_wheel", lambda wheel: None)
    monkeypatch.setattr(builtin, "_load", builtin._load.__wrapped__)
    generator.clear()


def examples(app) -> list[str]:
    return [shown(one.label) for one in app.button if "-example-" in (one.key or "")]


@pytest.mark.slow
def test_every_example_is_answered_from_its_recording_where_there_is_no_model(sample, no_model):
    offered = examples(start("chat.py"))
    recorded = {turn.question: turn.answers[0].answer for turn in recorded_turns()}
    assert len(offered) == 3
    for question in offered:
        app = start("chat.py")
        button(app, question).click().run()
        assert not app.exception
        assert answer_texts(app) == [recorded[question].text]
        assert not app.error
        assert texts(app).index("The built-in answering model is not installed") < texts(app).index(NOTE)


def test_a_replayed_answer_cites_the_samples_own_chunks_and_has_its_place_on_the_map(sample, no_model):
    ask(start("chat.py"), QUESTION)
    answer = kept(sample)[0].answers[0].answer
    assert [one.verdict for one in answer.supports] == ["supported"]
    ids = [hit.chunk.chunk_id for hit in answer.hits]
    assert [chunk.text for chunk in sample.chunks(ids)] == [hit.chunk.text for hit in answer.hits]
    cited = answer.prompt.hits[answer.supports[0].number - 1]
    assert cited.chunk.chunk_id in ids
    assert "29 days" in cited.chunk.text
    assert len(answer.query_vector) == sample.spec.embedding.dimension
    assert sample.retrieved_counts()[cited.chunk.chunk_id] == 1


def test_a_question_without_a_recording_gets_the_problem_of_the_model(sample, no_model):
    app = ask(start("chat.py"), "Why is the sky blue?")
    assert "The built-in answering model is not installed" in texts(app)
    assert NOTE not in texts(app)


def test_an_answer_without_documents_is_not_replaced_by_one_made_from_them(sample, no_model):
    app = ask(start("chat.py"), QUESTION)
    button(app, "Answer side by side").click().run()
    assert not app.exception
    found = {one.label: one.answer for one in kept(sample)[-1].answers}
    assert "not installed" in found["Without documents"].problem
    assert "29 days" in found["With the documents"].text


def test_recordings_can_be_chosen(sample):
    app = start("chat.py")
    labelled(app.selectbox, "Answering model").set_value(RECORDED).run()
    assert model_label(RECORDED) == "Sample answers (prerecorded)"
    ask(app, QUESTION)
    assert NOTE in texts(app)
    assert "from the built-in model" in texts(app)
    ask(app, "Why is the sky blue?")
    assert f"Ask one of these: {QUESTION}" in texts(app)


def test_another_collection_has_no_recordings(nothing):
    app = start("chat.py")
    assert not app.exception
    assert config.BUILTIN_GENERATOR != RECORDED
    assert not any(RECORDED in box.options for box in app.selectbox)
