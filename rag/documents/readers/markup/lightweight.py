"""Read reStructuredText, Org and AsciiDoc: headings and tables, without comments and without what is in code blocks.

Each has its own signs: a line of punctuation under (and over) a title, `*` or `=` before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rag.documents.parsed import Parsed, left_out, nested_headings
from rag.documents.readers.markup.written_tables import (
    Spans,
    write_asciidoc_tables,
    write_org_tables,
    write_rst_tables,
)

Titles = Iterator[tuple[int, int, str]]
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*")
# Two dots, and no name of a directive, a target, a footnote or a substitution; and the indented lines below.
_RST_COMMENT = re.compile(
    r"^\.\.(?:[ \t]+(?![\[|_]|[\w:.+-]+::)\S.*|[ \t]*)(?:\n|\Z)(?:[ \t]+\S.*(?:\n|\Z))*", re.MULTILINE
)
_ORG_HEADING = re.compile(r"(\*+)[ \t]+(?:(?:TODO|DONE|NEXT|WAITING)[ \t]+)?(?:\[#[A-Z]\][ \t]+)?(\S.*)")
_ORG_TAGS = re.compile(r":(?:[\w@]+:)+")
_ORG_TITLE = "#+title:"
_ORG_COMMENT = re.compile(r"^[ \t]*#(?:[ \t]+.*)?(?:\n|\Z)", re.MULTILINE)
_ORG_BLOCK = re.compile(
    r"^[ \t]*#\+begin_(\w+).*?(?:^[ \t]*#\+end_\1.*?$|\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_ADOC_HEADING = re.compile(r"(={1,6})[ \t]+(\S.*)")
_ADOC_BLOCK = re.compile(r"^(-{4,}|\.{4,}|\+{4,}|/{4,}|`{3,})[ \t]*\n.*?(?:^\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_ADOC_COMMENT = re.compile(
    r"^//(?!/)[^\n]*(?:\n|\Z)|^/{4,}[ \t]*\n.*?(?:^/{4,}[ \t]*(?:\n|\Z)|\Z)", re.MULTILINE | re.DOTALL
)


def read_rst(text: str) -> Parsed:
    """reStructuredText: a title is a line with punctuation under it, as long as itself, and maybe over it."""
    return _read(text, _RST_COMMENT, None, _rst_titles, lambda text, _: write_rst_tables(text))


def read_org(text: str) -> Parsed:
    """Org: a title follows asterisks, `#+title:` is the document's."""
    return _read(text, _ORG_COMMENT, _ORG_BLOCK, _org_titles, write_org_tables)


def read_asciidoc(text: str) -> Parsed:
    """AsciiDoc: a title follows equals signs."""
    return _read(text, _ADOC_COMMENT, _ADOC_BLOCK, _asciidoc_titles, write_asciidoc_tables)


def _read(
    text: str,
    comment: re.Pattern[str],
    block: re.Pattern[str] | None,
    titles: Callable[[str], Titles],
    write_tables: Callable[[str, Spans], str],
) -> Parsed:
    text, comments = _without(text, comment, block)
    text = write_tables(text, _inside(text, block))
    inside = _inside(text, block)
    found = [one for one in titles(text) if not any(start <= one[0] < end for start, end in inside)]
    notes = (left_out("Comments were", comments),) if comments.strip() else ()
    return Parsed(text, headings=nested_headings(found), notes=notes)


def _inside(text: str, block: re.Pattern[str] | None) -> list[tuple[int, int]]:
    """The spans of blocks, such as code."""
    return [match.span() for match in block.finditer(text)] if block else []


def _without(text: str, comment: re.Pattern[str], block: re.Pattern[str] | None) -> tuple[str, str]:
    """The text without comments outside code, and the comments."""
    inside = [match.span() for match in block.finditer(text) if not match[0].startswith("//")] if block else []
    pieces, comments, done = [], [], 0
    for found in comment.finditer(text):
        if any(start <= found.start() < end for start, end in inside):
            continue
        pieces.append(text[done : found.start()])
        comments.append(found[0].strip("/#. \t\n"))
        done = found.end()
    return ("".join(pieces) + text[done:]).strip(), " ".join(comments)


def _lines(text: str) -> list[tuple[int, str]]:
    place, lines = 0, []
    for line in text.split("\n"):
        lines.append((place, line))
        place += len(line) + 1
    return lines


def _rst_titles(text: str) -> Titles:
    """Titles by their adornment, whose kinds have levels in the order in which they first appear."""
    kinds: list[str] = []
    lines = [(0, ""), *_lines(text)]
    for number in range(1, len(lines) - 1):
        (start, title), (_, under), (over_start, over) = lines[number], lines[number + 1], lines[number - 1]
        is_under = _ADORNMENT.fullmatch(under) and len(under.rstrip()) >= max(len(title.rstrip()), 2)
        if not is_under or not any(map(str.isalnum, title)):
            continue
        is_over = number > 1 and over.rstrip() == under.rstrip()
        # A title with a line under it alone begins at the left and follows a blank line.
        if not is_over and (title[0].isspace() or (over.strip() and number > 1)):
            continue
        kind = under[0] * (2 if is_over else 1)
        if kind not in kinds:
            kinds.append(kind)
        yield (over_start if is_over else start), kinds.index(kind) + 1, " ".join(title.split())


def _org_titles(text: str) -> Titles:
    for start, line in _lines(text):
        heading = _ORG_HEADING.fullmatch(line.rstrip())
        if heading:
            before, _, last = heading[2].rpartition(" ")
            title = before.rstrip() if before and _ORG_TAGS.fullmatch(last) else heading[2]
            yield start, len(heading[1]) + 1, title
        elif line[: len(_ORG_TITLE)].lower() == _ORG_TITLE and line[len(_ORG_TITLE) :].strip():
            yield start, 1, line[len(_ORG_TITLE) :].strip()


def _asciidoc_titles(text: str) -> Titles:
    for start, line in _lines(text):
        heading = _ADOC_HEADING.fullmatch(line.rstrip())
        if heading:
            # The signs may stand at the end as well.
            yield start, len(heading[1]), heading[2].removesuffix(f" {heading[1]}").rstrip()
