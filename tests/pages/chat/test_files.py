"""Files dropped on the chat box: added to the collection, then the question is asked."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from pages.shared.session.resources import ingest_jobs
from rag.store.collection import Collection
from tests.pages.support.app import answer_texts, button, start, texts, wait_for_jobs
from tests.pages.support.chat_page import ask, kept

QUESTION = "How often does the lighthouse blink?"
TEXT = b"The lighthouse of Ost blinks four times in each minute, and the keeper is called Imke."


def drop(app: AppTest, sample: Collection, name: str, content: bytes, question: str = "") -> AppTest:
    """Submit a file with a question, and wait until it was added."""
    app.chat_input[0].upload(name, content).set_value(question).run()
    assert not app.exception
    wait_for_jobs(app, sample)
    return app


def test_the_question_is_asked_when_the_file_is_there(sample, server):
    app = drop(start("chat.py"), sample, "lighthouse.txt", TEXT, QUESTION)
    app.run()
    answer = kept(sample)[0].answers[0].answer
    assert answer.question == QUESTION
    assert answer.hits[0].document_name == "lighthouse.txt"
    assert len(answer_texts(app)) == 1
    assert "lighthouse.txt" in texts(app)
    assert "added" in texts(app)
    # The outcome stays until the next question.
    assert "lighthouse.txt** · added" in "".join(one.value for one in app.markdown).replace("\\", "")
    ask(app, "And the keeper?")
    assert "lighthouse.txt** · added" not in "".join(one.value for one in app.markdown).replace("\\", "")


def test_a_file_without_a_question_is_only_added(sample, server):
    n_before = len(sample.documents())
    app = drop(start("chat.py"), sample, "lighthouse.txt", TEXT)
    assert len(sample.documents()) == n_before + 1
    assert server.sent_to("/api/chat") == []
    assert "lighthouse.txt" in texts(app)


def test_while_files_are_added_the_field_says_so_and_a_file_that_is_no_text_is_told(sample, server):
    app = start("chat.py")
    app.chat_input[0].upload("lighthouse.exe", b"MZ\x00\x01").set_value(QUESTION).run()
    assert not app.exception
    wait_for_jobs(app, sample)
    assert "so the question was not asked" in texts(app)
    assert not app.chat_input[0].disabled
    button(app, "Ask it without the files").click().run()
    assert not app.exception
    assert kept(sample)[0].question == QUESTION
    assert "so the question was not asked" not in texts(app)


def test_a_stored_document_of_the_same_name_is_kept(sample, server):
    before = next(one for one in sample.documents() if one.name.endswith(".txt"))
    drop(start("chat.py"), sample, before.name.rpartition("/")[2], TEXT)
    assert before.document_id in {one.document_id for one in sample.documents()}
    assert ingest_jobs().of(sample.uid)[0].outcomes[0].outcome == "added"


def test_a_file_that_is_stored_already_is_not_added_again_and_the_question_is_asked(sample, server):
    drop(start("chat.py"), sample, "lighthouse.txt", TEXT)
    n_before = len(sample.documents())
    app = drop(start("chat.py"), sample, "lighthouse.txt", TEXT, QUESTION)
    app.run()
    assert len(sample.documents()) == n_before
    assert ingest_jobs().of(sample.uid)[0].outcomes[0].outcome == "unchanged"
    assert kept(sample)[0].question == QUESTION
