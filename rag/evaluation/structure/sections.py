"""Sections of a document: each heading with its parents and the text up to the next heading."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from rag.chunking.table_rows import labels_of_text
from rag.evaluation.structure.candidates import normalized
from rag.evaluation.structure.plain_headings import plain_headings
from rag.evaluation.structure.wording import n_telling, plain
from rag.text.sentences import sentence_starts
from rag.text.stems import count_words
from rag.types import Document, Heading

_FENCE = re.compile(r"^[ \t]*(```+|~~~+).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*(.+)$", re.MULTILINE)
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})[ \t]*(?:\n|\Z)")
_HIDDEN = re.compile(
    r"^:::.*(?:\n[ \t]+:.*)*|<!--.*?-->|\]\([^()]*\)|^\[[^\]]+\]:.*$|https?://\S+|<[^<>]*>", re.MULTILINE | re.DOTALL
)
_LINK_TEXT = re.compile(r"\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])")
_POINTS = re.compile(
    r"\b(?:see|refer to|check out|read|visit|consult|moved to|described (?:in|at)|siehe|voir|véase)\b", re.IGNORECASE
)
_UNTOLD = frozenset({"readme", "index", "introduction", "overview", "home", "main"})
LONGEST = 6_000
"""Characters of the longest gold passage: a longer one would be most of a document."""
LONGEST_DOCUMENT = 4_000
"""Characters of the longest document that is a gold passage as a whole."""
LEAST_WORDS = 10
"""Words of the shortest section that can answer a question."""
LEAST_OPENING = 25
"""The same for a section with sections below it, which often only announces them."""
_MOST_LINKS = 0.5
"""The largest share of a section's letters that may be the text of links."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading without markup, its parents from the outermost, and its own text [start, end) below the heading.

    `place` is the offset of the heading.
    """

    title: str
    parents: tuple[str, ...]
    place: int
    start: int
    end: int


def sections_of(document: Document) -> tuple[Section, ...]:
    """The sections in their order; the headings of a text without marked headings are guessed from its lines."""
    code = code_spans(document.text)
    headings = tuple(one for one in document.headings if not is_code(code, one.start, one.start + 1))
    if not headings and not document.rows:
        headings = plain_headings(document.text, document.pages)
    ends = [*(heading.start for heading in headings), len(document.text)][1:]
    sections = []
    for (title, parents), heading, end in zip(_titles(headings), headings, ends, strict=True):
        start = min(_body_start(document.text, heading.start, title), end)
        sections.append(Section(plain(title), parents, heading.start, start, end))
    return tuple(sections)


def _titles(headings: Sequence[Heading]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each heading's own words and its parents; a path is split only where an earlier heading ends."""
    trail: list[tuple[str, str]] = []
    for heading in headings:
        while trail and not heading.path.startswith(f"{trail[-1][0]} > "):
            trail.pop()
        title = heading.path[len(trail[-1][0]) + 3 :] if trail else heading.path
        yield title, tuple(parent for _, parent in trail)
        trail.append((heading.path, plain(title)))


def _body_start(text: str, place: int, title: str) -> int:
    """Where the text below a heading begins; some formats keep the heading's words out of the text."""
    line_end = text.find("\n", place)
    line_end = len(text) if line_end < 0 else line_end
    words = normalized(plain(title))
    if words not in normalized(plain(text[place:line_end])):
        return place
    underline = _UNDERLINE.match(text, line_end + 1)
    return underline.end() if underline else line_end


def document_title(document: Document, sections: Sequence[Section]) -> str:
    """The document's own title: from its front matter, or the heading above all others; empty without one."""
    front = _FRONT_MATTER.match(document.text)
    stated = _TITLE.search(front[1]) if front else None
    if stated:
        return plain(stated[1].strip().strip("\"'"))
    labelled = dict(labels_of_text(document)).get("title", "")
    if labelled:
        return plain(labelled)
    before = document.text[front.end() if front else 0 : sections[0].place] if sections else ""
    if sections and not sections[0].parents and not before.strip():
        first = sections[0]
        if all(section.parents[:1] == (first.title,) for section in sections[1:]) and first.title:
            return first.title
    return ""


def document_subject(document: Document, sections: Sequence[Section]) -> str:
    """What to call a document in a question: its title, else the words of its file name, or of the file's folder.

    If none of them says what it is about, it is the title, which may be empty.
    """
    title = document_title(document, sections)
    if n_telling(title):
        return title
    path = PurePosixPath(document.name.replace("\\", "/"))
    stems = (_words(stem) for stem in (path.stem, *reversed(path.parent.parts)))
    return next((stem for stem in stems if stem.casefold() not in _UNTOLD and n_telling(stem)), title)


def _words(name: str) -> str:
    return " ".join(re.split(r"[\s_.-]+", name)).strip()


def body_span(document: Document) -> tuple[int, int]:
    """The document's text without its front matter and its title line."""
    front = _FRONT_MATTER.match(document.text)
    start = front.end() if front else 0
    return start, len(document.text)


def code_spans(text: str) -> list[tuple[int, int]]:
    """Spans of fenced code and of front matter, in order."""
    found = [match.span() for pattern in (_FRONT_MATTER, _FENCE) for match in pattern.finditer(text)]
    return sorted(found)


def is_code(code: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether [start, end) shares characters with one of the spans, which are in order and apart, as `code_spans`."""
    place = bisect_right(code, (start, start))
    return (place < len(code) and code[place][0] < end) or (place > 0 and code[place - 1][1] > start)


def is_answer(text: str, least_words: int = LEAST_WORDS) -> bool:
    """Whether a passage has enough words of its own to answer something, and does not only point to others."""
    shown = _HIDDEN.sub(" ", text)
    if count_words(shown) < least_words or len(text) > LONGEST:
        return False
    if len(sentence_starts(text)) < 2 and _POINTS.search(text) and _LINK_TEXT.search(text):
        return False
    letters = sum(sign.isalpha() for sign in shown)
    linked = sum(sign.isalpha() for match in _LINK_TEXT.finditer(text) for sign in match[0].partition("]")[0])
    return linked <= _MOST_LINKS * letters


def lines_of(text: str) -> list[tuple[int, int]]:
    """Spans of the lines outside fenced code and front matter, without their line breaks."""
    breaks = [-1, *(match.start() for match in re.finditer("\n", text)), len(text)]
    hidden = code_spans(text)
    lines, passed = [], 0
    for before, after in pairwise(breaks):
        start = before + 1
        while passed < len(hidden) and hidden[passed][1] <= start:
            passed += 1
        if passed == len(hidden) or hidden[passed][0] > start:
            lines.append((start, after))
    return lines
