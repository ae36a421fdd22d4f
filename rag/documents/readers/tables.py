"""Tables with one passage per row: each row's text, and the labels that describe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.parsed import Parsed, clean
from rag.documents.readers.delimited import read_records_of
from rag.documents.readers.table_columns import choose_columns, require_columns
from rag.documents.readers.text_columns import guess_text_columns, is_title
from rag.documents.tables.blocks import Block, split_at_blank_rows
from rag.documents.tables.contrast import asks
from rag.documents.tables.header import FoundTable, find_table
from rag.documents.tables.kinds import kind_of, usual_kind
from rag.documents.tables.text import row_line
from rag.errors import DocumentError
from rag.types import Fields, Heading, Row

_MOST_GAPS = 200
"""Blank rows of a file that may part several tables; more are only empty lines."""
_MOST_KNOWN = 2_000
"""Different values of a column that are kept once, wherever they are."""
_LOOK_BELOW = 60
"""Rows that are looked at to find whether the first names the columns."""
MAX_ROWS = 500_000
"""The largest number of rows that a table may have."""


@dataclass(frozen=True, slots=True)
class RowTable:
    """The rows of a table, each value with its column's name, and the lines above the header and below the last row.

    If a file has several tables, one below the other, `between` has the paragraphs that stand before a row, by the
    row's number from 0; the first line of the last one is the heading of the rows below. `notes` are sentences for
    the user about how it was read.
    """

    rows: Sequence[Fields]
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    between: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def read_delimited(name: str, text: str, separator: str = "", most: int | None = None) -> RowTable:
    """The rows of a CSV file, each cell named by the header, which may stand below title lines, or be missing.

    Args:
        separator: detected (comma, semicolon, tab or bar) if empty; a first line "sep=;" takes precedence.
        most: read only about so many rows; all if None.

    Raises:
        DocumentError: the text cannot be read as a table, or has too many rows.
    """
    records = read_records_of(name, text, separator, MAX_ROWS + 100 if most is None else most)
    table = table_of_cells(records.cells)
    check_rows(name, len(table.rows))
    return replace(table, notes=(*records.notes, *table.notes))


def table_of_cells(cells: Sequence[Sequence[str]]) -> RowTable:
    """The rows of a table with its header found; a list of labels and their values ("Customer", "Moor Farm") is a row.

    Blank rows may part several tables. Without a header, the columns are "column 1", "column 2", and so on, and a note
    says so.
    """
    gaps = sum(not any(row) for row in cells)
    blocks = split_at_blank_rows(cells) if 0 < gaps <= _MOST_GAPS else []
    return _several_tables(cells, blocks) if len(blocks) > 1 and any(map(_has_rows, blocks)) else _one_table(cells)


def _has_rows(block: Block) -> bool:
    return block.is_table and len(block.found.body) > 0


def _several_tables(cells: Sequence[Sequence[str]], blocks: Sequence[Block]) -> RowTable:
    """The rows of all tables of a file, and the lines above, between and below them."""
    rows: list[Fields] = []
    paragraphs: dict[int, list[str]] = {}

    def say(lines: Iterable[str]) -> None:
        paragraph = clean("\n".join(filter(None, lines)))
        if paragraph:
            paragraphs.setdefault(len(rows), []).append(paragraph)

    for block in blocks:
        found, part = block.found, block.rows(cells)
        if _has_rows(block):
            say(found.title)
            rows += _named_rows(found, part)
        else:
            say([*found.title, *(row_line(found, part[number]) for number in (*found.header, *found.body))])
        say(found.notes)
    above, below = paragraphs.pop(0, []), paragraphs.pop(len(rows), [])
    return RowTable(rows, tuple(above), tuple(below), between={at: tuple(said) for at, said in paragraphs.items()})


def _named_rows(found: FoundTable, cells: Sequence[Sequence[str]]) -> list[Fields]:
    """The rows of a table without those that repeat its header, and without columns of neither a name nor a value."""
    body = [row for row in (cells[number] for number in found.body) if any(row) and not found.repeats_header(row)]
    width = len(found.names)
    if not found.header or any(any(row[width:]) for row in body):
        return name_rows(found.names, body)
    unnamed = [place for place, name in enumerate(found.names) if name == f"column {place + 1}"]
    blank = {place for place in unnamed if not any(row[place].strip() for row in body if place < len(row))}
    kept = [place for place in range(width) if place not in blank]
    cut = ([row[place] for place in kept if place < len(row)] for row in body)
    return name_rows([found.names[place] for place in kept], cut)


def _one_table(cells: Sequence[Sequence[str]]) -> RowTable:
    cells = [row for row in cells if any(map(str.strip, row))]
    found = find_table(cells)
    if found.kind == "table" and not found.header and not found.title and _names_columns(cells[:_LOOK_BELOW]):
        found = find_table(cells, header_rows=1)
    if found.kind == "pairs" and (pairs := _pairs(found, cells)):
        return RowTable([pairs], tuple(map(clean, found.title)), tuple(map(clean, found.notes)))
    rows = _named_rows(found, cells)
    last = len(found.names)
    named = "the column is named 'column 1'" if last == 1 else f"the columns are named 'column 1' to 'column {last}'"
    note = f"No header row was found, so {named} and the first row is a row like the others."
    return RowTable(
        rows, tuple(map(clean, found.title)), tuple(map(clean, found.notes)), () if found.header else (note,)
    )


def _names_columns(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns, though with words like those below it, as in the answers to a survey.

    No cell is a value, and one stands above values of another kind, or is a question above answers.
    """
    head = [cell.strip() for cell in cells[0]] if cells else []
    below = [[row[place].strip() for row in cells[1:] if place < len(row)] for place in range(len(head))]
    if len(set(head)) < len(head) or any(kind_of(cell) not in ("text", "code") for cell in head):
        return False
    if any(cell in values for cell, values in zip(head, below, strict=True)):
        return False
    kinds = [usual_kind([kind_of(value) for value in values]) for values in below]
    return any(map(asks, head, below)) or any(kind_of(cell) == "text" and kind in ("number", "flag", "code")
                            for cell, kind in zip(head, kinds, strict=True))  # fmt: skip


def _pairs(found: FoundTable, cells: Sequence[Sequence[str]]) -> Fields:
    """Labels and their values as one row; empty if a label is missing, or all are numbers, as in a list of prices."""
    pairs = [(clean(label), clean(value)) for number in found.body for label, value in found.pairs_of(cells[number])]
    is_list = usual_kind([kind_of(value) for _, value in pairs]) not in ("", "text")
    return () if is_list or not all(label for label, _ in pairs) else tuple(pairs)


def check_rows(name: str, count: int) -> None:
    """Refuse a table with more rows than the limit.

    Raises:
        DocumentError: more than MAX_ROWS rows.
    """
    if count > MAX_ROWS:
        raise DocumentError(f"'{name}' has more than {MAX_ROWS:,} rows, the limit. Split the table.")


def name_rows(header: Sequence[str], lines: Iterable[Sequence[str]]) -> list[Fields]:
    """Each line's cells with their column names; missing and repeated names get a number."""
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(header, start=1):
        name = clean(cell).strip() or f"column {position}"
        while name in taken:
            name = f"{name} {position}"
        names.append(name)
        taken.add(name)
    rows = []
    known: list[dict[str, tuple[str, str]]] = []
    for line in lines:
        names += [f"column {position}" for position in range(len(names) + 1, len(line) + 1)]
        known += [{} for _ in range(len(line) - len(known))]
        rows.append(tuple(map(_named, names, line, known)))
    return rows


def _named(column: str, cell: str, known: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """A cell with its column's name; equal ones are kept once, so that a long table of categories needs little."""
    pair = known.get(cell)
    if pair is None:
        pair = (column, clean(cell).strip())
        if len(known) < _MOST_KNOWN:
            known[cell] = pair
    return pair


def join_rows(name: str, table: RowTable, roles: ColumnRoles = GUESSED) -> Parsed:
    """Join all rows into one text with the span of each row; see `split_rows` for what is text and what is a field.

    Args:
        roles: what the columns are for; guessed where nothing was chosen.

    Raises:
        DocumentError: a chosen column is not in the table.
    """
    require_columns(name, list(dict.fromkeys(column for row in table.rows for column, _ in row)), roles)
    chosen = choose_columns(table.rows, roles)
    split = split_rows(chosen.rows, chosen.text)
    parsed = place_rows(split, above=table.above, between=table.between, below=table.below)
    notes = (*table.notes, *chosen.notes, *parsed.notes)
    return Parsed(parsed.text, headings=parsed.headings, rows=parsed.rows, notes=notes)


def split_rows(rows: Iterable[Fields], text_columns: tuple[str, ...]) -> Iterator[tuple[str, Fields]]:
    """Each row's text and its fields, in the order of the table.

    The text is the cells of the text columns, and the fields are the others, with the title of a text. For a row
    without a value in these columns, the text columns are guessed. If there are none, the text is "column: value;
    column: value", and all columns are fields.
    """
    chosen = set(text_columns)
    titles = {column for column in text_columns if is_title(column)}
    for row in rows:
        has_text = any(value for column, value in row if column in chosen)
        used = chosen if has_text or not chosen else set(guess_text_columns([row]))
        text = "\n".join(value for column, value in row if column in used and value)
        if text:
            kept = titles if used - titles else set()
            yield text, tuple(field for field in row if field[0] not in used or field[0] in kept)
        else:
            yield _line(row), row


def _line(row: Fields) -> str:
    """A row as "column: value; column: value"; a first column without a name has the row's own name."""
    is_label = len(row) > 0 and row[0][0] == "column 1" and (len(row) == 1 or row[1][0] != "column 2")
    said = [row[0][1] if is_label and number == 0 else f"{column}: {value}"
            for number, (column, value) in enumerate(row) if value]  # fmt: skip
    return "; ".join(said)


def place_rows(
    split: Iterable[tuple[str, Fields]],
    *,
    above: Sequence[str] = (),
    between: Mapping[int, Sequence[str]] | None = None,
    below: Sequence[str] = (),
) -> Parsed:
    """Join the rows' texts in order; rows without text are skipped and counted in a note.

    Args:
        above: title lines, which come first; the first is the rows' heading.
        between: paragraphs before further rows, see `RowTable`.
        below: lines that follow the last row.
    """
    parts: list[str] = []
    placed: list[Row] = []
    headings: list[Heading] = []
    position = empty = 0
    paragraphs: dict[int, Sequence[str]] = {**(between or {}), **({0: ["\n".join(above)]} if above else {})}
    for number, (text, fields) in enumerate(split):
        for paragraph in paragraphs.get(number, ()):
            if paragraph is paragraphs[number][-1]:
                headings.append(Heading(position, paragraph.partition("\n")[0]))
            parts.append(paragraph)
            position += len(paragraph) + 2
        if not text:
            empty += 1
            continue
        parts.append(text)
        placed.append(Row(position, position + len(text), fields))
        position += len(text) + 2
    note = "1 row without text was left out." if empty == 1 else f"{empty:,} rows without text were left out."
    text = "\n\n".join([*(parts or above), *below])
    return Parsed(text, headings=tuple(headings), rows=tuple(placed), notes=(note,) if empty else ())
