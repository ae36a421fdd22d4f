"""Join the sheets of a workbook into one text: rows of tables with their columns, lists of labels, notes.

Every sheet is a heading, and a table's title is one below it. A row of a table is a row of the document, as in a CSV
file. Everything else is text: labels with their values ("Customer: Moor Farm"), and notes, each apart from the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from rag.documents.parsed import Parsed, clean, name_some
from rag.documents.readers.tables import check_rows, name_rows, split_rows
from rag.documents.readers.text_columns import guess_text_columns
from rag.documents.tables.blocks import Block, split_sheet
from rag.documents.tables.sheet import Sheet
from rag.documents.tables.text import row_line
from rag.errors import DocumentError
from rag.types import Fields, Heading, Row


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


def join_sheets(name: str, sheets: Sequence[Sheet], text_columns: tuple[str, ...] = ()) -> Parsed:
    """Join all sheets into one text.

    Args:
        text_columns: the columns with the text of the tables' rows; guessed for each table if empty.

    Raises:
        DocumentError: none of the tables has a chosen column, or there are too many rows.
    """
    split = [(sheet, split_sheet(sheet.cells)) for sheet in sheets]
    tables = [(sheet, block) for sheet, blocks in split for block in blocks if _is_table(sheet, block)]
    columns = list(dict.fromkeys(column for _, block in tables for column in block.found.names))
    missing = [column for column in text_columns if column not in columns]
    if missing and columns:
        raise DocumentError(f"'{name}' has no column '{missing[0]}'. Its columns are: {', '.join(columns)}.")
    check_rows(name, sum(len(block.found.body) for _, block in tables))
    text = _Text()
    for sheet, blocks in split:
        title = f"{sheet.name} (hidden sheet)" if sheet.is_hidden else sheet.name
        text.open(title)
        for block in blocks:
            _add_block(text, title, sheet, block, text_columns)
        for comment in _comments_apart(sheet, blocks):
            text.add(comment)
    return Parsed(
        "".join(text.pieces), headings=tuple(text.headings), rows=tuple(text.rows), notes=tuple(_notes(sheets))
    )


@dataclass(slots=True)
class _Text:
    """The text as far as it is written, with its headings and rows."""

    pieces: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    length: int = 0
    opened: str = ""

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


def _add_block(text: _Text, sheet_title: str, sheet: Sheet, block: Block, text_columns: tuple[str, ...]) -> None:
    above, below = block.found.title, block.found.notes
    if above:
        text.open(f"{sheet_title} > {clean(above[0])}")
    text.add(clean("\n".join(above)))
    if _is_table(sheet, block):
        rows = list(_table_rows(sheet, block))
        fields = [row for _, row in rows]
        chosen = tuple(column for column in text_columns if column in block.found.names)
        split = split_rows(fields, chosen or _guessed(fields))
        for (number, _), (row, labels) in zip(rows, split, strict=True):
            text.add("\n".join(filter(None, (row, *_comments(sheet, block, number)))), labels)
    else:
        lines = [line for line in _free_lines(sheet, block) if line]
        for number, line in enumerate(lines):
            text.add(line, () if len(lines) > 1 else None, goes_on=number > 0)
    text.add(clean("\n".join(below)))


def _is_table(sheet: Sheet, block: Block) -> bool:
    """Whether a block has named columns; a single column only if its name or its cells say that it holds texts."""
    if block.right - block.left > 1:
        return block.is_table and len(block.found.body) > 0
    return bool(block.found.header) and bool(guess_text_columns([row for _, row in _table_rows(sheet, block)]))


def _guessed(rows: Sequence[Fields]) -> tuple[str, ...]:
    guessed = guess_text_columns(rows)
    return () if rows and len(guessed) == len(rows[0]) > 1 else guessed


def _table_rows(sheet: Sheet, block: Block) -> Iterator[tuple[int, Fields]]:
    """The rows of a table with their row numbers in the sheet; blank ones only if they have a comment."""
    cells = sheet.cells
    numbers = [
        row
        for row in range(block.top + block.found.body.start, block.top + block.found.body.stop)
        if any(map(str.strip, cells[row][block.left : block.right])) or any(_comments(sheet, block, row))
    ]
    columns = [
        column
        for column in range(block.left, block.right)
        if any(cells[row][column].strip() for row in range(block.top + block.found.header.start, block.bottom))
    ]
    names = [block.found.names[column - block.left] for column in columns]
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
        if sheet.not_computed:
            count = len(sheet.not_computed)
            have = "1 formula has" if count == 1 else f"{count:,} formulas have"
            yield (
                f"Sheet '{sheet.name}': {have} no result in the file ({name_some(sheet.not_computed)}). Such a cell "
                "is empty here. Open the file in a spreadsheet program and save it again."
            )
