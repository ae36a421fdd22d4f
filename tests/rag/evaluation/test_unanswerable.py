"""Unanswerable questions: borrowed ones share no passage with the documents, changed ones name what is not there."""

from __future__ import annotations

import re

import pytest

from rag.evaluation.questions import ExamQuestion, GoldSpan
from rag.evaluation.unanswerable import borrowed_questions, changed_questions, contains_in, unanswerable_questions
from rag.types import Document

TEXT = (
    "Hold your badge to the brass plate and type the code. The robot Tuppence carries parcels for Brannock.\n\n"
    "Error E27 means a wet plug. Set max_tokens to 4096 in the settings. Badges cost money."
)
DOCUMENT = Document("d", "guide.md", "text/markdown", TEXT, "")


def question(text: str) -> ExamQuestion:
    return ExamQuestion(text, text, (GoldSpan("guide.md", 0, 10),), "heading", "structure")


def texts(questions: tuple[ExamQuestion, ...]) -> set[str]:
    return {one.text for one in questions}


def test_words_are_together_within_a_passage_only():
    contains = contains_in([TEXT, "The heron " + "sleeps. " * 500 + "The violin plays."])
    assert contains(["badge", "plate"])
    assert contains(["badges"])
    assert contains(["heron"])
    assert not contains(["heron", "violin"])
    assert not contains(["badge", "heron"])
    assert not contains(["orchid"])
    assert not contains([])


def test_borrowed_questions_are_about_nothing_in_the_documents():
    others = [
        question("How deep does an orchid root grow?"),
        question("Which robot carries the parcels?"),
        question("Who repairs the orchid robot badge plate code?"),
        question("Why?"),
        question("How deep does an orchid root grow?"),
    ]
    found = borrowed_questions(others, contains_in([TEXT]))
    assert texts(found) == {"How deep does an orchid root grow?"}
    assert (found[0].spans, found[0].kind, found[0].origin) == ((), "borrowed", "structure")


CHANGED = {
    "What does E27 mean?": r"What does E\d\d mean\?",
    "What is max_tokens for?": r"What is max_[a-z]+ for\?",
    "Who carries parcels for Brannock today?": r"Who carries parcels for [A-Z][a-z]+ today\?",
    "Is a window of 4096 enough?": r"Is a window of [1-9]{4} enough\?",
    "Guide: badges of 2019": r"Guide: badges of [1-9]{4}",
}


@pytest.mark.parametrize("before", CHANGED)
def test_one_name_or_number_is_changed_to_one_that_no_document_holds(before):
    (found,) = changed_questions([question(before)], [TEXT])
    assert re.fullmatch(CHANGED[before], found.text)
    assert found.text != before
    new = set(re.findall(r"\w+", found.text)) - set(re.findall(r"\w+", before))
    assert new
    assert all(word.casefold() not in TEXT.casefold() for word in new)
    assert found.is_unanswerable
    assert found.kind == "changed"


@pytest.mark.parametrize(
    "before",
    [
        "How do I open the door?",
        "Badges and Money",
        "Getting Started With Badges",
        "Quickstart: Badges",
        "E27",
        "Brannock",
    ],
)
def test_questions_without_a_name_or_with_nothing_else_are_left_out(before):
    assert changed_questions([question(before)], [TEXT]) == ()


def test_no_number_is_proposed_that_the_documents_hold():
    held = " ".join(f"E{number}" for number in range(100) if number != 58)
    (found,) = changed_questions([question("What does E27 mean?")] * 2, [held])
    assert found.text == "What does E58 mean?"
    assert changed_questions([question("What does E27 mean?")], [f"{held} E58"]) == ()


def test_both_kinds_are_mixed_and_the_seed_decides():
    answerable = [question(f"What does E{number} mean?") for number in range(10, 60)]
    others = [question(f"Which orchid has {number} petals in spring?") for number in range(60)]
    found = unanswerable_questions(answerable, [DOCUMENT], others=others, most=20, seed=3)
    assert len(texts(found)) == 20
    assert [one.kind for one in found].count("borrowed") == 10
    assert found == unanswerable_questions(answerable, [DOCUMENT], others=others, most=20, seed=3)
    assert found != unanswerable_questions(answerable, [DOCUMENT], others=others, most=20, seed=4)
    only = unanswerable_questions(answerable[:4], [DOCUMENT], others=others, most=20)
    assert [one.kind for one in only].count("borrowed") >= 16
    assert unanswerable_questions([], [DOCUMENT]) == ()
