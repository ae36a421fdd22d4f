"""The form that makes a question for a region of the map: written by hand, or drafted by a model on a server."""

from __future__ import annotations

import pytest

from pages.shared.session.resources import task_board
from pages.shared.widgets.map_state import MapState
from rag.evaluation.region_question import by_centrality, written_question
from rag.evaluation.stored.questions import questions_path, stored_questions
from tests.pages.support.app import button, labelled, start, texts
from tests.support.scripted_ollama import streamed

LABEL = "Question that this passage answers"


def with_selection(sample, ids: list[int]):
    app = start(collection="Sample")
    app.session_state[f"map-state-{sample.uid}"] = MapState(selected=tuple(ids))
    return app.run()


def write(app, text: str):
    labelled(app.text_area, LABEL).input(text).run()
    return button(app, "Save question").click().run()


def test_a_question_for_the_most_central_chunk_of_a_selection(sample, data_dir):
    ids = sample.chunk_ids().tolist()[10:17]
    app = with_selection(sample, ids)
    passage = labelled(app.selectbox, "Passage")
    order = by_centrality(sample.embeddings()[1][10:17]).tolist()
    assert passage.value == ids[order[0]]
    chunk = sample.chunks([passage.value])[0]
    assert chunk.text in texts(app)
    write(app, "What is this about?")
    assert "Write a question first" not in texts(app)
    assert [one.value for one in app.success] == ["Saved to 'My questions', which has 1 question now."]
    name = sample.document_names()[chunk.document_id]
    assert stored_questions(data_dir, sample.uid) == (written_question(chunk, name, "What is this about?"),)
    assert labelled(app.text_area, LABEL).value == ""
    assert [one.proto.page for one in app.get("page_link") if one.proto.label == "Open Evaluate"] == ["evaluate"]


def test_another_chunk_of_the_selection_can_be_chosen(sample, data_dir):
    ids = sample.chunk_ids().tolist()[:4]
    app = with_selection(sample, ids)
    other = next(one for one in ids if one != labelled(app.selectbox, "Passage").value)
    labelled(app.selectbox, "Passage").set_value(other).run()
    write(app, "What else?")
    (question,) = stored_questions(data_dir, sample.uid)
    chunk = sample.chunks([other])[0]
    assert (question.spans[0].start, question.spans[0].end) == (chunk.start, chunk.end)


def test_a_clicked_chunk_needs_no_choice(sample, data_dir):
    chunk = sample.chunks()[20]
    app = start(collection="Sample", chunk=str(chunk.chunk_id))
    write(app, "And this?")
    assert stored_questions(data_dir, sample.uid)[0].spans[0].start == chunk.start
    write(app, "And that?")
    assert "which has 2 questions now" in app.success[0].value


def test_an_empty_question_is_not_saved(sample, data_dir):
    app = start(collection="Sample", chunk=str(sample.chunk_ids()[20]))
    write(app, "  ")
    assert "Write a question first." in texts(app)
    assert not questions_path(data_dir, sample.uid).exists()


def test_a_text_that_is_not_saved_yet_is_kept_while_another_chunk_is_read(sample):
    first, other = (str(one) for one in sample.chunk_ids()[20:22])
    app = start(collection="Sample", chunk=first)
    labelled(app.text_area, LABEL).input("Half a quest").run()
    app.query_params["chunk"] = other
    app.run()
    assert labelled(app.text_area, LABEL).value == ""
    app.query_params["chunk"] = first
    app.run()
    assert labelled(app.text_area, LABEL).value == "Half a quest"


def test_a_damaged_file_is_a_sentence_and_the_text_stays(sample, data_dir):
    path = questions_path(data_dir, sample.uid)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no question\n")
    app = start(collection="Sample", chunk=str(sample.chunk_ids()[20]))
    write(app, "What is this about?")
    assert not app.exception
    assert "questions.jsonl', line 1" in texts(app)
    assert labelled(app.text_area, LABEL).value == "What is this about?"
    assert path.read_bytes() == b"no question\n"


def test_without_a_model_the_draft_button_says_what_is_needed(sample):
    app = start(collection="Sample", chunk=str(sample.chunk_ids()[20]))
    draft = button(app, "Draft with model")
    assert draft.disabled
    assert "Needs a chat model on a server" in draft.help
    assert "To draft questions, start a chat model" in texts(app)


def drafted(app):
    """Click on the button and wait for the task."""
    button(app, "Draft with model").click().run()
    for key in list(task_board()._tasks):
        task_board().wait(key)
    return app.run()


def test_a_draft_is_checked_changed_and_saved_as_drafted(sample, data_dir, saying):
    saying(lambda _: streamed("How is it done?", prompt_tokens=50))
    chunk = sample.chunks()[20]
    app = start(collection="Sample", chunk=str(chunk.chunk_id))
    drafted(app)
    assert labelled(app.text_area, LABEL).value == "How is it done?"
    assert "Drafted by " in texts(app)
    write(app, "How is it done at night?")
    (question,) = stored_questions(data_dir, sample.uid)
    assert (question.text, question.kind, question.origin) == ("How is it done at night?", "drafted", "drafted")
    assert (question.spans[0].start, question.spans[0].end) == (chunk.start, chunk.end)
    assert "Drafted by " not in texts(app)


def test_a_model_that_writes_no_question_is_a_sentence(sample, saying):
    saying(lambda _: streamed("I cannot do that.", prompt_tokens=50))
    app = drafted(start(collection="Sample", chunk=str(sample.chunk_ids()[20])))
    assert not app.exception
    assert "wrote no usable question" in texts(app)
    assert labelled(app.text_area, LABEL).value == ""
    write(app, "By hand?")
    assert app.success


def test_a_real_model_drafts_a_question(sample, real_ollama, data_dir):
    """A small model writes no usable question about some passages, and the page says so."""
    chunks = sample.chunks()[200::12]
    for chunk in chunks:
        app = drafted(start(collection="Sample", chunk=str(chunk.chunk_id)))
        assert not app.exception
        text = labelled(app.text_area, LABEL).value
        if text:
            break
        assert "wrote no usable question" in texts(app)
    assert text.endswith("?")
    button(app, "Save question").click().run()
    (question,) = stored_questions(data_dir, sample.uid)
    assert (question.text, question.origin, question.spans[0].start) == (text, "drafted", chunk.start)


def test_a_question_in_the_words_of_its_passage_is_said(sample):
    chunk = sample.chunks()[20]
    app = start(collection="Sample", chunk=str(chunk.chunk_id))
    labelled(app.text_area, LABEL).input(" ".join(chunk.text.split()[:12])).run()
    assert "100 % of its words are in the passage" in texts(app)
    labelled(app.text_area, LABEL).input("Zebra crossing?").run()
    assert "of its words are in the passage" not in texts(app)


@pytest.mark.slow
def test_a_region_of_many_chunks_offers_its_most_central(sample):
    app = with_selection(sample, sample.chunk_ids().tolist())
    assert len(labelled(app.selectbox, "Passage").options) == 50
