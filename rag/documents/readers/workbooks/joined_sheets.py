"""Join the sheets of a workbook into one text: rows of tables with their columns, lists of labels, notes.

Every sheet is a heading, and a table's title is one below it. A row of a table is a row of the document, as in a CSV
file. Everything else is text: labels with their values ("Customer: Moor Farm"), and notes, each apart from the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.parsed import Parsed, clean, name_some
from rag.documents.readers.table_columns import ChosenColumns, choose_columns, require_columns
from rag.documents.readers.tables import check_rows, name_rows, split_rows
from rag.documents.readers.text_columns import guess_text_columns
from rag.documents.tables.blocks import Block, split_sheet
from rag.documents.tables.sheet import Sheet
from rag.documents.tables.text import row_line
from rag.types import Fields, Heading, Row

_FEWEST_TEXTS = 2
"""Rows of a single column, from which it is a table: a label with one text below it is none."""


def all_table_rows(sheets: Sequence[Sheet]) -> list[Fields]:
    """The rows of all tables, in order."""
    return list(
        chain.from_iterable(
            (fields for _, fields in _table_rows(sheet, block))
            for sheet in sheets
            for block in split_sheet(sheet.cells)
            if _is_table(sheet, block)
        )
    )


def join_sheets(name: str, sheets: Sequence[Sheet], roles: ColumnRoles = GUESSED) -> Parsed:
    """Join all sheets into one text.

    Args:
        roles: what the tables' columns are for; guessed for each table where nothing was chosen.

    Raises:
        DocumentError: none of the tables has a chosen column, or there are too many rows.
    """
    split = [(sheet, split_sheet(sheet.cells)) for sheet in sheets]
    tables = [(sheet, block) for sheet, blocks in split for block in blocks if _is_table(sheet, block)]
    columns = list(dict.fromkeys(column for _, block in tables for column in block.found.names))
    require_columns(name, columns, roles)
    check_rows(name, sum(len(block.found.body) for _, block in tables))
    text = _Text()
    for sheet, blocks in split:
        title = f"{sheet.name} (hidden sheet)" if sheet.is_hidden else sheet.name
        text.open(title)
        for block in blocks:
            _add_block(text, title, sheet, block, roles)
        for apart in (*_comments_apart(sheet, blocks), *sheet.drawn):
            text.add(apart)
    notes = (*_notes(sheets), *dict.fromkeys(text.notes))
    return Parsed("".join(text.pieces), headings=tuple(text.headings), rows=tuple(text.rows), notes=notes)


@dataclass(slots=True)
class _Text:
    """The text as far as it is written, with its headings and rows."""

    pieces: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    length: int = 0
    opened: str = ""
    notes: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Begin a section at what is added next; nothing happens if nothing is added."""
        self.opened = path

    def add(self, text: str, fields: Fields | None = None, *, goes_on: bool = False) -> None:
        """Add a paragraph, or a line of the one before; a row of a table if it has `fields`, which may be none."""
        if not text:
            return
        separator = "" if not self.pieces else "\n" if goes_on else "\n\n"
        start = self.length + len(separator)
        if self.opened:
            self.headings.append(Heading(start, self.opened))
            self.opened = ""
        if fields is not None:
            self.rows.append(Row(start, start + len(text), fields))
        self.pieces += [separator, text]
        self.length = start + len(text)


def _add_block(text: _Text, sheet_title: str, sheet: Sheet, block: Block, roles: ColumnRoles) -> None:
    above, below = block.found.title, block.found.notes
    if above:
        text.open(f"{sheet_title} > {clean(above[0])}")
    text.add(clean("\n".join(above)))
    is_table = _is_table(sheet, block)
    first = block.found.body.start if is_table or not block.found.header else block.found.header.start
    for number in range(block.top, block.top + first):
        text.add("\n".join(_comments(sheet, block, number)))
    if is_table:
        _add_table(text, " > ".join([sheet_title, *map(clean, above[:1])]), sheet, block, roles)
    else:
        lines = [line for line in _free_lines(sheet, block) if line]
        for number, line in enumerate(lines):
            text.add(line, () if len(lines) > 1 else None, goes_on=number > 0)
    text.add(clean("\n".join(below)))


def _add_table(text: _Text, path: str, sheet: Sheet, block: Block, roles: ColumnRoles) -> None:
    """Add the rows of a table; the name of a group of rows is a heading with the rows below it."""
    rows = list(_table_rows(sheet, block))
    chosen = _columns_of(block, [row for _, row in rows], roles)
    text.notes += chosen.notes
    lines = dict(zip((number for number, _ in rows), split_rows(chosen.rows, chosen.text), strict=True))
    groups = dict(_groups(sheet, block))
    for number in sorted(lines.keys() | groups.keys()) if groups else lines:
        line, labels = lines[number] if number in lines else (groups[number], None)
        if number in groups:
            text.open(f"{path} > {line}")
        text.add("\n".join(filter(None, (line, *_comments(sheet, block, number)))), labels)


def _groups(sheet: Sheet, block: Block) -> Iterator[tuple[int, str]]:
    """The rows of the sheet that name a group of the rows below, with the name."""
    for number in range(block.top + block.found.body.start, block.top + block.found.body.stop):
        row = sheet.cells[number][block.left : block.right]
        if block.found.is_group(row):
            yield number, clean(" ".join(row[0].split()))


def _is_table(sheet: Sheet, block: Block) -> bool:
    """Whether a block has named columns; a single column only if its name or its cells say that it holds texts."""
    if block.right - block.left > 1:
        return block.is_table and len(block.found.body) > 0
    if not block.found.header or len(block.found.body) < _FEWEST_TEXTS:
        return False
    return bool(guess_text_columns([row for _, row in _table_rows(sheet, block)]))


def _columns_of(block: Block, rows: Sequence[Fields], roles: ColumnRoles) -> ChosenColumns:
    """The columns of one table; without any of the chosen text columns, its text is guessed."""
    text = tuple(column for column in roles.text or () if column in block.found.names)
    return choose_columns(rows, replace(roles, text=None if roles.text and not text else roles.text and text))


def _table_rows(sheet: Sheet, block: Block) -> Iterator[tuple[int, Fields]]:
    """The rows of a table with their row numbers in the sheet; blank ones only if they have a comment."""
    cells, found = sheet.cells, block.found
    numbers = [
        row
        for row in range(block.top + found.body.start, block.top + found.body.stop)
        if any(map(str.strip, line := cells[row][block.left : block.right])) or any(_comments(sheet, block, row))
        if not found.repeats_header(line) and not found.is_group(line)
    ]
    columns = [
        column
        for column in range(block.left, block.right)
        if any(cells[row][column].strip() for row in range(block.top + found.header.start, block.bottom))
    ]
    names = [found.names[column - block.left] for column in columns]
    lines = ([cells[row][column] for column in columns] for row in numbers)
    return zip(numbers, name_rows(names, lines), strict=True)


def _free_lines(sheet: Sheet, block: Block) -> Iterator[str]:
    """The rows of a block without named columns, each as a line."""
    found = block.found
    first = found.header.start if found.header else found.body.start
    for number in range(block.top + first, block.top + found.body.stop):
        row = sheet.cells[number][block.left : block.right]
        is_named = number - block.top in found.body and block.right - block.left > 1
        line = row_line(found, row) if is_named else " ".join(" ".join(row).split())
        yield clean("; ".join(filter(None, (line, *_comments(sheet, block, number)))))


def _comments(sheet: Sheet, block: Block, row: int) -> Iterator[str]:
    """The comments on the cells of a row, as sentences."""
    for column in range(block.left, block.right) if sheet.comments else ():
        if comment := sheet.comments.get((row, column)):
            name = block.found.names[column - block.left] if block.found.header else ""
            yield f"Comment on {name}: {comment}" if name else f"Comment: {comment}"


def _comments_apart(sheet: Sheet, blocks: Sequence[Block]) -> Iterator[str]:
    """The comments on cells without a value outside all blocks."""
    for (row, column), comment in sheet.comments.items():
        if not any(one.top <= row < one.bottom and one.left <= column < one.right for one in blocks):
            yield f"Comment: {comment}"


def _notes(sheets: Sequence[Sheet]) -> Iterator[str]:
    hidden = [f"'{sheet.name}'" for sheet in sheets if sheet.is_hidden]
    if len(hidden) == 1:
        yield f"Sheet {hidden[0]} is hidden in the file. It was read, and its heading says so."
    elif hidden:
        yield f"Sheets {name_some(hidden)} are hidden in the file. They were read, and their headings say so."
    for sheet in sheets:
        if sheet.hidden_rows or sheet.hidden_columns:
            parts = [_counted(sheet.hidden_rows, "row"), _counted(sheet.hidden_columns, "column")]
            yield f"Sheet '{sheet.name}' has {' and '.join(filter(None, parts))}. They were read like the others."
        if sheet.not_computed:
            count = len(sheet.not_computed)
            have = "1 formula has" if count == 1 else f"{count:,} formulas have"
            yield (
                f"Sheet '{sheet.name}': {have} no result in the file ({name_some(sheet.not_computed)}). Such a cell "
                "is empty here. Open the file in a spreadsheet program and save it again."
            )


def _counted(count: int, what: str) -> str:
    return f"{count:,} hidden {what}{'s' if count > 1 else ''}" if count else ""
