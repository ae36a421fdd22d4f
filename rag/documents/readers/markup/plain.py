"""Read plain text: headings that stand apart, pipe tables, and words that were divided at the ends of lines."""

from __future__ import annotations

import re
from collections import Counter

from rag.documents.parsed import Parsed, markdown_headings
from rag.documents.readers.pipe_tables import write_pipe_tables

_DIVIDED = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})-[ \t]*\n[ \t]*([^\W\d_]{2,}(?:-[^\W\d_]+)*)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def read_plain(text: str) -> Parsed:
    """The text with Markdown headings, of which a line with "#" needs blank lines around it: else it is a comment.

    A script, which begins with "#!", has comments only.
    """
    text = write_pipe_tables(join_divided(text), states_header=True)
    if text.startswith("#!"):
        return Parsed(text)
    headings = (one for one in markdown_headings(text) if text[one.start] != "#" or _stands_apart(text, one.start))
    return Parsed(text, headings=tuple(headings))


def _stands_apart(text: str, start: int) -> bool:
    """Whether a line with "#" has nothing directly above and below it, but for headings of other levels."""
    above = text[:start].rstrip(" \t").rpartition("\n")[0].rpartition("\n")[2].strip() if start else ""
    end = text.find("\n", start)
    below = text[end + 1 :].partition("\n")[0].strip() if end >= 0 else ""
    level = _level(text[start : start + 7])
    return (not above or 0 < _level(above) < level) and (not below or _level(below) > level)


def _level(line: str) -> int:
    """The number of signs that a heading begins with; 0 if the line is none."""
    return len(line) - len(line.lstrip("#"))


def join_divided(text: str) -> str:
    """The text with the words joined that a hyphen at a line's end divides, if the text has the word elsewhere.

    "exam-" and "ple" become "example" if "example" is in the text, and "price-" and "determining" become
    "price-determining" if that is. Else they stay apart: the hyphen may belong to the word.
    """
    if "-\n" not in text.replace(" ", ""):
        return text
    words = Counter(word.casefold() for word in _WORD.findall(_DIVIDED.sub(" ", text)))

    def joined(found: re.Match[str]) -> str:
        whole, hyphened = f"{found[1]}{found[2]}", f"{found[1]}-{found[2]}"
        as_whole, as_hyphened = words[whole.casefold()], words[hyphened.casefold()]
        if as_whole == as_hyphened == 0:
            return found[0]
        return whole if as_whole > as_hyphened else hyphened

    return _DIVIDED.sub(joined, text)
