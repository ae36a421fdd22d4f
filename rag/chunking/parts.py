"""Parts of a long document, which are chunked one after another, so that memory does not grow with its length."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

from rag.chunking.table_rows import records
from rag.types import Document, Heading, Row

PART_CHARACTERS = 500_000
"""A document of at most this length is one part."""


def document_parts(document: Document, most: int = PART_CHARACTERS) -> Iterator[tuple[int, Document]]:
    """The parts of a document in order, each with its offset; together they are the whole text.

    A part begins at a record or a heading, otherwise after a blank line or at a new line, and never inside a row. Its
    offsets count from its own beginning; a heading above it is its first heading.

    Args:
        most: characters of a part; more only where there is no place to cut.
    """
    length = len(document.text)
    if length <= most:
        yield 0, document
        return
    edges = _Edges(document)
    start = 0
    while start < length:
        end = length if length - start <= most else edges.best(start, start + most)
        yield start, edges.part(start, end)
        start = end


class _Edges:
    """The places at which a document may be cut in parts."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._rows = sorted(document.rows, key=lambda row: row.start)
        self._row_starts = [row.start for row in self._rows]
        self._row_ends = list(accumulate((row.end for row in self._rows), max))
        headings = {heading.start for heading in document.headings}
        self._strong = sorted(headings | {row.start for row in records(document)})

    def best(self, start: int, limit: int) -> int:
        """The last good place in (start, limit], else the first one behind it, else the end of the text."""
        text = self._document.text
        for place in reversed(self._strong[bisect_right(self._strong, start) : bisect_right(self._strong, limit)]):
            if self._is_free(place):
                return place
        for separator in ("\n\n", "\n"):
            found = text.rfind(separator, start, limit)
            while found > start:
                if self._is_free(found + len(separator)):
                    return found + len(separator)
                found = text.rfind(separator, start, found)
        found = text.find("\n", limit)
        while found >= 0 and not self._is_free(found + 1):
            found = text.find("\n", found + 1)
        return found + 1 if found >= 0 else len(text)

    def _is_free(self, place: int) -> bool:
        """Whether no row begins before `place` and ends behind it."""
        before = bisect_left(self._row_starts, place)
        return not before or self._row_ends[before - 1] <= place

    def part(self, start: int, end: int) -> Document:
        document = self._document
        first = bisect_right(document.headings, start, key=lambda heading: heading.start)
        last = bisect_left(document.headings, end, key=lambda heading: heading.start)
        headings = [Heading(one.start - start, one.path) for one in document.headings[first:last]]
        if first:
            headings.insert(0, Heading(0, document.headings[first - 1].path))
        rows = self._rows[bisect_left(self._row_starts, start) : bisect_left(self._row_starts, end)]
        return replace(
            document,
            text=document.text[start:end],
            pages=tuple(max(page - start, 0) for page in document.pages if page < end),
            headings=tuple(headings),
            rows=tuple(Row(row.start - start, row.end - start, row.fields) for row in rows),
        )
