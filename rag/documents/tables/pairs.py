"""Labels next to their values: "Customer", "Moor Farm" in two columns, or several such columns side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rag.documents.tables.first_rows import FirstRows
from rag.documents.tables.kinds import is_usual_label, kind_of, usual_kind

_LONGEST_LABEL = 40
_MOST_PAIRS = 40
_LINE_OF_WORDS = 5


def label_columns(rows: FirstRows, *, are_stated: bool = False) -> tuple[int, ...]:
    """The columns that hold labels, each with its value to the right; none if the rows are no such list.

    Args:
        are_stated: whether the source states that the first column has labels.
    """
    used = [column for column in range(rows.width) if any(row[column] for row in rows.cells)]
    if are_stated and len(used) == 2:
        return (0,) if used[0] == 0 else ()
    if not 2 <= len(rows.numbers) <= _MOST_PAIRS:
        return ()
    if len(used) == 2 and used == [0, rows.width - 1]:
        return (0,) if _is_list(rows) else ()
    return tuple(range(0, rows.width, 2)) if len(used) == rows.width and _is_form(rows) else ()


def _is_list(rows: FirstRows) -> bool:
    """Whether each of two columns' rows has a label and its value: the values are of different kinds."""
    # The name of a group of rows, merged over both columns, is neither a label nor a value.
    pairs = [row for row in rows.cells if row[0] != row[-1]]
    labels = [row[0] for row in pairs]
    if (
        len(pairs) < 2
        or not all(map(_may_be_label, labels))
        or len({label.casefold() for label in labels}) < len(labels)
    ):
        return False
    if _have_colons(labels):
        return True
    first, *others = (row[-1] for row in pairs)
    if not first:
        return False
    kinds = {kind_of(value) for value in others if value}
    are_usual = sum(map(is_usual_label, labels)) > 0.5 * len(labels)
    if kind_of(first) in ("number", "flag", "period", "code"):
        return True
    usual = usual_kind([kind_of(value) for value in others])
    if usual in ("text", "code", "flag"):
        return _is_value(first) or (not is_usual_label(first) and are_usual)
    return (_is_value(first) and are_usual) or (usual == "" and len(kinds) > 1)


def _is_form(rows: FirstRows) -> bool:
    """Whether the first, third and so on of an even number of columns have labels, as in a form."""
    if rows.width % 2 or rows.width < 4:
        return False
    pairs = [(row[at], row[at + 1]) for row in rows.cells for at in range(0, rows.width, 2) if row[at] or row[at + 1]]
    labels = [label for label, _ in pairs]
    if not all(map(_may_be_label, labels)) or len({label.casefold() for label in labels}) < len(labels):
        return False
    return _have_colons(labels) or sum(map(is_usual_label, labels)) > 0.5 * len(labels)


def _may_be_label(cell: str) -> bool:
    return 0 < len(cell) <= _LONGEST_LABEL and kind_of(cell) in ("text", "code", "period")


def _have_colons(labels: Sequence[str]) -> bool:
    return sum(label.endswith(":") for label in labels) >= 0.7 * len(labels)


def _is_value(cell: str) -> bool:
    """Whether a cell of words is rather a value than a name: two words with capitals, or a sentence."""
    words = cell.split()
    return "@" in cell or len(words) > _LINE_OF_WORDS or (len(words) > 1 and all(w[:1].isupper() for w in words))
