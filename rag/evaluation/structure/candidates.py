"""Candidates for exam questions: what a reader finds in a document before all documents' questions are compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.evaluation.questions import GoldSpan, gold_span
from rag.text.sentences import split_sentences
from rag.types import Document

_WORD = re.compile(r"\w+")
_LEAST_SENTENCE = 3
"""Words of the shortest sentence that must not occur within a question; "Yes." may."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question in several wordings, the shortest first; a later one names more of the question's surroundings."""

    kind: str
    texts: tuple[str, ...]
    spans: tuple[GoldSpan, ...]


def candidate(document: Document, kind: str, texts: Sequence[str], places: Sequence[tuple[int, int]]) -> Candidate:
    """A candidate whose gold passages are these spans [start, end) of the document, without the spaces around them.

    Wordings that copy the passages are left out, and so are empty spans.
    """
    spans = tuple(
        gold_span(document, *place) for place in (trimmed(document.text, *place) for place in places) if place
    )
    passages = [document.text[span.start : span.end] for span in spans]
    kept = dict.fromkeys(text for text in texts if not any(copies(text, passage) for passage in passages))
    return Candidate(kind, tuple(kept), spans)


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without the spaces and lines of dashes around it; None if nothing is left."""
    part = re.sub(r"\n\s*[-*_]{3,}\s*\Z", "", text[start:end]).rstrip()
    kept = part.lstrip()
    return (start + len(part) - len(kept), start + len(part)) if kept else None


def normalized(text: str) -> str:
    """The words of a text in lower case with one space between them, to compare texts by."""
    return " ".join(_WORD.findall(text.casefold()))


def copies(question: str, passage: str) -> bool:
    """Whether a question copies its passage: its words occur there in a row, or it holds a sentence of the passage.

    A sentence of one or two words, such as "Yes.", may occur in a question.
    """
    asked = f" {normalized(question)} "
    if asked in f" {normalized(passage)} ":
        return True
    sentences = (normalized(passage[start:end]) for start, end in split_sentences(passage))
    return any(f" {sentence} " in asked for sentence in sentences if sentence.count(" ") + 1 >= _LEAST_SENTENCE)
