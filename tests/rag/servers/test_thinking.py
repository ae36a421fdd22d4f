"""Inline thoughts told apart from the answer, wherever the stream is cut."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from rag.servers.thinking import split_thoughts
from rag.servers.types import Thought, Usage

USAGE = Usage(3, 4, "finished")
WRITTEN = st.lists(
    st.sampled_from(["<think>", "</think>", "<", "</", "think", ">", " ", "\n", "a", "Ä", "1 < 2"]), max_size=12
).map("".join)


def expected(text: str) -> tuple[str, str]:
    """Thoughts and answer by a regular expression over the whole text."""
    found = re.fullmatch(r"(\s*)<think>(.*?)(?:</think>(.*))?", text, re.DOTALL)
    return (found[2], found[1] + (found[3] or "")) if found else ("", text)


def read(pieces) -> tuple[str, str]:
    out = list(split_thoughts(iter(pieces)))
    thoughts = "".join(piece.text for piece in out if isinstance(piece, Thought))
    return thoughts, "".join(piece for piece in out if isinstance(piece, str))


def cut(text: str, places) -> list[str]:
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)]


@given(WRITTEN, st.lists(st.integers(0, 200), max_size=30))
@example("<think>a</think>b", list(range(20)))
@example("<think></think>", list(range(20)))
@example(" <think>a</think", list(range(20)))
@example("<thin", [2])
def test_any_cut_gives_what_the_whole_text_says(text, places):
    assert read(cut(text, places)) == expected(text)


@given(WRITTEN)
def test_letter_by_letter_nothing_is_lost(text):
    assert read(list(text)) == expected(text)


def test_what_is_certain_is_given_at_once():
    pieces = iter(["<think>One two", " three</think>The", " answer"])
    stream = split_thoughts(pieces)
    assert next(stream) == Thought("One two")
    assert next(stream) == Thought(" three")
    assert next(stream) == "The"
    assert next(pieces) == " answer"


def test_the_usage_comes_last_even_where_a_tag_is_begun():
    assert list(split_thoughts(iter(["<thi", USAGE]))) == ["<thi", USAGE]
    assert list(split_thoughts(iter(["<think>a</th", USAGE]))) == [Thought("a"), Thought("</th"), USAGE]


def test_thoughts_that_come_apart_stay_in_their_place():
    pieces = [Thought("Hm."), "The tag <think> is text here.", USAGE]
    assert list(split_thoughts(iter(pieces))) == pieces
