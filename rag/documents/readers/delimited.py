"""Read delimited text (CSV, TSV): find the separator and the quotes, and read every record as cells.

The separator is the one under which the first lines have equally many cells that each look like one value: a number,
or words without another separator between them (after G. van den Burg and others, "Wrangling messy CSV files by
detecting row and type patterns", 2019).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from rag.documents.parsed import name_some
from rag.documents.tables.kinds import kind_of
from rag.errors import DocumentError

if TYPE_CHECKING:
    from _csv import Reader

_SEPARATORS = (",", ";", "\t", "|")
_NONE = "\x1f"
"""A separator that no text has, for files with one column."""
_SAMPLE_CHARACTERS, _SAMPLE_RECORDS = 60_000, 100
_FIELD_LIMIT = 10 * 1024 * 1024
# Excel's line that states the separator.
_STATED = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)
_INNER_SEPARATOR = re.compile(r"[,;|\t](?=\S)|[;|\t]")
_SINGLE_QUOTED = re.compile(r"(?:^|[,;|\t])[ ]?'[^'\n]*'(?=[,;|\t]|$)", re.MULTILINE)
_UNQUOTED = 0.9
"""What a cell counts that holds another separator or a quotation mark: it may have been cut at the wrong places."""
_SUSPECT = 0.3


@dataclass(frozen=True, slots=True)
class Separators:
    """How a file separates and quotes its cells; `escape` is a backslash, or empty if quotes are doubled."""

    cell: str
    quote: str = '"'
    escape: str = ""

    def read(self, lines: Iterable[str], *, strict: bool = False) -> Reader:
        """The records of these lines. Iterating raises csv.Error."""
        return csv.reader(
            lines,
            delimiter=self.cell,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
            doublequote=not self.escape,
            skipinitialspace=True,
            strict=strict,
        )


@dataclass(frozen=True, slots=True)
class Records:
    """A file's records, and notes on what was unusual. Where it has blank lines, one record without cells is kept."""

    cells: list[list[str]]
    notes: tuple[str, ...] = ()


def read_records_of(name: str, text: str, separator: str = "", most: int | None = None) -> Records:
    """The records of delimited text.

    Args:
        separator: found if empty; a first line "sep=;" takes precedence.
        most: read only so many records; all if None.

    Raises:
        DocumentError: the text cannot be read as a table.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    stated = _STATED.match(text)
    if stated:
        text, separator = text[stated.end() :], stated[1]
    separators = find_separators(text, separator)
    reading = _Reading(text, separators)
    try:
        cells = list(islice(reading.records(), most))
    except csv.Error as error:
        raise DocumentError(
            f"'{name}' cannot be read as a table: {error}. Save it as CSV with one header row."
        ) from error
    return Records(cells, reading.notes())


def find_separators(text: str, separator: str = "") -> Separators:
    """The separators under which the first lines are most regular.

    Args:
        separator: the one between cells, if it is known.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    if len(sample) < len(text):
        sample = sample[: sample.rfind("\n") + 1] or sample
    quotes = ['"'] + (["'"] if len(_SINGLE_QUOTED.findall(sample)) > 2 and sample.count('"') < 2 else [])
    candidates = [
        Separators(cell, quote, escape)
        for cell in ([separator] if separator else _SEPARATORS)
        for quote in quotes
        for escape in (["", "\\"] if '\\"' in sample and not _is_regular(sample, Separators(cell, quote)) else [""])
    ]
    if separator and len(candidates) == 1:
        return candidates[0]
    best = max(candidates, key=lambda one: _fitness(sample, one))
    if not separator and best.cell == "," and _is_prose(sample):
        return Separators(_NONE)
    return best if separator or _fitness(sample, best) > 0 else Separators(",")


def _is_regular(sample: str, separators: Separators) -> bool:
    """Whether all quotes of the first records pair, and all records have equally many cells."""
    try:
        rows = islice(separators.read(io.StringIO(sample, newline=""), strict=True), _SAMPLE_RECORDS)
        return len({len(row) for row in rows if row}) == 1
    except csv.Error:
        return False


def _is_prose(sample: str) -> bool:
    """Whether the commas are those of sentences: there is none in the first line, and all have a space behind them."""
    first = sample.lstrip().partition("\n")[0]
    return "," not in first and '"' not in sample and not re.search(r",\S", sample)


def _fitness(sample: str, separators: Separators) -> float:
    """How regular the first records are: the share of the most usual width, times how much cells look like values."""
    try:
        filled = (row for row in separators.read(io.StringIO(sample, newline="")) if any(map(str.strip, row)))
        rows = list(islice(filled, _SAMPLE_RECORDS))
    except csv.Error:
        return 0.0
    # Title lines above the table and notes below it have one cell.
    widths = [len(row) for row in rows if len(row) > 1]
    if not widths:
        return 0.0
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    # A few lines with a separator among many without one are prose.
    share = widths.count(usual) / len(widths) * min(1.0, 2 * len(widths) / len(rows))
    cells = [cell for row in rows for cell in row]
    values = sum(_looks_like_a_value(cell, separators) for cell in cells) / len(cells)
    return share * values * (usual - 1) / usual


def _looks_like_a_value(cell: str, separators: Separators) -> float:
    if kind_of(cell) in ("", "number", "period", "flag"):
        return 1.0
    inner = _INNER_SEPARATOR.search(cell.replace(separators.cell, ""))
    is_cut = cell.count('"') % 2 or cell.count("\n") > 5 or cell[-1:] == "\\" or (separators.quote and cell[:1] == "'")
    return _SUSPECT if inner or is_cut else _UNQUOTED


class _Reading:
    """One pass over the records; a line whose quotation marks do not pair is read as it stands, by itself."""

    def __init__(self, text: str, separators: Separators) -> None:
        self._lines = list(io.StringIO(text, newline=""))
        self._separators = separators
        self._odd: list[str] = []

    def records(self) -> Iterator[list[str]]:
        """The records, of blank ones one after the other the first, without cells.

        Raises csv.Error if a cell is too long.
        """
        is_blank = True
        for record in self._all_records():
            was_blank, is_blank = is_blank, not any(map(str.strip, record))
            if not is_blank:
                yield record
            elif not was_blank:
                yield []

    def _all_records(self) -> Iterator[list[str]]:
        place = 0
        while place < len(self._lines):
            rest = map(self._lines.__getitem__, range(place, len(self._lines)))
            reader = self._separators.read(rest, strict=True)
            done = 0
            try:
                for record in reader:
                    done = reader.line_num
                    yield record
                return
            except csv.Error as error:
                if "larger than field limit" in str(error):
                    raise
            place += done + 1
            yield self._odd_record(place)

    def _odd_record(self, number: int) -> list[str]:
        self._odd.append(f"{number:,}")
        line = self._lines[number - 1]
        lenient = next(self._separators.read([line]), [])
        if len(lenient) > 1 and "\n" not in "".join(lenient):
            return lenient
        return next(replace(self._separators, quote="").read([line]), [])

    def notes(self) -> tuple[str, ...]:
        """What to know about the quotation marks."""
        if not self._odd:
            return ()
        lines = "line" if len(self._odd) == 1 else "lines"
        return (f"The quotation marks in {lines} {name_some(self._odd)} do not pair, so they were read as they are.",)
