"""Questions that a person writes or changes: a question with the passage that was copied from a document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rag.evaluation.beir import ExamError
from rag.evaluation.drafting.draft import question_key
from rag.evaluation.questions import ExamQuestion, gold_span, places_of, question_id
from rag.evaluation.region_question import WRITTEN_KIND
from rag.evaluation.stored.questions import JUDGED_KIND, judged_id
from rag.evaluation.structure.candidates import normalized
from rag.types import Document


def question_by_hand(text: str, document: Document | None, passage: str) -> ExamQuestion:
    """A question with its passage, which is looked up in the document; spaces and line breaks make no difference.

    If the document holds the passage several times, all places answer the question.

    Args:
        document: None for a question that no document answers; then the passage is not used.

    Raises:
        ExamError: the question or the passage is empty, or the document does not hold the passage.
    """
    asked = _asked(text)
    if document is None:
        return ExamQuestion(question_id(WRITTEN_KIND, asked, ""), asked, (), WRITTEN_KIND, "written")
    if not passage.strip():
        raise ExamError("The passage is empty. Copy the part of the document that answers the question.")
    places = list(places_of(passage, document.text))
    if not places:
        raise ExamError(
            f"'{document.name}' does not hold this passage. Copy it from the document, without changing a word."
        )
    spans = tuple(gold_span(document, *place) for place in places)
    return ExamQuestion(question_key(WRITTEN_KIND, asked, spans[0]), asked, spans, WRITTEN_KIND, "written")


def edited(question: ExamQuestion, text: str, others: Iterable[ExamQuestion]) -> ExamQuestion:
    """The question with another text and another id: runs compare questions by id, and this is no longer the same.

    Args:
        others: the questions of the exam, among which the question itself may be.

    Raises:
        ExamError: the text is empty, or another question has it.
    """
    asked = _asked(text)
    if asked == question.text:
        return question
    if any(normalized(one.text) == normalized(asked) for one in others if one.question_id != question.question_id):
        raise ExamError("Another question has this text already. Change the text, or delete one of the two.")
    if question.kind == JUDGED_KIND:
        name = judged_id(asked)
    else:
        name = question_key(question.kind, asked, question.spans[0] if question.spans else None)
    return replace(question, question_id=name, text=asked)


def _asked(text: str) -> str:
    asked = " ".join(text.split())
    if not asked:
        raise ExamError("The question is empty. Write what someone would ask.")
    return asked
