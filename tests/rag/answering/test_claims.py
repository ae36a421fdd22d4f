"""Which sentences state something: the others are neither supported nor unsupported."""

from __future__ import annotations

import pytest

from rag.answering.claims import is_checkable, plain_text, statements
from rag.text.stems import telling_words, word_spans

STATING = [
    "Of course, staff have 29 days.", "Staff may not take leave in July.", "**Ten** weeks [1] of leave.",
    "2. Dry its plug.",
    "The document describes the leave policy.", "The policy does not cover ski trips.", "年假有二十九天。",
    "The passages do not mention bicycles, but the budget is 640 euros.", "| Per diem | 38 | 19 |",
    "Срок составляет 45 дней.",
    "It is closed on Sundays.", "is replaced by the new controller.", "It was 29 days.",
    "Visitors are not allowed in the workshop.", "According to passage 2, it is 29 days.",
]  # fmt: skip
STATING_NOTHING = [
    "# Annual leave of staff", "Hello there, how are you?", "Sure! Here is the answer:", "You're welcome.", "你好。",
    "The passages do not answer the question.", "The provided passages don't mention the price of bicycles.",
    "I don't know.", "I'm sorry, but I cannot answer this question.", "I could not find this in the documents.",
    "This is not mentioned in the passages.", "No information about hotels is given in the passages.",
    "The context says nothing about it.", "Unfortunately, the context does not provide the salary.",
    "There is no information about this.", "The passages do not mention it yet.", "I hope this helps you!",
    "Let me know if you have further questions.", "Tuppence.", "What is it?**",
    "is to be replaced.", "Is to be replaced.", "It is to be replaced.", "and was not allowed to.", "这是什么意思呢？",
]  # fmt: skip


@pytest.mark.parametrize("sentence", STATING)
def test_a_sentence_that_states_something_is_checked(sentence):
    assert is_checkable(sentence)


@pytest.mark.parametrize("sentence", STATING_NOTHING)
def test_a_sentence_that_states_nothing_is_not(sentence):
    assert not is_checkable(sentence)


def test_the_head_of_a_table_states_nothing_and_its_rule_is_no_sentence():
    answer = "| Item | Full day | Half day |\n|:---|---|---|\n|Per diem|38|190|"
    assert [(one.plain, one.is_checkable) for one in statements(answer)] == [
        ("Item, Full day, Half day", False),
        ("Per diem, 38, 190", True),
    ]


def test_marks_are_no_part_of_what_is_said():
    assert plain_text("> 3. **Ten** weeks `only` [1][2, 3]【4】.") == "Ten weeks only ."
    assert plain_text("According to passages 1 and 2, it is 29 days.") == "it is 29 days."
    assert plain_text("It is 29 days [Source 1] (documents 2, 3), not (31).") == "It is 29 days , not (31)."


@pytest.mark.parametrize(
    "answer", ["|" + "-" * 600_000 + "x", "Moles dig" + " " * 600_000 + ".", "*" * 600_000 + " is it"]
)
def test_an_answer_that_repeats_a_sign_without_end_is_read_at_once(answer):
    # With a pattern that tries every stretch twice, each of these takes many minutes.
    assert len(statements(f"{answer}\n{answer}")) == 2


@pytest.mark.parametrize("answer", ["", " \n", "!!", "[1]", "---", "|---|---|"])
def test_an_answer_without_words_has_no_sentences(answer):
    assert statements(answer) == ()


def test_words_by_their_stem_without_stop_words():
    stems = [[word.stem for word in telling_words(text)] for text in ("The days answered", "a day answers", "don't we")]
    assert stems == [["day", "answer"], ["day", "answer"], ["don't", "we"]]


def test_scripts_without_spaces_and_with_combining_marks():
    assert [word.stem for word in telling_words("年假有29天")] == ["年假", "假有"]
    text = "क्षेत्रफल naïve workers’ 29d"
    assert [text[a:b] for a, b in word_spans(text)] == ["क्षेत्रफल", "naïve", "workers", "29d"]


def test_the_number_of_a_list_item_belongs_to_it():
    answer = "1. Full-time staff rest.\n2. Others work on.\n29.\nThat is all."
    said = [answer[one.start : one.end] for one in statements(answer)]
    assert said == ["1. Full-time staff rest.", "2. Others work on.", "29.", "That is all."]
