"""Context lines: where a chunk stands, as one line: the document's title and the headings above it.

For a row of a table, it is the headings and the row's short labels: "Tickets > ticket: T-902; city: York". A chunk that
says "It is due within 30 days" is found by "annual report" only if the line names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from rag.chunking.row_labels import embedded_columns, labels_apart_from
from rag.chunking.table_rows import is_table_file, labels_of_text, records
from rag.text.labels import written
from rag.text.stems import word_set
from rag.types import Document, Fields, TextTokenizer

SEPARATOR = " > "
_PDF = "application/pdf"
_LONGEST_PART, _LONGEST = 80, 200
"""Characters of a heading, and of a line."""
_SHARE_OF_WINDOW = 4
"""A line has at most one token of so many that the model reads."""
_MARKS = " \t#*_=`>"
_WORD = re.compile(r"[^\W\d_]{3,}")
_SAYS_NOTHING = word_set(
    "copy doc document download draft export file final image img index main new old page pdf print readme scan "
    "screenshot test text tmp untitled upload version"
)
"""Words of file names that say nothing about the content."""


@dataclass(frozen=True, slots=True)
class ContextLines:
    """Makes the context lines of a document's chunks.

    Args:
        limit: the largest number of tokens of a line, counted by `tokenizer`.
        labels: for a table, the columns whose values are in the line.
    """

    title: str
    has_headings: bool
    tokenizer: TextTokenizer
    limit: int
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Document, tokenizer: TextTokenizer, window: int) -> ContextLines:
        """The lines of this document for a model that reads `window` tokens.

        Rows that are chunks of their own have labels, in a table instead of a title. Headings of a PDF are guessed
        from its layout, so they are left out.
        """
        has_headings, limit = has_certain_headings(document), window // _SHARE_OF_WINDOW
        if not records(document):
            return cls(title_of(document), has_headings, tokenizer, limit)
        columns = embedded_columns(document.rows)
        if is_table_file(document):
            return cls("", has_headings, tokenizer, limit, columns)
        title = title_of(document)
        labels = dict(labels_of_text(document))
        return cls(title, has_headings, tokenizer, limit, tuple(one for one in columns if labels.get(one) != title))

    def line(self, heading: str, text: str, fields: Fields = ()) -> str:
        """The context line of a chunk below these headings ("Travel > Hotels"); empty if there is nothing to say.

        Headings with which the text itself begins, and labels that it has, are left out.
        """
        path = heading.split(SEPARATOR) if heading and self.has_headings else []
        parts = path if self.title in path or not self.title else [self.title, *path]
        begins_with = _heading_lines(text, len(parts))
        said = [_shortened(part, _LONGEST_PART) for part in parts if _bare(part) not in begins_with]
        while len(said) > 2 and len(SEPARATOR.join(said)) > _LONGEST:
            del said[len(said) // 2]
        place = self._within_limit(SEPARATOR.join(said))
        return self._with_labels(place, labels_apart_from(text, fields, self.labels)) if fields else place

    def most_tokens(self, document: Document) -> int:
        """The number of tokens that any line of the document has at most, with its line break."""
        if self.labels:
            return self.limit + 1
        paths = {heading.path for heading in document.headings} if self.has_headings else set()
        lines = list(filter(None, (self.line(path, "") for path in {"", *paths})))
        return max(self.tokenizer.count(lines)) + 1 if lines else 0

    def _with_labels(self, place: str, labels: list[tuple[str, str]]) -> str:
        """The line with as many of the labels as fit; a label is never cut."""
        while labels:
            line = SEPARATOR.join(filter(None, (place, written(labels))))
            # No tokenizer needs more tokens than there are bytes.
            if len(line.encode()) <= self.limit or self.tokenizer.count([line])[0] <= self.limit:
                return line
            labels = labels[:-1]
        return place

    def _within_limit(self, line: str) -> str:
        spans = self.tokenizer.spans(line) if line else ()
        return line if len(spans) <= self.limit else line[: int(spans[self.limit - 1][1])].rstrip()


def title_of(document: Document) -> str:
    """The document's title: its label "title", the heading that it begins with and that all others are below, or its
    file's name.

    A name without a telling word, such as "scan 0012.pdf", is no title.
    """
    stated = dict(labels_of_text(document)).get("title", "")
    if stated:
        return stated
    headings = document.headings
    if has_certain_headings(document) and not document.text[: headings[0].start].strip():
        root = headings[0].path
        if all(heading.path == root or heading.path.startswith(root + SEPARATOR) for heading in headings):
            return root
    stem = PurePosixPath(document.name.replace("\\", "/")).stem
    words = re.sub(r"[\s_\-.]+", " ", stem).strip()
    telling = [word for word in _WORD.findall(words.casefold()) if word not in _SAYS_NOTHING]
    return words if telling else ""


def has_certain_headings(document: Document) -> bool:
    """Whether the document names its headings itself, so that they are not guessed from its layout."""
    return bool(document.headings) and document.media_type != _PDF


def _heading_lines(text: str, most: int) -> set[str]:
    """The first lines of a text, which may be headings."""
    lines = (line for line in text.splitlines() if line.strip())
    return {_bare(line) for line, _ in zip(lines, range(most), strict=False)}


def _bare(line: str) -> str:
    return " ".join(line.strip(_MARKS).split()).casefold()


def _shortened(part: str, most: int) -> str:
    part = " ".join(part.split())
    return part if len(part) <= most else part[: most - 1].rsplit(" ", 1)[0] + "…"
