"""Questions from the index of a book: a term with its page numbers, answered where the term is on those pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.evaluation.structure.candidates import Candidate, candidate
from rag.evaluation.structure.passages import paragraphs_of
from rag.evaluation.structure.sections import Section, document_subject, is_answer
from rag.evaluation.structure.wording import in_context, n_telling, plain
from rag.text.stems import stem_of, telling_words
from rag.types import Document

KIND = "index"
_TITLE = re.compile(
    r"^[ \t#]*(?:(?:subject |general )?index|(?:sach|stichwort)(?:register|verzeichnis)|índice alfabético)[ \t]*$",
    re.I | re.M,
)
_RANGE = r"\d{1,4}(?:[ \t]*[-–][ \t]*\d{1,4})?"
_ENTRY = re.compile(
    r"[ \t]*(?P<term>[^\d\s,.;][^\n]*?)(?:,|[ \t.…]{2,}|[ \t])[ \t]*"
    rf"(?P<pages>{_RANGE}(?:,[ \t]*{_RANGE})*)[ \t]*"
)
_NUMBER = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")
_LEAST_ENTRIES = 5
_OFFSETS = range(-5, 41)
"""Pages before page 1: covers and front matter, which are counted in the file only."""
_MOST_PAGES = 3
"""Pages of an entry at most; a term on more pages is too general."""
_MOST_SPANS = 3


@dataclass(frozen=True, slots=True)
class _Entry:
    """A term of the index and the printed numbers of its pages."""

    term: str
    pages: tuple[int, ...]


def index_questions(document: Document, sections: Sequence[Section]) -> Iterator[Candidate]:
    """A question for each term of the index at the end of a document with pages.

    Printed page numbers and pages of the file differ by a number that is the same for all; it is the one with which
    most terms are found on their pages.
    """
    titles = list(_TITLE.finditer(document.text)) if document.pages else []
    if not titles:
        return
    index = titles[-1].start()
    entries = list(_entries(document.text[titles[-1].end() :]))
    if len(entries) < _LEAST_ENTRIES:
        return
    body = [(start, end) for start, end in _pages(document) if start < index]
    stems = [{word.stem for word in telling_words(document.text[start:end])} for start, end in body]
    offset = max(_OFFSETS, key=lambda shift: (_n_found(entries, stems, shift), -abs(shift)))
    subject = document_subject(document, sections)
    for entry in entries:
        places = [
            place for page in entry.pages for place in _places(document.text, body, page - 1 + offset, entry.term)
        ]
        if places and n_telling(entry.term):
            yield candidate(document, KIND, [in_context(entry.term, subject)], places[:_MOST_SPANS])


def _entries(text: str) -> Iterator[_Entry]:
    for line in text.splitlines():
        match = _ENTRY.fullmatch(line)
        if not match:
            continue
        pages: list[int] = []
        for number in _NUMBER.finditer(match["pages"]):
            first, last = int(number[1]), int(number[2] or number[1])
            pages += range(first, min(last, first + _MOST_PAGES) + 1)
        if len(pages) <= _MOST_PAGES:
            yield _Entry(_in_order(plain(match["term"])), tuple(pages))


def _in_order(term: str) -> str:
    """A term whose main word was put in front for the alphabet: "screens, shade" is "shade screens"."""
    head, comma, tail = term.partition(", ")
    return f"{tail} {head}" if comma else term


def _pages(document: Document) -> list[tuple[int, int]]:
    return list(zip(document.pages, [*document.pages[1:], len(document.text)], strict=True))


def _n_found(entries: Sequence[_Entry], stems: Sequence[set[str]], shift: int) -> int:
    """How many terms are on their pages if the printed page 1 is the page number `shift` of the file, from 0."""
    found = 0
    for entry in entries:
        wanted = {word.stem for word in telling_words(entry.term)}
        on = [page - 1 + shift for page in entry.pages]
        found += any(0 <= page < len(stems) and wanted <= stems[page] for page in on)
    return found


def _places(text: str, body: Sequence[tuple[int, int]], page: int, term: str) -> Iterator[tuple[int, int]]:
    """The paragraphs of a page that hold all telling words of the term."""
    if not 0 <= page < len(body):
        return
    wanted = {word.stem for word in telling_words(term)} or {stem_of(term)}
    start, end = body[page]
    for first, last in paragraphs_of(text[start:end]):
        passage = text[start + first : start + last]
        if wanted <= {word.stem for word in telling_words(passage)} and is_answer(passage):
            yield start + first, start + last
