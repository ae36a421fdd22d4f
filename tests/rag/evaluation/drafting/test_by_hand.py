"""Questions by hand: the passage is found in its document, and an edited question is another one."""

from __future__ import annotations

import pytest

from rag.evaluation.beir import ExamError
from rag.evaluation.drafting.by_hand import edited, question_by_hand
from rag.evaluation.questions import ExamQuestion
from rag.evaluation.stored.questions import judged_id
from tests.support.collections import plain_document

DOCUMENT = plain_document("leave.txt", "Staff have 29 days\nof leave. Trees grow. Staff have 29 days of leave.")


def test_all_places_of_the_passage_answer_the_question():
    question = question_by_hand(" How much\nleave? ", DOCUMENT, "29  days of leave.")
    assert (question.text, question.kind, question.origin) == ("How much leave?", "written", "written")
    assert [DOCUMENT.text[span.start : span.end] for span in question.spans] == [
        "29 days\nof leave.",
        "29 days of leave.",
    ]
    assert all(span.quote == DOCUMENT.text[span.start : span.end] for span in question.spans)


def test_a_question_may_have_no_answer():
    question = question_by_hand("Who is king?", None, "")
    assert question.is_unanswerable


@pytest.mark.parametrize(
    ("text", "passage", "problem"),
    [
        (" ", "Trees", "The question is empty"),
        ("Why?", " ", "The passage is empty"),
        ("Why?", "Tree grow", "does not hold"),
    ],
)
def test_what_is_missing_is_said(text, passage, problem):
    with pytest.raises(ExamError, match=problem):
        question_by_hand(text, DOCUMENT, passage)


def test_an_edited_question_has_another_id_and_the_same_passages():
    question = question_by_hand("How much leave?", DOCUMENT, "Trees grow")
    changed = edited(question, "What do trees do? ", [question])
    assert changed == question_by_hand("What do trees do?", DOCUMENT, "Trees grow")
    assert edited(question, " How much  leave?", [question]) == question


def test_a_judged_question_keeps_the_id_that_judgements_find():
    question = ExamQuestion(judged_id("How much?"), "How much?", (), "judged", "judged")
    assert edited(question, "How many?", []).question_id == judged_id("How many?")


def test_an_edited_question_is_neither_empty_nor_another_one():
    first, second = (question_by_hand(text, DOCUMENT, "Trees grow") for text in ("What grows?", "Who grows?"))
    with pytest.raises(ExamError, match="is empty"):
        edited(first, " ", [first, second])
    with pytest.raises(ExamError, match="Another question has this text"):
        edited(first, "WHO grows", [first, second])
