"""Copied words, worked out by hand."""

from __future__ import annotations

import pytest

from rag.evaluation.drafting.copied import copied_words

PASSAGE = "Full-time staff have 29 days of paid leave in each calendar year."


@pytest.mark.parametrize(
    ("question", "share", "n_telling", "longest_run"),
    [
        # days, paid, leave of: many (common), days, paid, leave, clerk, get (common).
        ("How many days of paid leave does the clerk get?", 3 / 4, 4, 4),
        # staff; holiday, employee, annual are not in the passage.
        ("How much annual holiday has an employee of the staff?", 1 / 4, 4, 1),
        ("What grows in the garden?", 0.0, 2, 1),
        # 29 counts as a word.
        ("Who has 29 free days?", 2 / 3, 3, 1),
        # A form of a word is the same word: year, day.
        ("Years and day", 1.0, 2, 1),
        # The same word twice counts once.
        ("leave, leave or stay?", 1 / 2, 2, 1),
        ("", 0.0, 0, 0),
        # Only common words: all of them count, and "in", "each" are there.
        ("in each of?", 1.0, 3, 2),
    ],
)
def test_shares_worked_by_hand(question: str, share: float, n_telling: int, longest_run: int):
    copied = copied_words(question, PASSAGE)
    assert (copied.share, copied.n_telling, copied.longest_run) == (pytest.approx(share), n_telling, longest_run)


def test_the_spans_are_the_shared_words():
    copied = copied_words("Is leave paid for 29 days?", PASSAGE)
    assert [PASSAGE[start:end] for start, end in copied.spans] == ["29", "days", "paid", "leave"]


def test_a_copied_passage_is_copied_in_full():
    copied = copied_words(PASSAGE, PASSAGE)
    assert copied.share == 1.0
    assert copied.longest_run == len(PASSAGE.replace("-", " ").split())


def test_letters_of_scripts_without_spaces_count_in_pairs():
    copied = copied_words("有給休暇は何日", "正社員には有給休暇があります")
    # Pairs: 有給 給休 休暇 暇は は何 何日, of which the first three are in the passage.
    assert copied.share == pytest.approx(3 / 6)
