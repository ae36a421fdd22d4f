"""Thoughts told apart from the answer, however they are marked and wherever the stream is cut."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.errors import OllamaError
from rag.servers.thinking import split_thoughts
from rag.servers.types import Thought, Usage

USAGE = Usage(3, 4, "finished")
TAGS = ["<think>", "</think>", "<thinking>", "</thinking>", "[THINK]", "[/THINK]"]
WRITTEN = st.lists(
    st.sampled_from([*TAGS, "<", "</", "think", ">", " ", "\n", "a", "Ä", "1 < 2", "Okay, so ", "The "]), max_size=12
).map("".join)
MUSING = re.compile(r"Okay, so (?:the|the )\b|Okay, so\b", re.IGNORECASE)
CLOSING = r"</think>|</thinking>|\[/THINK\]"


def expected(text: str) -> tuple[str, str]:
    """Thoughts and answer by regular expressions over the whole text."""
    for opening, closing in zip(TAGS[::2], TAGS[1::2], strict=True):
        tags = re.escape(opening), re.escape(closing)
        if found := re.fullmatch(rf"(\s*){tags[0]}(.*?)(?:{tags[1]}(.*))?", text, re.DOTALL):
            return found[2], found[1] + (found[3] or "")
    if found := re.fullmatch(rf"(\s*)(?:{CLOSING})(.*)", text, re.DOTALL):
        return "", found[1] + found[2]
    only_tag = r"" if MUSING.match(text.lstrip()) else r"\n[ \t]*"
    after = r"" if only_tag == "" else r"[ \t]*(?=\n)"
    if found := re.search(rf"{only_tag}(?:{CLOSING}){after}", text):
        return text[: found.start()], text[found.end() :]
    return "", text


def read(pieces, model: str = "") -> tuple[str, str]:
    thoughts = answer = ""
    for piece in split_thoughts(iter(pieces), model):
        if isinstance(piece, Thought):
            thoughts, answer = (thoughts + answer, "") if piece.covers_text else (thoughts + piece.text, answer)
        elif isinstance(piece, str):
            answer += piece
    return thoughts, answer


def cut(text: str, places) -> list[str]:
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)]


@given(WRITTEN, st.lists(st.integers(0, 200), max_size=30))
@example("<think>a</think>b", list(range(20)))
@example("<think></think>", list(range(20)))
@example(" <think>a</think", list(range(20)))
@example("<thin", [2])
@example("a\n</think>\nb", list(range(20)))
@example("Okay, so a</think>b", list(range(20)))
def test_any_cut_gives_what_the_whole_text_says(text, places):
    assert read(cut(text, places)) == expected(text)


@given(WRITTEN)
def test_letter_by_letter_nothing_is_lost(text):
    assert read(list(text)) == expected(text)


HARMONY = (
    "<|channel|>analysis<|message|>We need 29.<|end|><|start|>assistant<|channel|>commentary<|message|>Hm."
    "<|end|><|start|>assistant<|channel|>final<|message|>It is <b>29</b> < 30.<|return|>"
)


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("<thought>a</thought>b", "a", "b"),
        ("<reasoning>a</reasoning>b", "a", "b"),
        ("\u25c1think\u25b7a\u25c1/think\u25b7b", "a", "b"),
        ("<|channel>thoughta<channel|>b", "a", "b"),
        (HARMONY, "We need 29.Hm.", "It is <b>29</b> < 30."),
        (HARMONY.removeprefix("<|channel|>").replace("analysis", "<|start|>assistant<|channel|>analysis", 1),
         "We need 29.Hm.", "It is <b>29</b> < 30."),
        ("analysisThe user asks.assistantfinalIt is 29.", "The user asks.", "It is 29."),
        ("analysis of a text", "", "analysis of a text"),
        ("Hmm, the user asks.</think>It is 29.", "Hmm, the user asks.", "It is 29."),
        ("We need to look.\n</think>\n\nIt is 29.", "We need to look.\n", "\n\nIt is 29."),
        ("The tag `</think>` ends thoughts.", "", "The tag `</think>` ends thoughts."),
        ("Okay, the answer is 29.", "", "Okay, the answer is 29."),
        ("The owls.", "", "The owls."),
    ],
)  # fmt: skip
def test_each_mark_is_known_wherever_the_stream_is_cut(text, thoughts, answer):
    assert read([text]) == (thoughts, answer)
    assert read(list(text)) == (thoughts, answer)


def test_a_model_that_thinks_by_its_name_needs_no_opening_tag():
    pieces = ["Leave is", " 29 days", ".</thi", "nk>It is 29."]
    assert next(split_thoughts(iter(pieces), "deepseek-r1:7b")) == Thought("Leave is 29 days.")
    assert read(pieces, "deepseek-r1:7b") == ("Leave is 29 days.", "It is 29.")
    assert read(["It ", "is 29."], "deepseek-r1:7b") == ("", "It is 29.")


def test_an_answer_of_another_model_comes_at_once():
    assert list(split_thoughts(iter(["It", " is", " 29."]), "llama3.2")) == ["It", " is", " 29."]


def test_what_was_kept_back_is_given_before_an_error():
    def broken():
        yield "Okay, the answer"
        raise OllamaError("stopped")

    stream = split_thoughts(broken())
    assert next(stream) == "Okay, the answer"
    with pytest.raises(OllamaError):
        next(stream)


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
