"""Tell names of columns from values by contrast: words above numbers are names; a row like those below it is none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from rag.documents.tables.first_rows import FirstRows
from rag.documents.tables.kinds import (
    Kind,
    is_bracketed_unit,
    is_usual_label,
    kind_of,
    number_shape,
    shape_of,
    usual_kind,
)

_LONGEST_NAME, _LONGEST_QUESTION = 80, 250
"""Characters of a name, and of one above other values, such as a question of a survey."""
_LINE_OF_WORDS = 5
_ANSWERS = frozenset(("yes", "no", "ok", "ja", "nein", "oui", "non"))
"""Flags that are names of columns, too: "No" above numbers, and the answers above how many gave them."""
_ASKS = re.compile(
    r".*\?|(?:what|which|how|why|who|when|where|was|welche\w*|wie|warum|wer|wann|wo|que|quel\w*|comment|pourquoi)\b.*",
    re.IGNORECASE,
)
_LONGEST_TICK = 2
_MARKS = ("@", "/", "\\", "_", ":")
_SHAPES = (re.compile(r"\S@\S"), re.compile(r"^\w+://"), re.compile(r"^[A-Z]{2,3}$"))
"""E-mail and web addresses, and short codes in capitals: a first cell like the others is one of them."""
_FEWEST_MARKED, _MOSTLY_MARKED = 4, 0.9


def is_header(rows: FirstRows, place: int) -> bool:
    """Whether a row names columns: it differs from the rows below, or nothing speaks against it."""
    header = rows.cells[place]
    names = [cell for cell in header if cell]
    longest = max(map(len, names), default=0)
    if not 0 < longest <= _LONGEST_QUESTION:
        return False
    if is_series(rows, place):
        return True
    score = header_score(rows, place)
    if score:
        return score > 0
    if longest > _LONGEST_NAME:
        return False
    kinds = Counter("text" if is_bracketed_unit(name) else kind_of(name) for name in names)
    if kinds["text"] + kinds["code"] + kinds["period"] + kinds["flag"] < len(names) or not kinds["text"]:
        return False
    if len(rows.cells) == place + 2 and rows.width > 1:
        # Two rows of words may as well be two rows of a legend.
        return len(names) > 1 and any(map(is_usual_label, names))
    if rows.width > 1:
        return len(names) > 1
    return _names_a_list(names[0], [row[0] for row in rows.cells[place + 1 :]])


def header_score(rows: FirstRows, place: int) -> int:
    """The sum over the columns of how much a cell looks like a name: above 0 for a header, below 0 for values."""
    header = rows.cells[place]
    below = rows_below(rows, place)
    return sum(contrast(header[column], [row[column] for row in below]) for column in range(rows.width))


def rows_below(rows: FirstRows, place: int) -> list[list[str]]:
    """The rows below a header, without copies of it and without names of groups, merged over all columns."""
    header = rows.cells[place]
    return [row for row in rows.cells[place + 1 :] if row != header and not (len(row) > 1 and len(set(row)) == 1)]


def contrast(name: str, below: Sequence[str]) -> int:
    """How much one cell looks like the name of its column: above 0 if it does, below 0 if it is one more value."""
    values = [value for value in below if value]
    kind = "text" if is_bracketed_unit(name) else kind_of(name)
    if not values:
        return -1 if kind == "number" else 0
    if not name:
        return 0
    usual = usual_kind([kind_of(value) for value in values])
    if kind == "number":
        return -2
    if kind == "flag":
        return _contrast_of_flag(name, usual, values)
    if kind == "period":
        return -2 if all(kind_of(value) == "period" for value in values) else int(usual == "number")
    if len(values) > 1 and _is_like(name, kind, values):
        return -2
    if usual and usual not in ("text", kind):
        return 1
    return int(kind == "text" and _lacks_a_mark(name, values))


def _contrast_of_flag(name: str, usual: Kind, values: Sequence[str]) -> int:
    is_answer = name.casefold() in _ANSWERS
    if is_answer and usual in ("number", "code"):
        return 1
    if not is_answer or any(name.casefold() == value.casefold() for value in values):
        return -2
    has_ticks = all(len(value) <= _LONGEST_TICK for value in values)
    return 0 if name.casefold() == "ok" or (usual != "flag" and has_ticks) else -2


def _is_like(name: str, kind: Kind, values: Sequence[str]) -> bool:
    if any(name.casefold() == value.casefold() for value in values):
        return True
    if kind == "code":
        return sum(shape_of(value) == shape_of(name) for value in values) >= 0.7 * len(values)
    enough = _MOSTLY_MARKED * len(values)
    if any(shape.search(name) and sum(shape.search(one) is not None for one in values) >= enough for shape in _SHAPES):
        return not is_usual_label(name)
    words = sorted(len(value.split()) for value in values)
    is_long = len(name.split()) > _LINE_OF_WORDS and 2 * len(name.split()) >= words[len(words) // 2]
    return is_long and not asks(name, values)


def asks(name: str, values: Sequence[str]) -> bool:
    """Whether a name is a question, and the values are none, as in a survey."""
    return _ASKS.fullmatch(name) is not None and 5 * sum(_ASKS.fullmatch(one) is not None for one in values) <= len(
        values
    )


def _lacks_a_mark(name: str, values: Sequence[str]) -> bool:
    """Whether nearly all values have a digit or a sign, such as that of e-mail addresses, which the name has not."""
    if len(values) < _FEWEST_MARKED:
        return False
    enough = _MOSTLY_MARKED * len(values)
    if not any(map(str.isdigit, name)) and sum(any(map(str.isdigit, value)) for value in values) >= enough:
        return True
    return any(mark not in name and sum(mark in value for value in values) >= enough for mark in _MARKS)


def _names_a_list(name: str, values: Sequence[str]) -> bool:
    """Whether a cell names the single column below it, and is not the first of equal values."""
    filled = [value for value in values if value]
    if is_usual_label(name) or name.endswith(":") or "_" in name:
        return True
    return len(name.split()) <= 3 and bool(filled) and median(len(one.split()) for one in filled) >= _LINE_OF_WORDS


def is_series(rows: FirstRows, place: int) -> bool:
    """Whether a row has dates, times or consecutive numbers as the names of its columns, after the name of the rows.

    The columns below hold values of another shape.
    """
    label, *others = rows.cells[place]
    below = rows_below(rows, place)
    if len(others) < 2 or not below or not all(others) or kind_of(label) not in ("", "text"):
        return False
    shapes: set[str] = {number_shape(cell) for cell in others}
    if shapes == {"date"} or shapes == {"time"}:
        columns = ([row[column] for row in below] for column in range(1, rows.width))
        return not any(_usually_has(shapes, cells) for cells in columns)
    is_named = kind_of(label) == "text" and all(kind_of(row[0]) != "number" for row in below)
    return is_named and _is_consecutive(others) and not any(_is_consecutive(row[1:]) for row in below)


def _usually_has(shapes: set[str], cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and 2 * sum(number_shape(cell) in shapes for cell in filled) > len(filled)


def _is_consecutive(cells: Sequence[str]) -> bool:
    numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdigit() and len(cell) < 5]
    return len(numbers) == len(cells) >= 3 and all(after == before + 1 for before, after in pairwise(numbers))
