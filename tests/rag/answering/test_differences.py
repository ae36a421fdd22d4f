"""What answers side by side do not have in common."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from rag.answering.differences import differing_words
from rag.text.stems import word_spans


def differing(*texts: str) -> list[list[str]]:
    found = differing_words(texts)
    return [[text[start:end] for start, end in spans] for text, spans in zip(texts, found, strict=True)]


def test_a_changed_word_is_marked_in_both():
    assert differing("Staff have 29 days of leave.", "Staff have 31 days of leave.") == [["29"], ["31"]]


def test_case_and_signs_do_not_count():
    assert differing("Staff, have: **29** days!", "staff have 29 DAYS") == [[], []]


def test_neighbouring_words_are_one_span():
    assert differing("Owls hunt at night.", "Owls hunt small mice at night.") == [[], ["small mice"]]


def test_the_first_has_only_what_no_other_says():
    assert differing("red green blue", "red green", "green blue") == [[], [], []]
    assert differing("red green blue", "red", "red blue black") == [["green"], [], ["black"]]


def test_few_texts_and_empty_ones():
    assert differing_words([]) == ()
    assert differing_words(["alone"]) == ((),)
    assert differing("", "one two") == [[], ["one two"]]
    assert differing("one two", "", "") == [["one two"], [], []]


def test_chinese_differs_by_letters():
    assert differing("年假有二十九天", "年假有三十一天") == [["二", "九"], ["三", "一"]]


def test_long_answers_of_few_words_come_to_an_end():
    # Without a bound on its work, this comparison alone takes minutes.
    first, second = differing_words(["the a b " * 700, "a the b " * 700])
    assert first
    assert second
    assert differing_words(["the a b " * 700, "the a b " * 700]) == ((), ())


def test_a_long_answer_with_one_word_changed():
    words = random.Random(1).choices([f"word{i}" for i in range(300)], k=2000)
    changed = [*words[:999], "other", *words[1000:]]
    assert differing(" ".join(words), " ".join(changed)) == [[words[999]], ["other"]]


@given(st.lists(st.text(alphabet="ab cD,.年", max_size=30), min_size=2, max_size=4))
def test_what_is_not_marked_is_in_the_first_in_order(texts):
    spans = differing_words(texts)
    first = [texts[0][a:b].casefold() for a, b in word_spans(texts[0])]
    for text, marked in zip(texts[1:], spans[1:], strict=True):
        kept = iter(first)
        unmarked = [(a, b) for a, b in word_spans(text) if not any(s <= a and b <= e for s, e in marked)]
        assert all(text[a:b].casefold() in kept for a, b in unmarked)
        assert all(0 <= a < b <= len(text) for a, b in marked)
