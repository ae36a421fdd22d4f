"""Headings in text without markup (PDF, plain text): a short line by itself above a paragraph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from rag.text.stems import count_words
from rag.types import Heading

_LINE = re.compile(r"^[^\n]+$", re.MULTILINE)
_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[A-Z]\.)\s+(?=\S)")
_ENDS_SENTENCE = re.compile(r"[.!?:…。！？][\"'”’)»]*\s*$")
_OPENS = re.compile(r"[^\W\d_]")
_LONGEST, _MOST_WORDS = 70, 9
_LEAST_PARAGRAPH = 60
"""Characters of the line below a heading."""


def plain_headings(text: str, pages: Sequence[int] = ()) -> tuple[Heading, ...]:
    """Headings guessed from the lines of a text; all are on one level below the first line if that is a title.

    A heading is at most 70 characters and 9 words long, begins with a capital letter or a number, ends without a full
    stop, follows the end of a sentence or a blank line, and stands above a line of at least 60 characters that begins
    with a capital letter. Lines that occur several times, such as running titles, are none.
    """
    lines = [match.span() for match in _LINE.finditer(text) if match[0].strip()]
    counts = Counter(text[start:end].strip() for start, end in lines)
    first = frozenset(pages)
    headings: list[Heading] = []
    before = ""
    for (start, end), (below_start, below_end) in pairwise(lines):
        line, below = text[start:end].strip(), text[below_start:below_end].strip()
        is_apart = (
            not before or start in first or text.endswith("\n\n", 0, start) or bool(_ENDS_SENTENCE.search(before))
        )
        if is_apart and counts[line] == 1 and _is_heading(line) and _is_paragraph(below):
            headings.append(Heading(start, line))
        before = line
    if headings and headings[0].start == lines[0][0]:
        title = headings[0].path
        return (headings[0], *(Heading(heading.start, f"{title} > {heading.path}") for heading in headings[1:]))
    return tuple(headings)


def _is_heading(line: str) -> bool:
    number = _NUMBERED.match(line)
    words = line[number.end() :] if number else line
    if not words or len(line) > _LONGEST or count_words(words) > _MOST_WORDS:
        return False
    is_closed = line.endswith((".", ",", ";", ":", "!", "-", "…", "。", "，", "|")) or "\t" in line
    return not is_closed and bool(_OPENS.match(words)) and not words[0].islower() and "|" not in line


def _is_paragraph(line: str) -> bool:
    opening = line.lstrip("\"'“„«(")
    return len(line) >= _LEAST_PARAGRAPH and bool(opening) and not opening[0].islower()
