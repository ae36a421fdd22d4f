"""Where the sentences of a text lie."""

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
    """Spans [start, end) of the sentences of `text`, without the spaces around them; a line's end ends one."""
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
    """Offsets at which a sentence begins, ascending; one may point at the spaces before it.

    Paragraphs, list items, table rows and what follows a short line (a title, an address) begin sentences too.
    A line that only a column's width has broken begins none.

    Args:
        language: ISO 639-1, for its abbreviations; empty where it is not known.
    """
    text = without_surrogates(text)
    starts = {match.start() for match in _ITEM.finditer(text)}
    starts |= {match.end() for match in _AFTER_SHORT_LINE.finditer(text)}
    for start, end in _paragraphs(text):
        starts |= set(_spoken(text[start:end], start, language or "en"))
    return sorted(starts)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for blank in _BLANK_LINE.finditer(text):
        if blank.start() > start:
            yield start, blank.start()
        start = blank.end()
    if start < len(text):
        yield start, len(text)


def _spoken(paragraph: str, offset: int, language: str) -> Iterator[int]:
    """Where sentences begin by their punctuation; the number of a list item is none of its own."""
    import sentencex

    numbered = False
    for piece in sentencex.get_sentence_boundaries(language, paragraph):
        if not numbered:
            yield offset + piece["start_index"]
        numbered = bool(_NUMBERING.search(piece["text"][-_LONGEST_NUMBERING:]))
