"""Split an answer's text into segments, each with its verdict and the passage that it cites."""

from __future__ import annotations

from dataclasses import dataclass

from rag.answering.types import Answer, Support
from rag.report.figures import doubt_sentence, source

_CONTEXT_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Citation:
    """The passage that supports a sentence: its number in the prompt, its source, its cosine similarity.

    `match` is the supporting sentence or pair of sentences, `before` and `after` are the text around it. `doubt` says
    what an altered sentence says otherwise; "" for a supported one.
    """

    number: int
    source: str
    score: float
    before: str
    match: str
    after: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of an answer's text. `verdict` is "" between sentences; `citation` is None if no passage is cited."""

    text: str
    verdict: str = ""
    citation: Citation | None = None


def segments(answer: Answer) -> tuple[Segment, ...]:
    """The segments of an answer, in order; their texts together are the whole text."""
    found, position = [], 0
    for support in sorted(answer.supports, key=lambda one: one.start):
        start = max(support.start, position)
        found.append(Segment(answer.text[position:start]))
        found.append(Segment(answer.text[start : support.end], support.verdict, _citation(answer, support)))
        position = max(support.end, position)
    found.append(Segment(answer.text[position:]))
    return tuple(one for one in found if one.text or one.citation)


def _citation(answer: Answer, support: Support) -> Citation | None:
    """The cited passage, cut to the supporting text and 160 characters on each side."""
    if not 0 < support.number <= len(answer.prompt.hits):
        return None
    hit = answer.prompt.hits[support.number - 1]
    (start, end), text = support.passage, hit.chunk.text
    before, after = text[max(start - _CONTEXT_CHARACTERS, 0) : start], text[end : end + _CONTEXT_CHARACTERS]
    return Citation(
        support.number,
        source(hit),
        support.scores[support.number - 1],
        ("… " if start > _CONTEXT_CHARACTERS else "") + before,
        support.cited(text),
        after + (" …" if end + _CONTEXT_CHARACTERS < len(text) else ""),
        doubt_sentence(support),
    )
