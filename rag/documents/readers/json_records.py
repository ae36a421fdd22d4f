"""Records in JSON: find the list of records in a value, and make each record a row with dotted column names."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from rag.documents.parsed import clean, name_some
from rag.documents.readers.tables import RowTable, table_of_cells
from rag.types import Fields

_DEEPEST_LIST, _DEEPEST_VALUE = 4, 6
_TEXT, _VALUE, _KEY, _LIST = "text", "value", "key", "list"
_NAMES_OF_COLUMNS, _NAMES_OF_DATA = ("columns", "header", "headers", "fields"), ("data", "rows", "values")
_LONGEST_NOTE = 300
Object = Mapping[str, object]


class Repeats:
    """Builds objects in which a repeated name keeps all its values: the second one as "tag 2"; counts such names."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def object_of(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        """An object of these names and values, as `json.loads` takes it with `object_pairs_hook`."""
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        built = {}
        for given, value in pairs:
            name, number = given, 2
            while name in built:
                name, number = f"{given} {number}", number + 1
            self._counts[given] += name != given
            built[name] = value
        return built

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence that names the repeated names, if there are any."""
        names = [f"'{clean(name)}'" for name, count in self._counts.items() if count]
        if not names:
            return ()
        verb = "is" if len(names) == 1 else "are"
        return (f"In an object of the file, {name_some(names)} {verb} there more than once; each value was kept.",)


def find_records(value: object) -> RowTable | None:
    """The rows of a JSON value, or None if it is not a table.

    A table is a list, but not of numbers alone; a list in an object, alone or with other values such as a count; an
    object of objects that are alike, whose names become the column "key"; or an object of columns. If an object has
    several lists of objects, the column "list" says from which one a row is. Nested objects give columns such as
    "author.name".
    """
    if isinstance(value, list):
        has_content = any(not _is_plain(item) or isinstance(item, str) for item in value)
        return _list_rows(value) if has_content else None
    if not isinstance(value, dict):
        return None
    return _columns(value) or _records_by_key(value) or _enveloped(value)


def read_records(records: Sequence[object]) -> list[Fields]:
    """A row for each of these values; one that is no object has the column "value"."""
    return [row_of(record) for record in records]


def row_of(record: object) -> Fields:
    """The row of one record."""
    if not isinstance(record, dict):
        return ((_VALUE, value_text(record)),)
    row: list[tuple[str, str]] = []
    taken: set[str] = set()
    for name, text in _flat(record, "", _DEEPEST_VALUE):
        column, number = clean(name), 2
        while column in taken:
            column, number = f"{clean(name)} {number}", number + 1
        taken.add(column)
        row.append((column, text))
    return tuple(row)


def value_text(value: object) -> str:
    """A cell's value as text: empty if missing, other nested values as JSON.

    The items of a list are joined by commas, or by semicolons if one has a comma, and the parts of a formatted text
    (`["see ", {"type": "bold", "text": "this"}]`) to one text.
    """
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, str):
        return clean(value).strip()
    if isinstance(value, list) and all(map(_is_plain, value)):
        items = list(filter(None, map(value_text, value)))
        return ("; " if any("," in item for item in items) else ", ").join(items)
    if isinstance(value, list) and all(map(_is_run, value)):
        return clean("".join(item if isinstance(item, str) else str(item["text"]) for item in value)).strip()
    return clean(json.dumps(value, ensure_ascii=False, default=str))


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _is_run(value: object) -> TypeGuard[str | Object]:
    """Whether a value is a part of a formatted text, as chat programs export it."""
    return isinstance(value, str) or (
        isinstance(value, dict) and value.keys() <= {"type", "text"} and isinstance(value.get("text"), str)
    )


def _flat(record: Object, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if isinstance(value, dict) and value and depth:
            yield from _flat(value, f"{prefix}{name}.", depth - 1)
        else:
            yield f"{prefix}{name}", value_text(value)


def _list_rows(items: Sequence[object]) -> RowTable:
    if all(isinstance(item, list) and all(map(_is_plain, item)) for item in items):
        return table_of_cells([[value_text(cell) for cell in item] for item in items if isinstance(item, list)])
    if all(isinstance(item, str) for item in items):
        return RowTable([((_TEXT, value_text(item)),) for item in items])
    return RowTable(read_records(items))


def _columns(value: Object) -> RowTable | None:
    """The rows of an object of columns: lists of the same length, as pandas writes them, or "columns" and "data"."""
    names = next((value[key] for key in _NAMES_OF_COLUMNS if key in value), None)
    data = next((value[key] for key in _NAMES_OF_DATA if key in value), None)
    if isinstance(names, list) and isinstance(data, list) and all(_fits(row, len(names)) for row in data):
        return RowTable(read_records([dict(zip(map(str, names), row, strict=True)) for row in data]))
    lists = [cells for cells in value.values() if isinstance(cells, list) and all(map(_is_plain, cells))]
    is_table = len(value) > 1 and len(lists) == len(value) and len({len(cells) for cells in lists}) == 1
    if not is_table or len(lists[0]) < 2:
        return None
    return RowTable(read_records([dict(zip(value, cells, strict=True)) for cells in zip(*lists, strict=True)]))


def _fits(row: object, width: int) -> bool:
    return isinstance(row, list) and len(row) == width


def _records_by_key(value: Object) -> RowTable | None:
    """The rows of an object whose values are objects with mostly the same names."""
    records = {key: record for key, record in value.items() if isinstance(record, dict) and record}
    if len(records) < 2 or len(records) < len(value):
        return None
    counts = Counter(name for record in records.values() for name in record)
    shared = {name for name, count in counts.items() if 2 * count >= len(records)}
    alike = sum(2 * len(shared & record.keys()) >= len(record) for record in records.values())
    if not shared or alike < 0.8 * len(records):
        return None
    if all(name.isdecimal() for name in counts):
        # pandas writes columns, with the numbers of the rows in each.
        numbers = sorted(counts, key=int)
        return RowTable([row_of({key: cells.get(n) for key, cells in records.items()}) for n in numbers])
    key = next(name for name in (_KEY, f"{_KEY} 2", f"{_KEY} 3", "") if name not in counts)
    return RowTable([((key, clean(name)), *row_of(record)) for name, record in records.items()])


def _enveloped(value: Object) -> RowTable | None:
    """The rows of the lists of objects inside an object, and a note with the object's other values."""
    found: list[tuple[str, Sequence[object]]] = []
    others: dict[str, object] = {}
    _search(value, "", _DEEPEST_LIST, found, others)
    # A list that is the smaller part of the file is a detail of something else.
    if not found or 2 * _size([items for _, items in found]) < _size(value):
        return None
    rows = [row for path, items in found for row in _named(path if len(found) > 1 else "", items)]
    kept = [(name, text) for name, text in _flat(others, "", 0) if text]
    line = "; ".join(f"{name}: {text}" for name, text in kept)
    where = " and ".join(f"'{path}'" for path, _ in found[:3])
    if not line:
        return RowTable(rows)
    if len(line) <= _LONGEST_NOTE and all(_is_plain(others[name]) for name, _ in kept):
        return RowTable(rows, notes=(f"The rows are those of {where}. The file also says: {line}.",))
    return RowTable([*rows, *read_records([others])], notes=(f"The last row has the values outside {where}.",))


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False))


def _named(path: str, items: Sequence[object]) -> Iterator[Fields]:
    for item in items:
        row = row_of(item)
        yield (*row, (_free(_LIST, row), clean(path))) if path else row


def _free(name: str, row: Fields) -> str:
    taken = {column for column, _ in row}
    while name in taken:
        name += "_"
    return name


def _search(
    value: Object, prefix: str, depth: int, found: list[tuple[str, Sequence[object]]], others: dict[str, object]
) -> None:
    """Collect the lists of objects, and all other values by their dotted names."""
    for name, item in value.items():
        if isinstance(item, list) and item and all(isinstance(one, dict) for one in item):
            found.append((f"{prefix}{name}", item))
        elif isinstance(item, dict) and item and depth and _has_list(item, depth - 1):
            _search(item, f"{prefix}{name}.", depth - 1, found, others)
        else:
            others[f"{prefix}{name}"] = item


def _has_list(value: Object, depth: int) -> bool:
    return any(
        (isinstance(item, list) and bool(item) and all(isinstance(one, dict) for one in item))
        or (isinstance(item, dict) and depth > 0 and _has_list(item, depth - 1))
        for item in value.values()
    )
