"""Counting in a known vocabulary: against the tokenizers that made it, and by hand."""

from __future__ import annotations

import pytest

from rag.servers.vocabulary import Vocabulary
from tests.support.odd_texts import TEXTS
from tests.support.small_vocabulary import smollm2_tokenizer, smollm2_vocabulary

SENTENCE_PIECES = ["<unk>", "<s>", "</s>", "<0xC3>", "<0xA9>", "\u2581", "a", "b", "c", "ab", "\u2581ab", "<b>", "\n"]


@pytest.mark.parametrize("kind", TEXTS)
def test_counts_as_the_tokenizer_does(kind):
    true = len(smollm2_tokenizer().encode(TEXTS[kind], add_special_tokens=False))
    # A run of more than 48 bytes is cut, which may take a token more.
    assert smollm2_vocabulary().count(TEXTS[kind]) == (true + 1 if kind == "punctuation" else true)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("ab", 1),  # ab
        (" ab", 1),  # ▁ab: the whole piece is a token
        ("abc", 2),  # ab c
        ("cab", 2),  # c ab
        ("a b", 3),  # a ▁ b: no token joins them
        ("\u00e9", 2),  # not in the vocabulary: two bytes
        ("a<b>a", 3),  # a <b> a
        ("ab\nab", 3),
    ],
)
def test_characters_are_merged_by_rank(text, tokens):
    assert Vocabulary(SENTENCE_PIECES, "llama").count(text) == tokens


def test_of_two_merges_the_one_of_lower_rank_is_made():
    # "ab" first leaves ab + c + d, in which nothing merges; "bc" first goes on to bcd: a + bcd.
    tokens = ["a", "b", "c", "d"]
    assert Vocabulary([*tokens, "ab", "bc", "bcd"], "llama").count("abcd") == 3
    assert Vocabulary([*tokens, "bc", "ab", "bcd"], "llama").count("abcd") == 2


def test_half_a_character_is_counted():
    assert smollm2_vocabulary().count("a\ud83d") >= 2


@pytest.mark.slow
def test_a_piece_without_end_is_counted_in_parts():
    assert 0 < smollm2_vocabulary().count("ab" * 200_000) <= 400_000
