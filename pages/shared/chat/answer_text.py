"""An answer's text in the browser: sentences with numbered citations, each with a card that shows its passage."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.components import v2

from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import bare_place
from pages.shared.widgets.marked_text import Piece, Span
from pages.shared.widgets.passage.markdown import parse
from pages.shared.widgets.passage.message import Message, as_message, cut_at_leaves, passage_message
from pages.shared.widgets.passage.nodes import Node
from rag.answering.grounding import nearest_number, supporting_words
from rag.answering.types import Answer, Support
from rag.report.figures import doubt_sentence
from rag.types import Hit

_FRONTEND = Path(__file__).with_name("answer_text_frontend")
_component = v2.component(
    "answer_text",
    css=(_FRONTEND / "answer.css").read_text(encoding="utf-8"),
    js=(_FRONTEND / "answer.js").read_text(encoding="utf-8"),
)


def show_answer_text(answer: Answer, *, key: str, differing: Sequence[Span] = ()) -> None:
    """Draw the answer's text; a click on a citation opens its chunk on the Documents page.

    Args:
        differing: spans of the text that another answer side by side does not have.
    """
    message = answer_message(answer, differing=differing)
    chosen = _component(key=key, data=message, on_open_change=lambda: None).open
    if isinstance(chosen, int) and 1 <= chosen <= len(answer.prompt.hits):
        _open(answer.prompt.hits[chosen - 1])


def answer_message(answer: Answer, *, differing: Sequence[Span] = ()) -> Mapping[str, object]:
    """The data for the browser: segments that together are the answer's text, its Markdown as a tree over them, and
    the sources of its citations.

    Spans are cut here, because Python counts code points and a browser counts UTF-16 units.
    """
    nodes = parse(answer.text)
    segments = list(_segments(answer, cut_at_leaves(answer.text, nodes, differing)))
    return {
        "segments": segments,
        "tree": _tree(nodes, segments),
        "sources": [_source(number, hit) for number, hit in enumerate(answer.prompt.hits, start=1)],
    }


def _tree(nodes: Sequence[Node], segments: Sequence[Mapping[str, object]]) -> list[Message]:
    """The answer's Markdown; each leaf is a list of [segment, piece], all pieces that it consists of."""
    starts: list[int] = []
    places: list[list[int]] = []
    position = 0
    for number, segment in enumerate(segments):
        pieces = segment["pieces"]
        assert isinstance(pieces, list)
        for index, (piece, _) in enumerate(pieces):
            starts.append(position)
            places.append([number, index])
            position += len(piece)

    def leaf(start: int, end: int) -> list[object]:
        return [*places[bisect_left(starts, start) : bisect_left(starts, end)]]

    return as_message(nodes, leaf)


def _open(hit: Hit) -> None:
    collection = require_workspace().collection
    where = {"collection": collection.spec.name if collection else "", "chunk": str(hit.chunk.chunk_id)}
    st.switch_page("pages/documents.py", query_params=where)


def _source(number: int, hit: Hit) -> Mapping[str, object]:
    return {
        "number": number,
        "document": hit.document_name,
        "place": bare_place(hit),
        "similarity": hit.score,
    }


def _segments(answer: Answer, pieces: Sequence[Piece]) -> Iterator[Mapping[str, object]]:
    """The checked sentences and the text between them, in order; together they have the pieces of the text."""
    position = 0
    for support in answer.supports:
        if position < support.start:
            yield {"pieces": _between(pieces, position, support.start), "verdict": "unchecked"}
        yield _sentence(answer, support, _between(pieces, support.start, support.end))
        position = support.end
    if position < len(answer.text):
        yield {"pieces": _between(pieces, position, len(answer.text)), "verdict": "unchecked"}


def _between(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """The pieces of the characters [start, end); those that begin before or end after are cut."""
    found, position = [], 0
    for piece, layer in pieces:
        if inside := piece[max(start - position, 0) : max(end - position, 0)]:
            found.append((inside, layer))
        position += len(piece)
    return found


def _sentence(answer: Answer, support: Support, pieces: Sequence[Piece]) -> Mapping[str, object]:
    """One sentence with the passage that supports it or that it may alter, or else the most similar passage."""
    number = support.number or nearest_number(support)
    if support.verdict == "unchecked" or not number:
        return {"pieces": pieces, "verdict": support.verdict, "number": 0, "note": _note(support)}
    shown, spans = _shown_passage(answer.prompt.hits[number - 1].chunk.text, support)
    sentence = answer.text[support.start : support.end]
    words = [(a + x, a + y) for a, b in spans for x, y in supporting_words(sentence, shown[a:b])]
    return {
        "pieces": pieces,
        "verdict": support.verdict,
        "number": number,
        "score": support.scores[number - 1],
        "note": _note(support),
        "passage": passage_message(shown, spans, words),
    }


def _shown_passage(text: str, support: Support) -> tuple[str, list[Span]]:
    """The text of a hit, below its context if that supports the sentence, and the spans that do."""
    if not support.context:
        return text, [support.passage]
    offset, (start, end) = len(support.context) + 1, support.passage
    spans = [(0, len(support.context)), *([(start + offset, end + offset)] if end > start else [])]
    return f"{support.context}\n{text}", spans


def _note(support: Support) -> str:
    """Why no passage supports the sentence, or what it says otherwise; empty if one supports it, or if it was not
    checked."""
    if support.verdict == "altered":
        return f"Says something else? {doubt_sentence(support)}"
    if support.verdict != "unsupported":
        return ""
    if support.missing:
        word = "number" if len(support.missing) == 1 else "numbers"
        return f"The most similar passage does not contain the {word} {', '.join(support.missing)}."
    return "No retrieved passage supports this sentence."
