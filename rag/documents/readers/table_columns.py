"""The columns of a table: what each is for, guessed from its name and its first cells, with the reason in plain words.

A column that a person has given another role keeps that one; see `rag.documents.column_roles`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.documents.column_roles import ColumnRoles, Role
from rag.documents.parsed import name_some
from rag.documents.readers.text_columns import LOOK, guess_text_columns, is_title, words_of
from rag.errors import DocumentError
from rag.text.column_values import column_values, is_missing
from rag.text.stems import word_set
from rag.types import Fields

_SHOWN_ROWS, _SHOWN_CHARACTERS = 5, 200
_NEARLY_ALL = 0.9
_LONG = 30
"""Mean length in characters from which it is said of a label."""
_LINK = re.compile(r"(?:https?://|ftp://|www\.)\S+|mailto:\S+", re.IGNORECASE)
_COUNTERS = frozenset(("", "column 1", "index", "level_0", "__index_level_0__", "unnamed: 0"))
"""Names that programs give to a column which they add to number the rows."""
_IDS = word_set("code ean fax gtin iban id isbn key nr phone plz postcode sku tel telephone uid uuid zip")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column, the role guessed for it, and the reason: "mean 214 characters", "17 different values"."""

    name: str
    role: Role
    reason: str


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table and the cells of its first rows, cut to 200 characters, in the order of the columns.

    `n_rows` is the number of rows from which the roles were guessed, at most `LOOK`.
    """

    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    n_rows: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in the table's order."""
        return tuple(column.name for column in self.columns)

    @property
    def guessed(self) -> tuple[str, ...]:
        """The columns guessed to be the text."""
        return tuple(column.name for column in self.columns if column.role == "text")

    @property
    def sample(self) -> str:
        """The text of the first rows; all their values if no column is text."""
        places = [place for place, column in enumerate(self.columns) if column.role == "text" or not self.guessed]
        return "\n".join(row[place] for row in self.rows for place in places)


def describe_columns(rows: Sequence[Fields]) -> TableColumns:
    """The columns of a table's first rows with their roles, and the first rows to show."""
    looked_at = rows[:LOOK]
    cells: dict[str, list[str]] = {column: [] for row in looked_at for column, _ in row}
    for row in looked_at:
        for column, value in row:
            cells[column].append(value)
    text = set(guess_text_columns(looked_at))
    columns = tuple(
        TableColumn(name, *(_text_role(name, values) if name in text else _label_role(name, values)))
        for name, values in cells.items()
    )
    first = [dict(row) for row in looked_at[:_SHOWN_ROWS]]
    shown = tuple(tuple(row.get(name, "")[:_SHOWN_CHARACTERS] for name in cells) for row in first)
    return TableColumns(columns, shown, len(looked_at))


def _text_role(name: str, cells: Sequence[str]) -> tuple[Role, str]:
    return "text", f"a title, {_mean(cells)}" if is_title(name) else _mean(cells)


def _mean(cells: Sequence[str]) -> str:
    filled = list(filter(None, cells))
    mean = sum(map(len, filled)) / max(len(filled), 1)
    return f"mean {mean:,.0f} characters"


def _label_role(name: str, cells: Sequence[str]) -> tuple[Role, str]:
    present = [cell.strip() for cell in cells if not is_missing(cell)]
    different = set(present)
    if not present:
        return ("ignore", "no values") if len(cells) < LOOK else ("label", f"no values in the first {LOOK:,} rows")
    if counts_rows(name, cells):
        return "ignore", "only counts the rows"
    n_links = sum(bool(_LINK.fullmatch(cell)) for cell in present)
    if n_links >= _NEARLY_ALL * len(present):
        return "link", _of_all(n_links, len(present), "a web address", "web addresses")
    if len(different) > 1 and (found := _value_role(name, present)):
        return found
    return "label", _about_label(present, len(different))


def _value_role(name: str, present: Sequence[str]) -> tuple[Role, str] | None:
    """The role of a column of dates or numbers; a number that names something, such as a ZIP code, is a label."""
    read = column_values(present)
    if read is None:
        return None
    n_read = sum(number == number for number in read.numbers)
    if read.kind == "date":
        return "date", _of_all(n_read, len(present), "a date", "dates")
    if words_of(name)[-1:] and words_of(name)[-1] in _IDS:
        return "label", "a number that names something"
    in_unit = f" in {read.unit}" if read.unit else ""
    return "number", f"{_of_all(n_read, len(present), 'a number', 'numbers')}{in_unit}"


def _about_label(present: Sequence[str], n_different: int) -> str:
    if n_different == 1 and len(present) > 1:
        said = "the same in every row"
    elif n_different == len(present) > 1:
        said = "each value is different"
    else:
        said = f"{n_different:,} different values" if n_different > 1 else "1 value"
    is_long = sum(map(len, present)) > _LONG * len(present)
    return f"{said}, {_mean(present)}" if is_long else said


def _of_all(count: int, n: int, one: str, several: str) -> str:
    return f"each value is {one}" if count == n else f"{int(100 * count / n)} % of the values are {several}"


def counts_rows(name: str, cells: Sequence[str]) -> bool:
    """Whether a column was added by a program to number the rows, from 0 on."""
    if name.casefold() not in _COUNTERS or len(cells) < 2:
        return False
    return all(cell == str(number) for number, cell in enumerate(cells[:LOOK]))


@dataclass(frozen=True, slots=True)
class ChosenColumns:
    """The rows without the ignored columns, the columns that are their text, and notes on what was left out.

    Without text columns, the text of a row is all its values with their columns' names.
    """

    rows: Sequence[Fields]
    text: tuple[str, ...]
    notes: tuple[str, ...] = ()


def require_columns(name: str, columns: Sequence[str], roles: ColumnRoles) -> None:
    """Refuse roles of columns that a table does not have.

    Raises:
        DocumentError: a column with a role is not among `columns`, and there are some.
    """
    missing = [column for column in roles.named if column not in columns]
    if missing and columns:
        raise DocumentError(f"'{name}' has no column '{missing[0]}'. Its columns are: {', '.join(columns)}.")


def choose_columns(rows: Sequence[Fields], roles: ColumnRoles) -> ChosenColumns:
    """Apply the chosen roles to the rows of a table, and the guessed ones to the other columns."""
    offered = list(dict.fromkeys(column for row in rows[:LOOK] for column, _ in row))
    ignored = [column for column in roles.ignored if any(column == name for row in rows for name, _ in row)]
    counters = [column for column in offered if column not in roles.named and _is_counter(column, rows)]
    left_out = {*ignored, *counters}
    kept = [tuple(field for field in row if field[0] not in left_out) for row in rows] if left_out else rows
    text = guess_text_columns(kept) if roles.text is None else roles.text
    remaining = set(offered) - left_out
    is_all = remaining <= set(text) and len(remaining) > 1
    return ChosenColumns(kept, () if is_all else text, tuple(_notes(ignored, counters)))


def _is_counter(column: str, rows: Sequence[Fields]) -> bool:
    if column.casefold() not in _COUNTERS:
        return False
    return counts_rows(column, [dict(row).get(column, "") for row in rows[:LOOK]])


def _notes(ignored: Sequence[str], counters: Sequence[str]) -> Iterable[str]:
    if ignored:
        columns, were = ("Column", "was") if len(ignored) == 1 else ("Columns", "were")
        quoted = name_some([f"'{column}'" for column in ignored])
        yield f"{columns} {quoted} {were} left out, as chosen."
    for column in counters:
        yield f"Column '{column}' only counts the rows, so it was left out."
