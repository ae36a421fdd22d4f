"""Parsed files: the result of every format's reader, text with the offsets of pages, headings and rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.invisible import without_invisible
from rag.text.tokens import without_surrogates
from rag.types import Heading, Row

MAX_BYTES = 200 * 1024 * 1024
"""Size limit in bytes for a file, an archive member, or one part of an office file."""

_FIRST_WORDS = 8
_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.*)$", re.MULTILINE)
_UNDERLINED = re.compile(r"(?:\A|\n\n)([^\s>|#*+-][^\n]{0,119})\n(={3,}|-{3,})[ \t]*$", re.MULTILINE)
# A fence ends at a line with as many backticks or tildes, or more, and nothing else.
_FENCE = re.compile(
    r"^ {0,3}(?:(`{3,})[^`\n]*\n.*?(?:^ {0,3}\1`*[ \t]*$|\Z)|(~{3,})[^\n]*\n.*?(?:^ {0,3}\2~*[ \t]*$|\Z))",
    re.MULTILINE | re.DOTALL,
)
_FRONT_MATTER = re.compile(r"\A---\n.*?^(?:---|\.\.\.)$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_EMPHASIS = re.compile(r"(\*\*|\*|`)(?=\S)(.{1,200}?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's text with its structure; every offset counts characters of `text`."""

    text: str
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A page, slide or sheet before all are joined; `title` becomes its heading."""

    text: str
    title: str = ""


def clean(text: str) -> str:
    """Normalize text: one kind of line break, no null characters, no lone surrogates, no invisible ones in words.

    All spans refer to this text. See `rag.text.invisible` for the characters that are removed.
    """
    return without_invisible(without_surrogates(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")))


def join_pages(sections: Sequence[Section], notes: tuple[str, ...] = ()) -> Parsed:
    """Join sections into one text, each as a page; an empty text has no pages."""
    starts, headings, length = [], [], 0
    for section in sections:
        starts.append(length)
        if section.title:
            headings.append(Heading(length, section.title))
        length += len(section.text) + 2
    text = "\n\n".join(section.text for section in sections)
    if not text.strip():
        return Parsed("", notes=notes)
    return Parsed(text, tuple(starts), tuple(headings), notes=notes)


def markdown_headings(text: str) -> tuple[Heading, ...]:
    """Markdown headings (ATX and setext) outside code and front matter, each with the path of its parents."""
    titles = [(match.start(), len(match[1]), _plain(match[2])) for match in _HEADING.finditer(text)]
    titles += [
        (match.start(1), 1 if match[2][0] == "=" else 2, _plain(match[1])) for match in _UNDERLINED.finditer(text)
    ]
    outside = [match.span() for match in _FRONT_MATTER.finditer(text)] + fenced_code(text)
    inside = _within(sorted(outside), sorted(start for start, _, _ in titles))
    return nested_headings(sorted(title for title in titles if title[0] not in inside))


def fenced_code(text: str) -> list[tuple[int, int]]:
    """The spans of a Markdown text that are fenced as code."""
    return [match.span() for match in _FENCE.finditer(text)] if "```" in text or "~~~" in text else []


def _within(spans: Sequence[tuple[int, int]], places: Sequence[int]) -> set[int]:
    """Which of the ascending places are inside a span."""
    inside, passed = set(), 0
    for place in places:
        while passed < len(spans) and spans[passed][1] <= place:
            passed += 1
        if passed < len(spans) and spans[passed][0] <= place:
            inside.add(place)
    return inside


def nested_headings(titles: Sequence[tuple[int, int, str]]) -> tuple[Heading, ...]:
    """Headings from their offsets, levels (1 is the highest) and titles, each with the path of its parents."""
    trail: list[tuple[int, str]] = []
    headings = []
    for start, level, title in titles:
        trail = [(depth, parent) for depth, parent in trail if depth < level] + [(level, title)]
        headings.append(Heading(start, " > ".join(parent for _, parent in trail)))
    return tuple(headings)


def _plain(title: str) -> str:
    """A heading without the markup of links, emphasis and code."""
    return _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", title)).rstrip(" \t#")


def left_out(what: str, text: str) -> str:
    """A note on text that was left out, with its first words: "The footer was left out (5 words: 'Imprint Privacy …')."

    Args:
        what: the sentence's beginning, with its verb: "The footer was".
    """
    words = text.split()
    said = " ".join(words[:_FIRST_WORDS]) + (" …" if len(words) > _FIRST_WORDS else "")
    count = "1 word" if len(words) == 1 else f"{len(words):,} words"
    return f"{what} left out ({count}: '{said}')." if words else f"{what} left out."


def name_some(items: Sequence[str], shown: int = 5) -> str:
    """One or more items for a sentence: "1, 2 and 3", or the first ones and the number of the rest."""
    if len(items) > shown:
        return f"{', '.join(items[:shown])} and {len(items) - shown:,} more"
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))
