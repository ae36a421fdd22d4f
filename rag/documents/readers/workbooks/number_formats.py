"""Show a number as a spreadsheet does, by its number format: dates, shares, amounts of money, decimals.

Format codes: ECMA-376, part 1, 18.8.30 and 18.8.31. Where a format depends on the reader's country, such as the short
date, the result is the international form: 2025-04-12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy-mm-dd",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "0.0E+0",
}  # fmt: skip
"""Format codes that files name by number only."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<pad>.)|\*(?P<fill>.)|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<noon>AM/PM|A/P)|(?P<date>[yYdDhHsSmM]+)|(?P<general>General)|(?P<text>@)"
    r"|(?P<number>[0#?][0#?,.]*(?:[eE][+-]?[0#?]+)?)|(?P<other>.)",
    re.IGNORECASE,
)
_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;"\\])*)(?:;|$)')
_LAST_DAY = 2_958_466
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    text: str


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """A number as its cell shows it.

    Args:
        code: the format code, such as "0.00%"; "General" or an empty one shows the number as it is.
        from_1904: whether the workbook counts days from 1904-01-01 and not from 1900-01-01.
    """
    sections = _sections(code)
    parts, is_negative = _section_for(value, sections)
    kinds = {part.kind for part in parts}
    if kinds & {"date", "elapsed"}:
        return _date(value, parts, from_1904)
    if "number" not in kinds:
        if "general" in kinds or not parts:
            return "".join(part.text if part.kind == "literal" else _plain(value) for part in parts) or _plain(value)
        return "".join(part.text for part in parts if part.kind == "literal") or _plain(value)
    return _number(abs(value) if is_negative else value, parts)


def _plain(value: float) -> str:
    """A number with as many digits as it needs."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


@lru_cache(maxsize=256)
def _sections(code: str) -> tuple[tuple[_Part, ...], ...]:
    """The sections of a format code: for positive numbers, negative ones, zero, and text."""
    found = [match[1] for match in _SECTION.finditer(code)]
    return tuple(tuple(_parts(section)) for section in (found[:-1] if len(found) > 1 else found))


def _parts(section: str) -> list[_Part]:
    parts = []
    for match in _PARTS.finditer(section):
        kind = match.lastgroup or ""
        text = match[kind] if kind else ""
        if kind in ("quoted", "escaped", "currency", "other"):
            parts.append(_Part("percent" if kind == "other" and text == "%" else "literal", text))
        elif kind == "text":
            parts.append(_Part("general", text))
        elif kind in ("date", "elapsed", "noon"):
            parts.append(_Part(kind, text.lower()))
        elif kind in ("number", "general"):
            parts.append(_Part(kind, text))
    return parts


def _section_for(value: float, sections: tuple[tuple[_Part, ...], ...]) -> tuple[tuple[_Part, ...], bool]:
    """The section that shows a value, and whether that section is for negative numbers, which it shows unsigned."""
    if not sections:
        return (), False
    if value < 0 and len(sections) > 1:
        return sections[1], True
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], False


def _number(value: float, parts: tuple[_Part, ...]) -> str:
    places = [part for part in parts if part.kind == "number"]
    if len(places) > 1 or "/" in "".join(part.text for part in parts if part.kind == "literal"):
        # Fractions and masks, such as telephone numbers.
        return _plain(value)
    share = 100 ** sum(part.kind == "percent" for part in parts)
    pieces = []
    for part in parts:
        pieces.append(_digits(value * share, part.text) if part.kind == "number" else part.text)
    text = "".join("%" if part.kind == "percent" else piece for part, piece in zip(parts, pieces, strict=True))
    text = text.strip()
    # The sign stands before a currency, as a spreadsheet shows it.
    if "-" in text and value < 0 and not text.startswith("-"):
        text = "-" + text.replace("-", "", 1)
    return text


def _digits(value: float, pattern: str) -> str:
    mantissa, exponent = re.fullmatch(r"([^eE]*)([eE].*)?", pattern).groups()  # type: ignore[union-attr]
    thousands = len(mantissa) - len(mantissa.rstrip(","))
    whole, _, decimals = mantissa.rstrip(",").partition(".")
    least = sum(sign == "0" for sign in decimals)
    most = sum(sign in "0#?" for sign in decimals)
    if exponent:
        return f"{value:.{most}E}"
    number = Decimal(repr(value)) / 1000**thousands
    text = f"{number.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP):f}" if abs(number) < 1e20 else _plain(value)
    head, _, tail = text.partition(".")
    tail = tail[:least] + tail[least:].rstrip("0")
    sign, head = ("-", head[1:]) if head.startswith("-") else ("", head)
    needed = sum(sign_ == "0" for sign_ in whole)
    head = head.lstrip("0").rjust(needed, "0")
    if "," in whole and needed < 2 and head:
        head = f"{int(head):,}"
    if not head and not tail:
        # A place "#" or "?" shows no zero.
        return ""
    has_value = any(digit != "0" for digit in head + tail)
    return f"{sign if has_value else ''}{head or '0'}{'.' + tail if tail else ''}"


def _date(value: float, parts: tuple[_Part, ...], from_1904: bool) -> str:
    seconds = round(value * _DAY_SECONDS, 3)
    if not 0 <= value < _LAST_DAY:
        return _plain(value)
    # Excel counts a 29th of February 1900, which was none.
    day_zero = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 if value < 60 else 30)
    needs_fraction = any(part.kind == "number" for part in parts)
    moment = day_zero + timedelta(seconds=seconds if needs_fraction else round(seconds))
    halves = any(part.kind == "noon" for part in parts)
    pieces = []
    for number, part in enumerate(parts):
        match part.kind:
            case "date":
                is_minute = part.text[0] == "m" and _is_minute(parts, number)
                pieces.append(_date_part(moment, part.text, is_minute, halves))
            case "elapsed":
                unit = {"h": 3600, "m": 60, "s": 1}[part.text[0]]
                pieces.append(str(round(seconds) // unit).rjust(len(part.text), "0"))
            case "noon":
                pieces.append(moment.strftime("%p") if len(part.text) > 3 else moment.strftime("%p")[0])
            case "literal":
                pieces.append(part.text)
            case _:
                pieces.append("")
    return "".join(pieces).strip().rstrip(".")


def _is_minute(parts: tuple[_Part, ...], number: int) -> bool:
    """Whether "m" means minutes: after hours, or before seconds."""
    if len(parts[number].text) > 2:
        return False
    before = [part.text[0] for part in parts[:number] if part.kind in ("date", "elapsed")]
    after = [part.text[0] for part in parts[number + 1 :] if part.kind in ("date", "elapsed")]
    return before[-1:] == ["h"] or after[:1] == ["s"]


def _date_part(moment: datetime, part: str, is_minute: bool, halves: bool) -> str:
    letter, length = part[0], len(part)
    match letter:
        case "y":
            return f"{moment.year:04d}" if length > 2 else f"{moment.year % 100:02d}"
        case "m" if is_minute:
            return f"{moment.minute:0{min(length, 2)}d}"
        case "m":
            name = _MONTHS[moment.month - 1]
            return (f"{moment.month:0{length}d}", name[:3], name)[0 if length < 3 else 1 if length == 3 else 2]
        case "d":
            name = _DAYS[moment.weekday()]
            return (f"{moment.day:0{length}d}", name[:3], name)[0 if length < 3 else 1 if length == 3 else 2]
        case "h":
            hour = (moment.hour % 12 or 12) if halves else moment.hour
            return f"{hour:0{min(length, 2)}d}"
    return f"{moment.second:0{min(length, 2)}d}"
