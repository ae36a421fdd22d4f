"""Sentence segmentation: spans and start offsets of the sentences of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.text.tokens import without_surrogates

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_NUMBERING = re.compile(r"(?:^|\n)\s*\(?(?:\d{1,3}|[A-Za-z])[.)]\s*$")
_LONGEST_NUMBERING = 16
_ITEM = re.compile(r"^[^\S\n]*(?:[-*+•]\s|\||#{1,6}\s|\(?\d{1,3}[.)]\s|```|~~~)", re.MULTILINE)
_AFTER_SHORT_LINE = re.compile(r"^[^\n]{1,49}\n(?=[^\n])", re.MULTILINE)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans [start, end) of the sentences of `text`, without surrounding spaces; a line break also ends a sentence."""
    import sentencex

    spans = []
    for piece in sentencex.get_sentence_boundaries("en", without_surrogates(text)):
        spans += _lines(text, piece["start_index"], piece["end_index"])
    return spans


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The non-empty lines of text[start:end], as spans without surrounding spaces."""
    spans, position = [], start
    for line in text[start:end].splitlines(keepends=True):
        if stripped := line.strip():
            first = position + line.index(stripped)
            spans.append((first, first + len(stripped)))
        position += len(line)
    return spans


def sentence_starts(text: str, language: str = "") -> list[int]:
    """Offsets at which a sentence begins, ascending; an offset may point at the spaces before the sentence.

    Paragraphs, list items, table rows and the text after a short line (a title, an address) begin sentences too.
    A line that is broken only by the width of the column does not.

    Args:
        language: ISO 639-1 code, which decides the known abbreviations; empty if unknown.
    """
    text = without_surrogates(text)
    starts = {match.start() for match in _ITEM.finditer(text)}
    starts |= {match.end() for match in _AFTER_SHORT_LINE.finditer(text)}
    for start, end in _paragraphs(text):
        starts |= set(_by_punctuation(text[start:end], start, language or "en"))
    return sorted(starts)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for blank in _BLANK_LINE.finditer(text):
        if blank.start() > start:
            yield start, blank.start()
        start = blank.end()
    if start < len(text):
        yield start, len(text)


def _by_punctuation(paragraph: str, offset: int, language: str) -> Iterator[int]:
    """Offsets of sentences by their punctuation; the number of a list item is not a sentence."""
    import sentencex

    numbered = False
    for piece in sentencex.get_sentence_boundaries(language, paragraph):
        if not numbered:
            yield offset + piece["start_index"]
        numbered = bool(_NUMBERING.search(piece["text"][-_LONGEST_NUMBERING:]))
