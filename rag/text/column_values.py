"""Values of a table column as numbers: amounts with a sign, a currency, a share or a unit, and dates.

Whether a comma is a decimal sign, and whether a date begins with its day, is decided for the whole column: "1,950"
alone does not say it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

NEARLY_ALL = 0.9
"""The share of a column's values that must be amounts, or dates."""
_MISSING = frozenset(
    ("", "n/a", "na", "n.a.", "n. a.", "#n/a", "none", "null", "nil", "nan", "-", "–", "—", "?", "k.a.", "k. a.", "...")
)
_SPACES = "\u00a0\u202f\u2009 '’"
_CURRENCY = (
    r"(?:EUR|USD|GBP|CHF|JPY|CNY|INR|RUB|PLN|SEK|NOK|DKK|CZK|HUF|AUD|CAD|NZD|Fr|Kč|Rs|kr|zł)\.?"
    "|[A-Z]{0,2}[$]|[€£¥₹₽₺₩฿]"
)
_FACTORS = {"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "mrd": 1e9, "billion": 1e9}
_AMOUNT = re.compile(
    rf"[<>≤≥~≈]?\s?(?P<open>\()?(?P<sign>[-+−–]?)\s?(?P<before>{_CURRENCY})?\s?(?P<inner>[-+−–]?(?P<within>\()?)"
    rf"(?P<digits>\d[\d.,{_SPACES}]*|[.,]\d+)(?P<power>[eE][-+]?\d{{1,3}})?(?:,[-–])?"
    r"(?P<factor>[kKM](?![^\W\d_])|\s?(?:[Mm]io|[Mm]rd|mn|bn|[Mm]illion|[Bb]illion)\b\.?)?\s?"
    rf"(?P<after>{_CURRENCY}|[%‰°]|°?[^\W\d_]{{1,3}}[²³]?(?:/[^\W\d_]{{1,3}}[²³]?)?)?(?P<last>-)?\)?"
)
_SPACED = re.compile(rf"\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d*)?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+|[1-9]\d{0,1}(?:,\d{2})*,\d{3}")
_WEEKDAY = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)"
    r"[a-z]{0,6}\.?,? ",
    re.IGNORECASE,
)
_MONTH_OF = re.compile(
    r"(?P<year>(?:19|20)\d\d)[-/.](?P<month>0[1-9]|1[0-2])|(?P<first>0?[1-9]|1[0-2])[-/.](?P<of>(?:19|20)\d\d)"
)
_QUARTER = re.compile(r"Q(?P<quarter>[1-4])[ /-]?(?P<of>(?:19|20)\d\d)|(?P<year>(?:19|20)\d\d)[ /-]?Q(?P<last>[1-4])")
_COMPACT = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])([0-3]\d)")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_ORDINAL = re.compile(r"(\d{1,2})([-/. ]{1,2})(\d{1,2})[-/. ]{1,2}(\d{4}|\d{2})(?:[T ,].*)?")
_NAMED = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?\.?[ -](?:of )?)?([^\W\d_]{3,9})\.?[ -](?:(\d{1,2})(?:st|nd|rd|th)?,? )?"
    r"(\d{4}|(?<=-)\d\d)(?:[ ,].*)?"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan", "feb fév fev", "mar mär", "apr avr abr", "may mai", "jun juin", "jul juil", "aug aoû ago",
            "sep set", "oct okt out", "nov", "dec dez déc dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """The values of a column, NaN where a cell has none.

    `kind` is "date" for days since 1970. `unit` is what all amounts have ("%", "€", "kg"), else empty. `decimals` is
    how many the cells have, at most 2. `note` says how it was read where the cells do not ("day/month").
    """

    numbers: tuple[float, ...]
    kind: Literal["number", "date"] = "number"
    unit: str = ""
    decimals: int = 0
    note: str = ""


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value: empty, "n/a", "-"."""
    return cell.strip().casefold() in _MISSING


def column_values(cells: Sequence[str], share: float = NEARLY_ALL) -> ColumnValues | None:
    """The values of a column in which nearly all cells that are not missing are amounts, or dates; None for others.

    Args:
        share: how many of these cells must be.
    """
    present = {cell.strip() for cell in cells if not is_missing(cell)}
    for read in (_dates, _amounts):
        found = read(present)
        is_read = sum(cell.strip() in found.numbers for cell in cells) if found else 0
        if found and present and is_read >= share * sum(not is_missing(cell) for cell in cells):
            numbers = tuple(found.numbers.get(cell.strip(), math.nan) for cell in cells)
            return ColumnValues(numbers, found.kind, found.unit, found.decimals, found.note)
    return None


@dataclass(frozen=True, slots=True)
class _Read:
    """The number of each different cell that has one, and the rest of `ColumnValues`."""

    numbers: dict[str, float]
    kind: Literal["number", "date"] = "number"
    unit: str = ""
    decimals: int = 0
    note: str = ""


def _amounts(cells: set[str]) -> _Read | None:
    matches = {cell: match for cell in cells if (match := _AMOUNT.fullmatch(cell)) and _is_closed(match)}
    units = Counter((match["before"] or match["after"] or "").strip(".") for match in matches.values())
    if not units:
        return None
    unit, count = units.most_common(1)[0]
    if count < NEARLY_ALL * len(matches):
        return None
    decimal = _decimal_sign([match["digits"] for match in matches.values()])
    numbers, decimals = {}, 0
    for cell, match in matches.items():
        digits, places = _plain(match["digits"], decimal)
        value = float(digits + (match["power"] or "")) if digits else math.nan
        value *= _FACTORS[match["factor"].strip(" .").casefold()] if match["factor"] else 1
        if not math.isfinite(value):
            continue
        is_negative = any(match[part] and match[part] not in "+" for part in ("sign", "inner", "last", "open"))
        numbers[cell] = -value if is_negative and value else value
        decimals = max(decimals, 2 if match["power"] else 0 if match["factor"] else min(places, 2))
    return _Read(numbers, unit=unit, decimals=decimals)


def _is_closed(match: re.Match[str]) -> bool:
    is_open = bool(match["open"]) or bool(match["within"])
    return is_open == match[0].endswith(")") and not (match["before"] and match["after"])


def _decimal_sign(cells: Sequence[str]) -> str:
    """The decimal sign of a column: a comma if any cell cannot be read with a point."""
    comma = point = 0
    for cell in cells:
        last = max(cell.rfind(","), cell.rfind("."))
        has_both = "," in cell and "." in cell
        if has_both or (last >= 0 and not _GROUPED.fullmatch(cell) and cell.count(cell[last]) == 1):
            comma, point = comma + (cell[last] == ","), point + (cell[last] == ".")
        elif last >= 0 and cell.count(cell[last]) > 1:
            comma, point = comma + (cell[last] == "."), point + (cell[last] == ",")
    if comma or point:
        return "," if comma > point else "."
    # All have three digits behind the point, and small numbers have none: then the point separates thousands.
    plain = [cell for cell in cells if "." not in cell and "," not in cell]
    is_grouped = any("." in cell for cell in cells) and plain and all(len(cell) <= 3 for cell in plain)
    return "," if is_grouped else "."


def _plain(digits: str, decimal: str) -> tuple[str, int]:
    """The digits as Python writes them, and the number of decimals; empty if they are no number of this kind."""
    if any(space in digits.strip() for space in _SPACES) and not _SPACED.fullmatch(digits.strip()):
        # The groups of a telephone number.
        return "", 0
    bare = digits.translate({ord(space): None for space in _SPACES})
    whole, sign, fraction = bare.partition(decimal)
    thousands = "." if decimal == "," else ","
    if decimal in fraction or thousands in fraction or (thousands in whole and not _GROUPED.fullmatch(whole)):
        return "", 0
    return f"{whole.replace(thousands, '') or '0'}{'.' if sign and fraction else ''}{fraction}", len(fraction)


def _dates(cells: set[str]) -> _Read | None:
    found: dict[str, float] = {}
    numbered: dict[str, tuple[int, int, int, str]] = {}
    for written in cells:
        cell = _WEEKDAY.sub("", written, count=1) if _WEEKDAY.match(written) else written
        if match := _ISO.fullmatch(cell) or _COMPACT.fullmatch(cell):
            _add(found, written, int(match[1]), int(match[2]), int(match[3]))
        elif match := _MONTH_OF.fullmatch(cell):
            _add(found, written, int(match["year"] or match["of"]), int(match["month"] or match["first"]), 1)
        elif match := _QUARTER.fullmatch(cell):
            first = 3 * int(match["quarter"] or match["last"]) - 2
            _add(found, written, int(match["of"] or match["year"]), first, 1)
        elif match := _ORDINAL.fullmatch(cell):
            numbered[written] = (int(match[1]), int(match[3]), _year(match[4]), match[2].strip())
        elif (match := _NAMED.fullmatch(cell)) and (month := _month(match[2])):
            _add(found, written, _year(match[4]), month, int(match[1] or match[3] or 1))
    has_day = any(first > 12 for first, _, _, _ in numbered.values())
    has_month = any(second > 12 for _, second, _, _ in numbered.values())
    day_first = has_day or not (has_month or any(sign == "/" for _, _, _, sign in numbered.values()))
    for cell, (first, second, year, _) in numbered.items():
        day, month = (first, second) if day_first else (second, first)
        _add(found, cell, year, month, day)
    is_open = numbered and not has_day and not has_month
    return _Read(found, "date", note=("day/month" if day_first else "month/day") if is_open else "") if found else None


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def _month(name: str) -> int:
    folded = name.casefold()
    return next((number for start, number in _MONTHS.items() if folded.startswith(start)), 0)


def _add(found: dict[str, float], cell: str, year: int, month: int, day: int) -> None:
    try:
        found[cell] = float(date(year, month, day).toordinal() - _EPOCH)
    except ValueError:
        return
