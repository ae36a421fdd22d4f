"""Split an answer's text into segments, each with its verdict and the passage that it cites."""

from __future__ import annotations

from dataclasses import dataclass

from rag.answering.types import Answer, Support
from rag.report.figures import source

_CONTEXT_LETTERS = 160


@dataclass(frozen=True, slots=True)
class Citation:
    """The passage that supports a sentence: its number in the prompt, its source, its cosine similarity.

    `match` are the supporting words, between `before` and `after`, the text around them.
    """

    number: int
    source: str
    score: float
    before: str
    match: str
    after: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of an answer's text. `verdict` is "" between two sentences; `citation` is None where none is cited."""

    text: str
    verdict: str = ""
    citation: Citation | None = None


def segments(answer: Answer) -> tuple[Segment, ...]:
    """The answer's text in order; the segments' texts joined are the whole text."""
    found, position = [], 0
    for support in sorted(answer.supports, key=lambda one: one.start):
        start = max(support.start, position)
        found.append(Segment(answer.text[position:start]))
        found.append(Segment(answer.text[start : support.end], support.verdict, _citation(answer, support)))
        position = max(support.end, position)
    found.append(Segment(answer.text[position:]))
    return tuple(one for one in found if one.text or one.citation)


def _citation(answer: Answer, support: Support) -> Citation | None:
    """The cited passage, cut to what surrounds the supporting words."""
    if not 0 < support.number <= len(answer.prompt.hits):
        return None
    hit = answer.prompt.hits[support.number - 1]
    (start, end), text = support.passage, hit.chunk.text
    before, after = text[max(start - _CONTEXT_LETTERS, 0) : start], text[end : end + _CONTEXT_LETTERS]
    return Citation(
        support.number,
        source(hit),
        support.scores[support.number - 1],
        ("… " if start > _CONTEXT_LETTERS else "") + before,
        text[start:end],
        after + (" …" if end + _CONTEXT_LETTERS < len(text) else ""),
    )
