"""The words of a picture: those with a partner come first."""

from __future__ import annotations

from rag.anatomy.training.shown_words import words_to_show
from rag.anatomy.training.vocabulary import build_vocabulary, words_of


def shown(texts: list[str], n: int) -> list[str]:
    words = [words_of(text) for text in texts]
    vocabulary = build_vocabulary(texts, words)
    return [vocabulary.spellings[row] for row in words_to_show(vocabulary, words, n)]


def test_words_that_occur_together_come_before_more_frequent_ones():
    texts = ["debt loan"] * 3 + ["river"] * 4 + ["moon"] * 4 + ["ship"] * 9
    assert shown(texts, 2) == ["debt", "loan"]
    assert set(shown(texts, 10)) == {"debt", "loan", "river", "moon"}


def test_rare_words_are_shown_only_if_there_are_no_others():
    assert shown(["owl moon"] * 2 + ["x"] * 8, 10) == ["moon", "owl"]
    assert shown(["x"] * 8, 10) == []
