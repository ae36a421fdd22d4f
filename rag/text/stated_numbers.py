"""Numbers, dates, times and codes in a text, normalized so that different spellings compare equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_UNIT_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    *(stem + "teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine")),
]
_TEEN_ORDINALS = ["tenth", "eleventh", "twelfth", *(word + "th" for word in _TEENS[3:])]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TENS_ORDINALS = [word.removesuffix("y") + "ieth" for word in _TENS]
# The decimal places by which a word or letter moves the point.
_PLACES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9}
_MAY_BE_UNITS = frozenset(["k", "m"])
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August"]
_MONTHS += ["September", "October", "November", "December"]
_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_DOUBTFUL = frozenset(["one", "first", "second"])
_THOUSANDS_SEPARATOR = re.compile("[\u00a0\u2009\u202f '’\u066c]")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """A number at [start, end) of a text. Two numbers are equal if they share at least one of their `readings`.

    `is_doubtful` marks words that may not be a number: "one of them", "first, open the box", "a second".
    """

    start: int
    end: int
    text: str
    readings: frozenset[str]
    is_doubtful: bool = False


def stated_numbers(text: str) -> tuple[StatedNumber, ...]:
    """Find the numbers of a text, in order and without overlaps.

    "1,000", "1.000,00", "1 000" and "a thousand" are one number, as are "29d", "29th" and "twenty-nine", and "2 pm"
    and "14:00". A separator before exactly three digits separates thousands. A date counts as its day, month and
    year, so "2024-09-01" and "1 September 2024" agree. A code such as "E27" equals only itself. Plus and minus signs
    and units are not read. Number words are recognized in English only.
    """
    return tuple(number for match in _pattern().finditer(text) for number in _read(match))


@cache
def _pattern() -> re.Pattern[str]:
    """One pattern with a named group for each way to write a number; if several match, the first one counts."""
    month = "|".join(_MONTHS)
    short = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
    kinds = {
        "iso": r"\d{4}-\d\d-\d\d(?!\d)",
        "date": r"\d{1,2}(?P<mark>[./-])\d{1,2}(?P=mark)\d{4}(?!\d)",
        "half": r"\d{1,2}(?:[:.]\d\d)?\s?[AaPp]\.?[Mm]\b",
        "time": r"\d{1,2}:\d\d(?!\d)",
        "code": r"(?<![A-Za-z])(?!EUR|USD|GBP|CHF)[A-Za-z]+\d[\dA-Za-z]*(?:\.\d+)*|\d+[A-Za-z]+\d[\dA-Za-z]*",
        "digits": "(?:\\d{1,3}(?:[\u00a0\u2009\u202f ]\\d{3})+(?!\\d)(?:[.,]\\d+)?|\\d+(?:[.,'’\u066b\u066c]\\d+)*)"
        rf"(?:\s?(?i:{'|'.join(_PLACES)})\b)?",
        "words": rf"(?i:\b(?:{_spelled()})\b)",
        "month": rf"\b(?:{month}|{month.upper()}|(?<=\d\s)(?:{short})|(?:{short})(?=\.?\s\d))\b",
        "weekday": rf"\b(?:(?:{_WEEKDAYS})s?|(?:{_WEEKDAYS.upper()})S?)\b",
    }
    return re.compile(r"(?<!\d)(?:" + "|".join(f"(?P<{kind}>{form})" for kind, form in kinds.items()) + ")")


def _spelled() -> str:
    """A pattern for numbers in words, up to billions; the last word may be an ordinal."""
    units = "|".join([*_UNITS, *_UNIT_ORDINALS])
    others = "|".join([*_TENS_ORDINALS, *_TEEN_ORDINALS, *_TEENS])
    small = rf"(?:(?:{'|'.join(_TENS)})(?:[-\s](?:{units}))?|{others}|{units})\b"
    below_thousand = rf"(?:(?:{small}\s)?hundred(?:\s(?:and\s)?{small})?|{small})"
    scale = "(?:thousand|million|billion)"
    return rf"(?:{below_thousand}\s{scale}\s(?:and\s)?)*{below_thousand}(?:\s{scale})?|{scale}"


def _read(match: re.Match[str]) -> Iterator[StatedNumber]:
    kind, text = match.lastgroup, match[0]
    if kind in ("iso", "date"):
        yield from _date(match)
        return
    readings = {
        "half": lambda: _time_of_day(text),
        "time": lambda: {_clock(*map(int, text.split(":")))},
        "code": lambda: _code(text),
        "digits": lambda: _digits(text),
        "words": lambda: {_from_words(text.lower())},
        "month": lambda: {_month([name[:3] for name in _MONTHS].index(text[:3].capitalize()) + 1)},
        "weekday": lambda: {text[:3].lower()},
    }[kind or ""]()
    yield StatedNumber(match.start(), match.end(), text, frozenset(readings), text.lower() in _DOUBTFUL)


def _date(match: re.Match[str]) -> Iterator[StatedNumber]:
    """Year, month and day as separate numbers; only in ISO 8601 is it certain which one is the month."""
    for place, part in enumerate(_DIGITS.finditer(match[0])):
        value = int(part[0])
        readings = {str(value)} if len(part[0]) == 4 or (match.lastgroup == "iso" and place == 2) else {_month(value)}
        if match.lastgroup == "date" and len(part[0]) < 4:
            readings.add(str(value))
        start = match.start() + part.start()
        yield StatedNumber(start, start + len(part[0]), part[0], frozenset(readings))


def _month(number: int) -> str:
    return f"month {number}"


def _clock(hour: int, minute: int) -> str:
    return f"{hour}:{minute:02}"


def _time_of_day(text: str) -> set[str]:
    """ "2 pm" on the 24-hour clock."""
    hour, *minute = map(int, _DIGITS.findall(text))
    return {_clock(hour % 12 + (12 if "p" in text.lower() else 0), minute[0] if minute else 0)}


def _code(text: str) -> set[str]:
    """A code in lower case; "v2.1" also reads as version 2.1."""
    code = text.lower()
    return {code, code[1:]} if re.fullmatch(r"v[\d.]+", code) else {code}


def _digits(text: str) -> set[str]:
    """The number in plain ASCII digits; "18k" and "18 m" read both as scaled and as a plain 18 with a unit."""
    number = re.match(r"[^A-Za-z]*\d", text)
    plain = _plain_number(number[0] if number else text)
    scale = text[number.end() if number else 0 :].strip().lower()
    if not scale:
        return {plain}
    scaled = _scaled(plain, _PLACES[scale])
    return {plain, scaled} if scale in _MAY_BE_UNITS else {scaled}


def _plain_number(digits: str) -> str:
    """ "1.234,50" and "1,234.5" -> "1234.5"; text that is not a decimal number, such as "2.3.1", stays as it is."""
    text = _THOUSANDS_SEPARATOR.sub("", digits).replace("\u066b", ".")
    text = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
    parts, signs = re.split("[.,]", text), re.findall("[.,]", text)
    is_grouped = len(parts[0]) <= 3 and parts[0] != "0" and all(len(part) == 3 for part in parts[1:])
    if len(set(signs)) == 1 and is_grouped:
        return _trimmed("".join(parts), "")
    if len(signs) > 1 and signs.count(signs[-1]) > 1:
        return text
    return _trimmed("".join(parts[:-1]), parts[-1]) if signs else _trimmed(text, "")


def _trimmed(whole: str, fraction: str) -> str:
    """A decimal number without leading and trailing zeros."""
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


def _scaled(number: str, places: int) -> str:
    """The number with its decimal point moved right by `places`."""
    whole, _, fraction = number.partition(".")
    fraction = fraction.ljust(places, "0")
    return _trimmed(whole + fraction[:places], fraction[places:])


def _from_words(words: str) -> str:
    """ "twenty-nine thousand and six" -> "29006"."""
    total, current = 0, 0
    for word in re.findall(r"[a-z]+", words):
        if word == "hundred":
            current = max(current, 1) * 100
        elif word in _PLACES:
            total, current = total + max(current, 1) * 10 ** _PLACES[word], 0
        else:
            current += _values().get(word, 0)
    return str(total + current)


@cache
def _values() -> dict[str, int]:
    """The value of each single number word below one hundred."""
    below_twenty = [*_UNITS, *_TEENS], [*_UNIT_ORDINALS, *_TEEN_ORDINALS]
    tens = _TENS, _TENS_ORDINALS
    values = {word: value for words in below_twenty for value, word in enumerate(words, start=1)}
    return values | {word: value * 10 for words in tens for value, word in enumerate(words, start=2)}
