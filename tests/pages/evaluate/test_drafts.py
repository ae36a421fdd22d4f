"""My questions on the Evaluate page: drafts are made, decided on and become questions; questions are changed."""

from __future__ import annotations

import io
import json
from itertools import count

import pytest

from pages.shared.session.resources import task_board
from rag import config
from rag.evaluation.drafting.copied import copied_words
from rag.evaluation.drafting.draft import Draft, as_question
from rag.evaluation.drafting.waiting import add_draft, drafts_path, stored_drafts
from rag.evaluation.questions import ExamQuestion, gold_span, parse_questions
from rag.evaluation.stored.questions import add_questions, judge, questions_path, stored_questions
from rag.evaluation.stored.runs import load_run, run_paths
from rag.store.collection import Collection
from rag.types import Document
from tests.pages.support.app import button, labelled, start, texts
from tests.pages.support.read_html import letters
from tests.support.scripted_ollama import streamed

LEAVE = "leave-and-benefits.html"


def opened(name: str = "Sample"):
    app = start("evaluate.py", collection=name)
    labelled(app.selectbox, "Exam").set_value("stored").run()
    assert not app.exception
    return app


def document_of(collection: Collection, name: str) -> Document:
    number = next(one.document_id for one in collection.documents() if one.name == name)
    return collection.document(number)


def draft_about(collection: Collection, number: int, text: str = "") -> Draft:
    """A draft about one of the chunks of a document; stored, waiting."""
    document = document_of(collection, LEAVE)
    chunk = collection.chunks_of(document.document_id)[number]
    span = gold_span(document, chunk.start, chunk.end)
    draft = Draft(text or f"What is written in part {number}?", span, 0.5, 2, "ollama:scripted:latest")
    add_draft(config.data_dir(), collection.uid, draft)
    return draft


def stored(collection: Collection) -> tuple[ExamQuestion, ...]:
    return stored_questions(config.data_dir(), collection.uid)


def written(collection: Collection, text: str, start_at: int = 0) -> ExamQuestion:
    document = document_of(collection, LEAVE)
    span = gold_span(document, start_at, start_at + 60)
    question = ExamQuestion(f"id-{text}", text, (span,), "written", "written")
    add_questions(config.data_dir(), collection.uid, [question])
    return question


def select(app, *rows: int) -> None:
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": list(rows), "columns": []}}
    app.run()
    assert not app.exception


def wait_for_drafts(app, collection: Collection) -> None:
    task_board().wait(f"drafting-{collection.uid}")
    app.run()
    assert not app.exception


@pytest.fixture
def asking(saying):
    """A server whose model asks another question each time."""
    numbers = count(1)
    return saying(lambda body: streamed(f"Question: What would a newcomer ask as number {next(numbers)}?"))


def test_without_questions_the_page_says_how_they_get_there(sample):
    app = opened()
    said = texts(app)
    assert "There are no questions yet." in said
    for way in ("draft it with a model", "write it yourself", "click a thumb", "a chunk or a region of the map"):
        assert way in said
    assert button(app, "Run").disabled


def test_without_a_server_the_page_says_what_to_do(sample):
    app = opened()
    assert labelled(app.selectbox, "Answering model").value == "builtin"
    assert "start Ollama ('ollama serve'), download a chat model" in texts(app)


def test_drafts_come_from_the_model_and_wait(sample, asking):
    app = opened()
    assert labelled(app.selectbox, "Answering model").value == "ollama:scripted:latest"
    labelled(app.number_input, "Questions").set_value(3).run()
    button(app, "Start drafting").click().run()
    wait_for_drafts(app, sample)
    drafts = stored_drafts(config.data_dir(), sample.uid)
    assert [one.draft.text for one in drafts] == [f"What would a newcomer ask as number {n}?" for n in (1, 2, 3)]
    assert "**Drafts:** 0 approved, 0 rejected, 3 waiting" in texts(app)
    assert len({one.draft.span for one in drafts}) == 3
    sent = asking.sent_to("/api/chat")[0]["messages"]
    assert "Write one question that the passage" in sent[0]["content"]
    assert stored(sample) == ()


def test_a_draft_is_shown_with_its_passage_and_the_words_it_copied(sample):
    draft = draft_about(sample, 1, "How does a year of leave end?")
    app = opened()
    document = document_of(sample, LEAVE)
    passage = document.text[draft.span.start : draft.span.end]
    copied = copied_words(draft.text, passage)
    assert copied.spans
    html = next(one.proto.body for one in app.get("html") if "<mark" in one.proto.body)
    assert html.count("<mark") == len(copied.spans)
    assert f"{copied.share:.0%} of its words are in the passage".replace("%", " %") in texts(app)


def test_an_edited_draft_is_approved_and_asked(sample):
    draft, other = draft_about(sample, 1), draft_about(sample, 2)
    app = opened()
    labelled(app.text_area, "Drafted question").set_value("Which sabbatical is there?").run()
    button(app, "Approve").click().run()
    assert not app.exception
    assert stored(sample) == (as_question(draft, "Which sabbatical is there?"),)
    assert "1 approved, 0 rejected, 1 waiting" in texts(app)
    assert labelled(app.text_area, "Drafted question").value == other.text
    assert "**1 question** of this exam, asked with 3 searches" in texts(app)
    assert app.dataframe[0].value["made from"].tolist() == ["drafted by a model"]
    button(app, "Run").click().run()
    (path,) = run_paths(config.data_dir(), sample.uid)
    task_board().wait(f"evaluate-{path.stem}")
    app.run()
    assert not app.exception
    run = load_run(path)
    assert run.is_complete
    assert run.questions[0].text == "Which sabbatical is there?"
    assert "Averages over 1 question" in texts(app)


def test_the_copied_words_are_counted_again_after_an_edit(sample):
    draft_about(sample, 1)
    app = opened()
    labelled(app.text_area, "Drafted question").set_value("Qwertz asdf yxcv?").run()
    assert "none of its words are in the passage" in texts(app)


def test_a_rejected_draft_is_no_question(sample):
    draft_about(sample, 1)
    app = opened()
    button(app, "Reject").click().run()
    assert not app.exception
    assert "0 approved, 1 rejected, 0 waiting" in texts(app)
    assert "All drafts are decided on" in texts(app)
    assert stored(sample) == ()


def test_an_emptied_draft_is_not_approved(sample):
    draft_about(sample, 1)
    app = opened()
    labelled(app.text_area, "Drafted question").set_value(" ").run()
    button(app, "Approve").click().run()
    assert "The question is empty" in texts(app)
    assert "1 waiting" in texts(app)


def test_skipped_drafts_come_again_after_the_others(sample):
    drafts = [draft_about(sample, number) for number in range(3)]
    app = opened()
    seen = []
    for _ in range(4):
        seen.append(labelled(app.text_area, "Drafted question").value)
        button(app, "Skip").click().run()
    assert seen == [drafts[number].text for number in (0, 1, 2, 0)]


def test_a_draft_is_drafted_again(sample, asking):
    first = draft_about(sample, 1)
    app = opened()
    button(app, "Draft again").click().run()
    (waiting,) = stored_drafts(config.data_dir(), sample.uid)
    task_board().wait(f"draft-{sample.uid}-{waiting.draft_id}-again")
    app.run()
    assert not app.exception
    (waiting,) = stored_drafts(config.data_dir(), sample.uid)
    assert waiting.draft.text == "What would a newcomer ask as number 1?"
    assert waiting.draft.span == first.span
    assert labelled(app.text_area, "Drafted question").value == waiting.draft.text
    (body,) = asking.sent_to("/api/chat")
    assert first.text in body["messages"][-1]["content"]
    assert body["options"]["temperature"] > 0


def test_a_model_that_writes_no_question_is_named(sample, saying):
    saying(streamed("I would rather not."))
    app = opened()
    button(app, "Start drafting").click().run()
    wait_for_drafts(app, sample)
    assert "'ollama:scripted:latest' wrote no usable question" in texts(app)
    assert stored_drafts(config.data_dir(), sample.uid) == ()


def test_passages_without_a_question_are_counted(sample, saying):
    numbers = count()
    saying(lambda body: streamed("No." if (n := next(numbers)) % 2 else f"What is asked as number {n}?"))
    app = opened()
    labelled(app.number_input, "Questions").set_value(2).run()
    button(app, "Start drafting").click().run()
    wait_for_drafts(app, sample)
    assert "2 questions drafted; 1 passage gave no usable question" in texts(app)


def test_a_server_that_fails_midway_leaves_the_drafts_before(sample, saying):
    numbers = count()
    saying(lambda body: streamed("What is asked first?") if next(numbers) == 0 else (500, {"error": "out of memory"}))
    app = opened()
    button(app, "Start drafting").click().run()
    wait_for_drafts(app, sample)
    assert "out of memory" in texts(app)
    assert "1 waiting" in texts(app)


def test_a_passage_that_is_gone_can_only_be_rejected(sample):
    draft = draft_about(sample, 1)
    sample.delete_document(document_of(sample, LEAVE).document_id)
    app = opened()
    assert "The documents do not hold this passage any more" in texts(app)
    assert letters(draft.span.quote) in letters(texts(app))
    assert button(app, "Approve").disabled
    assert not button(app, "Reject").disabled


def test_damaged_drafts_are_a_sentence_and_can_be_put_aside(sample):
    draft_about(sample, 1)
    written(sample, "What is leave?")
    path = drafts_path(config.data_dir(), sample.uid)
    path.write_bytes(b"{")
    app = opened()
    assert "drafts.jsonl', line 1" in texts(app)
    assert "**1 question** of this exam" in texts(app)
    button(app, "Put the file aside").click().run()
    assert not app.exception
    assert "line 1" not in texts(app)
    assert path.with_name("drafts.jsonl.damaged").read_bytes() == b"{"


def test_damaged_questions_are_a_sentence_and_can_be_put_aside(sample):
    path = questions_path(config.data_dir(), sample.uid)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{")
    app = opened()
    assert "questions.jsonl', line 1" in texts(app)
    assert button(app, "Run").disabled
    button(app, "Begin with an empty list").click().run()
    assert not app.exception
    assert "There are no questions yet" in texts(app)
    assert path.with_name("questions.jsonl.damaged").read_bytes() == b"{"


def test_a_question_is_written_with_its_passage(sample):
    app = opened()
    labelled(app.selectbox, "Document").set_value(LEAVE).run()
    labelled(app.text_input, "Question").set_value("How much free time is there?").run()
    labelled(app.text_area, "Passage that answers it").set_value("Full-time   staff have 29 days of paid leave").run()
    button(app, "Add question").click().run()
    assert not app.exception
    (question,) = stored(sample)
    assert (question.text, question.kind) == ("How much free time is there?", "written")
    document = document_of(sample, LEAVE)
    (span,) = question.spans
    assert " ".join(document.text[span.start : span.end].split()) == "Full-time staff have 29 days of paid leave"
    assert labelled(app.text_input, "Question").value == ""
    assert app.dataframe[0].value["made from"].tolist() == ["written by hand"]


def test_a_passage_that_no_document_holds_stays_in_the_form(sample):
    app = opened()
    labelled(app.text_input, "Question").set_value("How much?").run()
    labelled(app.text_area, "Passage that answers it").set_value("Nobody wrote this.").run()
    button(app, "Add question").click().run()
    assert "does not hold this passage" in texts(app)
    assert labelled(app.text_input, "Question").value == "How much?"
    assert stored(sample) == ()


def test_a_question_without_an_answer_can_be_written(sample):
    app = opened()
    labelled(app.selectbox, "Document").set_value("(no document answers it)").run()
    labelled(app.text_input, "Question").set_value("Who is king of Atlantis?").run()
    button(app, "Add question").click().run()
    assert not app.exception
    (question,) = stored(sample)
    assert question.is_unanswerable
    assert app.dataframe[0].value["state"].tolist() == ["asked, no answer"]


def test_a_question_is_edited(sample):
    question = written(sample, "What is leave?")
    app = opened()
    select(app, 0)
    labelled(app.text_area, "Question").set_value("What is a holiday?")
    button(app, "Save").click().run()
    assert not app.exception
    (changed,) = stored(sample)
    assert (changed.text, changed.spans) == ("What is a holiday?", question.spans)
    assert changed.question_id != question.question_id
    assert app.dataframe[0].value["question"].tolist() == ["What is a holiday?"]


def test_selected_questions_are_deleted(sample):
    kept = [written(sample, text) for text in ("First?", "Second?", "Third?")]
    app = opened()
    select(app, 0, 2)
    button(app, "Delete 2 questions").click().run()
    assert not app.exception
    assert stored(sample) == (kept[1],)
    assert app.dataframe[0].value["question"].tolist() == ["Second?"]


def test_questions_that_are_not_asked_say_why(sample):
    written(sample, "What is leave?")
    document = document_of(sample, LEAVE)
    judge(config.data_dir(), sample.uid, "Where is the moon?", gold_span(document, 0, 60), 0)
    app = opened()
    assert app.dataframe[0].value["state"].tolist() == ["asked", "no answer yet"]
    assert "1 question is left out: no passage was judged as an answer yet" in texts(app)
    sample.delete_document(document.document_id)
    app = opened()
    assert app.dataframe[0].value["state"].tolist() == ["passage not found"] * 2
    assert "None of these questions can be asked yet" in texts(app)
    assert button(app, "Run").disabled


def test_a_question_from_another_tab_is_there_in_the_next_run(sample):
    app = opened()
    written(sample, "What is leave?")
    app.run()
    assert "**1 question** of this exam" in texts(app)


def test_the_download_is_an_exam_that_can_be_uploaded(sample):
    question = written(sample, "What is leave?")
    app = opened()
    content = questions_path(config.data_dir(), sample.uid).read_bytes()
    assert parse_questions("mine.jsonl", content) == (question,)
    assert json.loads(io.BytesIO(content).readline())["text"] == "What is leave?"
    labelled(app.selectbox, "Exam").set_value("upload").run()
    app.file_uploader[0].upload("mine.jsonl", content, "application/jsonl").run()
    assert app.dataframe[0].value["question"].tolist() == ["What is leave?"]


def test_the_real_server_drafts_a_question(sample, real_ollama):
    """A small base model writes poor questions; what it gives is a draft or a reason, never a fault."""
    app = opened()
    model = labelled(app.selectbox, "Answering model")
    base = next((name for name in model.options if name.startswith("gemma")), model.options[0])
    model.select(base).run()
    labelled(app.number_input, "Questions").set_value(1).run()
    button(app, "Start drafting").click().run()
    wait_for_drafts(app, sample)
    assert "1 waiting" in texts(app) or "wrote no usable question" in texts(app)
