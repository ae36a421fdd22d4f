"""Estimated tokens: one for every three Latin letters, more for rarer characters, and enough for real texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag import config
from rag.text.tokens import ByteTokenizer, EstimatingTokenizer, SubwordTokenizer, count_note

ESTIMATE = EstimatingTokenizer()


def test_a_worked_example():
    # "emb" "edd" "ing", "!", "4" "2", two for each of the signs of Chinese, three for the emoji.
    assert ESTIMATE.count(["embedding! 42", "\u4f60\u597d \U0001f9a6", " \n"]) == [6, 7, 0]
    assert ESTIMATE.spans("otter").tolist() == [[0, 3], [3, 5]]
    assert ESTIMATE.spans("").shape == (0, 2)


@given(st.text())
def test_spans_are_in_order_and_as_many_as_are_counted(text: str):
    spans = ESTIMATE.spans(text).tolist()
    assert len(spans) == ESTIMATE.count([text])[0]
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)


@given(st.lists(st.text()))
def test_parts_have_together_what_the_whole_has(parts: list[str]):
    assert sum(ESTIMATE.count(parts)) == ESTIMATE.count([" ".join(parts)])[0]


def test_it_is_not_too_low_for_the_samples_and_is_called_an_estimate(embedder):
    texts = [path.read_text("utf-8") for path in (config.SAMPLES / "handbook").rglob("*.md")]
    assert texts
    exact = embedder.tokenizer.count(texts)
    estimated = ESTIMATE.count(texts)
    assert all(one <= other <= 2 * one for one, other in zip(exact, estimated, strict=True))
    assert "estimated" in count_note(ESTIMATE)
    assert "bytes" in count_note(ByteTokenizer())
    assert isinstance(embedder.tokenizer, SubwordTokenizer)
    assert count_note(embedder.tokenizer) == ""
