"""Thumbs on Search, Chat and Evaluate: what is stored, what is shown of it, and where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup

from pages.shared.search.live_search import search
from pages.shared.widgets.exams import stored_questions as questions_widget
from rag.conversations.recordings import RECORDED
from rag.conversations.store import Conversations
from rag.evaluation.collection_exams import CollectionExam, documents_of, sample_exam
from rag.evaluation.collection_run import CollectionRun, Setting, answer_questions, new_run
from rag.evaluation.passages import is_relevant
from rag.evaluation.questions import ExamQuestion, GoldSpan
from rag.evaluation.stored.questions import add_questions, judge, questions_path, stored_questions
from rag.evaluation.stored.runs import run_path, save_run
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.settings import RetrievalSettings
from rag.store.collection import Collection
from rag.types import Hit
from tests.pages.support.app import button, labelled, start, texts
from tests.pages.support.chat_page import QUESTION, ask, kept
from tests.pages.support.read_html import letters
from tests.support.answers import made_answer, made_turn

QUERY = "how many days of paid leave"
LABEL = "Does this passage answer the question?"


def thumbs(app: AppTest) -> list[ButtonGroup]:
    return [one for one in app.get("button_group") if one.label == LABEL]


def grades(app: AppTest) -> list[int | None]:
    return [one.value for one in thumbs(app)]


def click(app: AppTest, number: int, grade: int | None) -> AppTest:
    """Click a thumb of a passage, counted from 0; None clicks the marked one again."""
    thumbs(app)[number].set_value(grade).run()
    assert not app.exception
    return app


def links(app: AppTest) -> list[str]:
    """The links to the Evaluate page in the page itself, not in the sidebar."""
    return [one.proto.label for one in app.main.get("page_link") if one.proto.page == "evaluate"]


def span_of(hit: Hit, grade: int = 1) -> GoldSpan:
    return GoldSpan(hit.document_name, hit.chunk.start, hit.chunk.end, grade, hit.chunk.text[:200])


def hits_of(sample: Collection, query: str = QUERY) -> Sequence[Hit]:
    return search(sample, query, RetrievalSettings()).hits


def opened_search() -> AppTest:
    return start("search.py", collection="Sample", query=QUERY)


def test_a_judgement_is_stored_shown_again_and_taken_back(sample, data_dir):
    first, second, *_ = hits_of(sample)
    app = opened_search()
    assert grades(app) == [None] * 5
    assert "Thumbs add this question to 'My questions' on the Evaluate page." in texts(app)
    assert links(app) == []
    click(click(app, 0, 1), 1, 0)
    (question,) = stored_questions(data_dir, sample.uid)
    assert (question.text, question.spans) == (QUERY, (span_of(first), span_of(second, 0)))
    for shown in (app, opened_search()):
        assert grades(shown) == [1, 0, None, None, None]
        assert "In 'My questions': 1 passage answers this question, 1 does not." in texts(shown)
        assert links(shown) == ["Evaluate"]
    click(app, 0, None)
    assert "1 passage does not answer this question. It is asked in an exam as soon as one passage does." in texts(app)
    click(app, 1, None)
    assert stored_questions(data_dir, sample.uid) == ()
    assert grades(app) == [None] * 5


def test_each_question_has_its_judgements(sample, data_dir):
    judge(data_dir, sample.uid, "something else", span_of(hits_of(sample)[0]), 1)
    assert grades(opened_search()) == [None] * 5


@pytest.mark.parametrize("share", [0.6, 0.05])
def test_a_judged_part_of_a_chunk_is_shown_at_the_chunk_and_changed_there(sample, data_dir, share):
    whole = span_of(hits_of(sample)[0])
    end = whole.start + int(share * (whole.end - whole.start))
    part = replace(whole, end=end, quote=whole.quote[: end - whole.start])
    judge(data_dir, sample.uid, QUERY, part, 1)
    app = opened_search()
    assert grades(app) == [1, None, None, None, None]
    click(app, 0, 0)
    (question,) = stored_questions(data_dir, sample.uid)
    assert question.spans == (replace(whole, grade=0),)
    click(app, 0, None)
    assert stored_questions(data_dir, sample.uid) == ()


def test_a_judged_passage_that_has_less_than_half_in_a_chunk_is_not_shown_there(sample, data_dir):
    whole = span_of(hits_of(sample)[0])
    before = replace(whole, start=0, end=whole.start + 10, quote="")
    judge(data_dir, sample.uid, QUERY, before, 1)
    assert grades(opened_search())[0] is None


def test_a_folder_that_cannot_be_written_is_a_sentence_and_nothing_is_marked(sample, data_dir):
    app = opened_search()
    (data_dir / "evaluations").write_text("")
    click(app, 0, 1)
    assert "questions.jsonl' cannot be written" in texts(app)
    assert "Nothing was changed" in texts(app)
    assert grades(app) == [None] * 5
    app.run()
    assert "cannot be written" not in texts(app)


def test_a_damaged_file_is_a_sentence_and_stays_as_it_is(sample, data_dir):
    judge(data_dir, sample.uid, QUERY, span_of(hits_of(sample)[0]), 1)
    app = opened_search()
    path = questions_path(data_dir, sample.uid)
    damaged = path.read_bytes() + b"{}\n"
    path.write_bytes(damaged)
    click(app, 1, 1)
    assert "line 2" in texts(app)
    assert "5 passages, found in" in texts(app)
    assert thumbs(app) == []
    assert path.read_bytes() == damaged


def test_the_file_is_read_again_only_after_a_change(sample, data_dir, monkeypatch):
    reads = []

    def counted(folder, uid):
        reads.append(uid)
        return stored_questions(folder, uid)

    judge(data_dir, sample.uid, QUERY, span_of(hits_of(sample)[0]), 1)
    monkeypatch.setattr(questions_widget, "stored_questions", counted)
    app = opened_search()
    app.run()
    assert len(reads) == 1
    judge(data_dir, sample.uid, QUERY, span_of(hits_of(sample)[1]), 1)
    app.run()
    assert len(reads) == 2
    assert grades(app)[:3] == [1, 1, None]


def test_two_tabs_that_judge_the_same_passage_agree(sample, data_dir):
    one, other = opened_search(), opened_search()
    click(one, 0, 1)
    click(other, 0, 1)
    assert len(stored_questions(data_dir, sample.uid)[0].spans) == 1
    click(one, 0, 0)
    click(other, 1, 1)
    assert grades(other)[:3] == [0, 1, None]
    assert [span.grade for span in stored_questions(data_dir, sample.uid)[0].spans] == [0, 1]


def stored_turn(sample: Collection, **changes: object) -> None:
    """A conversation with one answer from the sample's passages."""
    answer = made_answer(query=QUERY, **changes)
    conversations = Conversations(sample)
    conversations.add(conversations.create(), made_turn(answer))


def opened_chat(sample: Collection) -> AppTest:
    newest = Conversations(sample).list()[0].conversation_id
    return start("chat.py", collection="Sample", conversation=str(newest))


def test_in_chat_the_question_is_the_one_that_was_searched_for(sample, data_dir):
    hits = tuple(hits_of(sample))
    stored_turn(sample, hits=hits)
    app = opened_chat(sample)
    assert f"Searched for: {QUERY}" in texts(app)
    assert "Thumbs add the question that was searched for to 'My questions' on the Evaluate page." in texts(app)
    click(app, 2, 1)
    (question,) = stored_questions(data_dir, sample.uid)
    assert (question.text, question.spans) == (QUERY, (span_of(hits[2]),))
    assert "In 'My questions': 1 passage answers the question that was searched for." in texts(app)
    assert grades(opened_search()) == [None, None, 1, None, None]


def test_passages_that_the_collection_no_longer_has_cannot_be_judged(sample):
    hits = tuple(hits_of(sample))
    document_id = hits[0].chunk.document_id
    stored_turn(sample, hits=hits)
    assert len(thumbs(opened_chat(sample))) == 5
    sample.delete_document(document_id)
    left = [hit for hit in hits if hit.chunk.document_id != document_id]
    assert 0 < len(left) < 5
    app = opened_chat(sample)
    assert len(thumbs(app)) == len(left)
    assert letters(hits[0].chunk.text) in letters(texts(app))


def test_an_answer_of_another_collection_has_no_thumbs(sample):
    stored_turn(sample)
    app = opened_chat(sample)
    assert "All 3 retrieved passages" in [one.label for one in app.expander]
    assert thumbs(app) == []
    assert "Thumbs" not in texts(app)


def test_a_sample_answer_has_no_thumbs(sample):
    app = start("chat.py")
    labelled(app.selectbox, "Answering model").set_value(RECORDED).run()
    ask(app, QUESTION)
    assert kept(sample)[0].answers[0].answer.hits
    assert thumbs(app) == []
    assert "Thumbs" not in texts(app)


def test_a_thumb_in_chat_asks_no_model_and_searches_nothing(sample, data_dir, server, monkeypatch):
    app = ask(start("chat.py"), QUESTION)
    asked = len(server.sent_to("/api/chat"))
    assert asked
    assert "Thumbs add this question to" in texts(app)

    def fails(*_: object) -> None:
        raise AssertionError("a thumb must not search")

    monkeypatch.setattr(HybridRetriever, "retrieve", fails)
    click(app, 0, 1)
    assert len(server.sent_to("/api/chat")) == asked
    assert stored_questions(data_dir, sample.uid)[0].text == QUESTION


def test_how_an_answer_was_made_has_no_thumbs(sample):
    stored_turn(sample, hits=tuple(hits_of(sample)))
    app = opened_chat(sample)
    before = len(thumbs(app))
    labelled(app.button, "Show how this was answered").click().run()
    assert not app.exception
    assert "Text of the passages" in [one.label for one in app.expander]
    assert len(thumbs(app)) == before


@pytest.fixture
def run(sample, embedder, data_dir) -> CollectionRun:
    """A stored run of one question of the sample, whose passage no search but one by meaning has first."""
    exam = sample_exam(documents_of(sample))
    assert exam is not None
    (question,) = (one for one in exam.questions if one.text == "What is the radio range of a Pip probe in the open?")
    made = new_run(sample, CollectionExam(exam.name, (question,)), (Setting("hybrid", 5),))
    made = answer_questions(made, sample, embedder, lambda _: None)
    save_run(data_dir, made)
    return made


def places_of_hits(run: CollectionRun) -> tuple[GoldSpan, int, int]:
    """The expected passage, the place in the results that has it, and a place of another document."""
    (question,) = run.questions
    (expected,) = question.spans
    hits = run.answers[question.question_id][0].hits[:5]
    found = next(place for place, hit in enumerate(hits) if is_relevant(hit, expected))
    other = next(place for place, hit in enumerate(hits) if hit.document != expected.document)
    return expected, found, other


def test_on_evaluate_a_judgement_joins_the_expected_passage_and_the_run_stays(run, sample, data_dir):
    (question,) = run.questions
    expected, found, other = places_of_hits(run)
    before = run_path(data_dir, run).read_bytes()
    app = start("evaluate.py", collection="Sample")
    assert "Thumbs add this question, with its expected passage, to 'My questions'. This run is not changed." in texts(
        app
    )
    assert grades(app) == [None] * 6
    click(app, 1 + other, 1)
    (stored,) = stored_questions(data_dir, sample.uid)
    hit = run.answers[question.question_id][0].hits[other]
    assert stored.text == question.text
    assert stored.spans[0] == expected
    assert [(one.document, one.start, one.end) for one in stored.spans[1:]] == [(hit.document, hit.start, hit.end)]
    assert "In 'My questions': 2 passages answer this question. This run is not changed." in texts(app)
    marked = [0, 1 + found, 1 + other]
    assert [place for place, grade in enumerate(grades(app)) if grade == 1] == sorted(marked)
    assert run_path(data_dir, run).read_bytes() == before
    click(app, 1 + other, None)
    assert stored_questions(data_dir, sample.uid)[0].spans == (expected,)
    click(app, 0, None)
    assert stored_questions(data_dir, sample.uid) == ()


def test_on_evaluate_the_chunk_of_the_expected_passage_stands_for_it(run, sample, data_dir):
    expected, found, _ = places_of_hits(run)
    app = start("evaluate.py", collection="Sample")
    click(app, 1 + found, 1)
    assert stored_questions(data_dir, sample.uid)[0].spans == (expected,)
    click(app, 1 + found, 0)
    assert stored_questions(data_dir, sample.uid)[0].spans == (replace(expected, grade=0),)


def test_on_evaluate_a_stored_question_gets_the_judgement_itself(run, sample, data_dir):
    (question,) = run.questions
    expected, _, other = places_of_hits(run)
    drafted = ExamQuestion("d1", question.text, (expected,), "drafted", "drafted")
    add_questions(data_dir, sample.uid, [drafted])
    click(start("evaluate.py", collection="Sample"), 1 + other, 1)
    (stored,) = stored_questions(data_dir, sample.uid)
    assert (stored.question_id, len(stored.spans)) == ("d1", 2)


def test_on_evaluate_my_questions_has_a_judgement_at_once(run, sample, data_dir):
    app = start("evaluate.py", collection="Sample")
    labelled(app.selectbox, "Exam").set_value("stored").run()
    assert button(app, "Run").disabled
    click(app, 0, 1)
    assert not button(app, "Run").disabled


def test_the_last_passage_of_a_drafted_question_cannot_be_taken_back(sample, data_dir):
    drafted = ExamQuestion("d1", QUERY, (span_of(hits_of(sample)[0]),), "drafted", "drafted")
    add_questions(data_dir, sample.uid, [drafted])
    app = opened_search()
    assert grades(app)[0] == 1
    click(app, 0, None)
    assert "the only passage of a question that was drafted or written" in texts(app)
    assert grades(app)[0] == 1
    assert stored_questions(data_dir, sample.uid) == (drafted,)


def test_the_link_to_evaluate_chooses_my_questions_once(sample, data_dir):
    judge(data_dir, sample.uid, QUERY, span_of(hits_of(sample)[0]), 1)
    app = start("evaluate", collection="Sample", exam="my-questions")
    exam = next(one for one in app.selectbox if one.label == "Exam")
    assert exam.value == "stored"
    assert QUERY in str(app.dataframe[0].value)
    exam.select("structure").run()
    assert next(one for one in app.selectbox if one.label == "Exam").value == "structure"
