"""The question in what a model wrote: known habits of models, one case each."""

from __future__ import annotations

import random

import pytest

from rag.evaluation.drafting.cleaning import LONGEST_QUESTION, question_in

ASKED = "How many days of holiday does a clerk get?"


@pytest.mark.parametrize(
    "written",
    [
        ASKED,
        f"  {ASKED}\n",
        f'"{ASKED}"',
        f"“{ASKED}”",
        f"**{ASKED}**",
        f"1. {ASKED}",
        f"- {ASKED}\n- And what else?",
        f"Question: {ASKED}",
        f"**Question:** {ASKED}",
        f"Q1: {ASKED}",
        f"Frage: {ASKED}",
        f"Question (in English): {ASKED}",
        f"Here's a question: {ASKED}",
        f"Sure! Here is a possible question:\n\n{ASKED}",
        f"Sure, happy to help. {ASKED}",
        f"{ASKED}\n\nAnswer: 29 days.",
        f"{ASKED} Answer: 29 days, as the passage says.",
        f"Answer: 29 days.\nQuestion: {ASKED}",
        f"<think>The passage is about leave. What would one ask?</think>\n{ASKED}",
        f"The passage is about leave. What would one ask?\n</think>\n{ASKED}",
        f"<thinking>hm?</thinking>{ASKED}<|im_end|>",
        f'{{"question": "{ASKED}"}}',
        f'```json\n{{\n  "question": "{ASKED}",\n  "answer": "29"\n}}\n```',
        f'{{"answer": "29", "Question": "{ASKED}"',
        f"## {ASKED}",
        f"> {ASKED}",
        ASKED.rstrip("?"),
        f"{ASKED.rstrip('?')}.",
        f"According to the passage, {ASKED[0].lower()}{ASKED[1:]}",
        f"{ASKED.rstrip('?')} according to the text above?",
        f"I can write that.\n{ASKED}\nWould you like another one?",
        f"{ASKED}\x00\x07",
        f"What?\n{ASKED}",
    ],
)
def test_the_question_is_found(written: str):
    assert question_in(written, "Staff have 29 days of leave.").text == ASKED


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "it wrote nothing"),
        (" \n ", "it wrote nothing"),
        ("<think>What would one ask? I wonder.", "it wrote only its reasoning"),
        ("Full-time staff have 29 days of leave.", "it wrote no question"),
        ("I'm sorry, but I can't help with that.", "it wrote no question"),
        ("Could you please provide the passage?", "it talked about its task"),
        ("How can I help you today?", "it talked about its task"),
        ("What is the passage mainly about?", "its question is about the passage"),
        ("What does the author say of leave?", "its question is about the passage"),
        ("Why?", "its question is too short"),
        (f"What is {'very ' * 80}good?", "its question is longer than 300 characters"),
        ('{"a": [' * 2000, "it wrote no question"),
        ("[]{}()", "it wrote no question"),
    ],
)
def test_what_is_no_question_is_refused_with_the_reason(written: str, problem: str):
    found = question_in(written, "Staff have 29 days of leave.")
    assert found.text == ""
    assert problem in found.problem


@pytest.mark.parametrize(
    "asked",
    [
        "Wie viele Tage Urlaub hat eine Angestellte?",
        "¿Cuántos días de vacaciones hay al año?",
        "كم عدد أيام الإجازة في السنة؟",
        "正社員は年に何日休めますか？",
        "Combien de jours de congé a-t-on par an ?",
        "What does U.S. law say about leave?",
        "What does E03 mean on the display of the Dewlatch One?",
    ],
)
def test_questions_in_other_languages_and_with_abbreviations_stay_as_they_are(asked: str):
    assert question_in(asked).text == asked


def test_a_document_about_passages_may_be_asked_about_them():
    asked = "How wide is the passage between the islands?"
    assert question_in(asked, "The passage between the islands is two miles wide.").text == asked
    assert not question_in(asked, "Staff have 29 days of leave.").text


def test_any_text_gives_a_usable_question_or_a_reason():
    parts = [
        "?",
        "Question:",
        "{",
        '"',
        "<think>",
        "</think>",
        "\n",
        "1. ",
        "what is this",
        "。",
        "*",
        "\ud800",
        "Ä",
        " ",
    ]
    rng = random.Random(7)
    for _ in range(500):
        found = question_in("".join(rng.choices(parts, k=rng.randrange(12))))
        assert bool(found.text) != bool(found.problem)
        assert len(found.text) <= LONGEST_QUESTION
        assert "\n" not in found.text
        found.text.encode()
