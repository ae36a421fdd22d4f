"""Kinds of cells: number, period, code, flag or text, so that a header can be told from values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from rag.text.stems import word_set

Kind = Literal["", "number", "period", "code", "flag", "text"]
"""What a cell holds; "" if it is empty. A period is a year or a month in digits; a code has letters and digits."""

_PERIOD = re.compile(r"(?:19|20)\d\d(?:[-/](?:\d\d|(?:19|20)\d\d))?|(?:0?[1-9]|1[0-2])[-/](?:19|20)\d\d|Q[1-4]")
_AMOUNT = re.compile(
    r"[(]?(?:[A-Z]{3}|[A-Z]{0,2}[$€£¥₹]|[^\w\s])?\s?[-+\u2212]?\s?\d[\d.,'\u2019\u00a0\u202f ]*(?:[eE][-+]?\d+)?\s?"
    r"(?:[)]|[%\u2030\u00b0]?[A-Za-z\u00b5\u03a9]{0,3}[\u00b2\u00b3]?(?:/[A-Za-z]{1,3})?|[^\w\s]{1,2})"
)
_MONTH = re.compile(
    r"(?:\d{1,2}\.? )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?:\d{1,2}, )?(?:19|20)\d\d",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[\w./#-]{2,24}")
_SHORT = 64
_FLAGS = frozenset(("yes", "no", "true", "false", "n/a", "na", "none", "ja", "nein", "oui", "non", "ok"))
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d\d.*)?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d\d|\d{4})?|\d{1,2}/\d{1,2}"
)
_TIME = re.compile(r"\d{1,2}[:.]\d\d(?::\d\d)?(?: ?[AaPp][Mm])?(?: ?[-\u2013] ?\d{1,2}[:.]\d\d)?")
_UNIT_LIST = (
    "mm cm dm m km in ft yd mi mm² cm² m² m2 km² ha mm³ cm³ m³ m3 ml cl l L hl gal mg µg g kg t lb lbs oz ms s sec min "
    "h hrs d days K °C °F ° Pa hPa kPa MPa bar mbar psi V mV kV A mA W kW MW Wh kWh MWh J kJ MJ kcal N kN Nm Hz kHz "
    "MHz GHz dB lx lm Ω kΩ m/s km/h mph rpm 1/min l/h l/min m³/h kg/h g/l mg/l kg/m³ ppm ppb pH EUR USD GBP CHF TEUR "
    "k€ T€ €/kg €/m² €/h pcs pc Stk Stk. Stück B kB MB GB TB bit Mbit/s mol mol/l IU years yrs"
)
_UNITS = frozenset(_UNIT_LIST.split())
_LABELS = word_set(
    "account address age author category city client code company contact contract count country customer date "
    "deadline department description due email fax fee id invoice language location manager mobile model name number "
    "order owner phone place price priority product project quantity reference size start state status street subject "
    "answer comment comments content feedback item message note notes question remark remarks review reviews text word "
    "supplier tax team telephone title total town type unit version website weight year zip "
    "adresse anschrift artikel betrag betreff datum firma kunde land menge name nummer ort preis projekt status straße "
    "telefon vertrag bemerkung bemerkungen beschreibung frage kommentar titel"
)


def kind_of(cell: str) -> Kind:
    """The kind of one cell. Dates, times, amounts and shares are numbers; a date with a month's name is one, too."""
    text = cell.strip()
    return _kind_of_short(text) if len(text) <= _SHORT else _kind(text)


def _kind(text: str) -> Kind:
    if not text:
        return ""
    if _PERIOD.fullmatch(text):
        return "period"
    if not any(map(str.isdigit, text)):
        return "flag" if text.lower() in _FLAGS or not any(map(str.isalpha, text)) else "text"
    if not any(map(str.isalpha, text)) or (_AMOUNT.fullmatch(text) and len(text) <= 40) or _MONTH.fullmatch(text):
        return "number"
    return "code" if _CODE.fullmatch(text) else "text"


_kind_of_short = lru_cache(maxsize=16_384)(_kind)
"""`_kind`, which is asked for the same cells by every step that looks for a table's header."""


def number_shape(cell: str) -> Literal["", "date", "time", "number"]:
    """Whether a number is a date or a time; "" if the cell is no number."""
    text = cell.strip()
    if kind_of(text) not in ("number", "period"):
        return ""
    if _DATE.fullmatch(text) or _MONTH.fullmatch(text):
        return "date"
    return "time" if ":" in text and _TIME.fullmatch(text) else "number"


def is_bracketed_unit(cell: str) -> bool:
    """Whether a cell is a unit in brackets, such as "(kg)", or a sign that stands for one."""
    return cell[:1] + cell[-1:] in ("()", "[]") or cell in ("%", "€", "$", "£", "#", "°C")


def is_unit(cell: str) -> bool:
    """Whether a cell is a unit, in brackets or not."""
    return is_bracketed_unit(cell) or cell in _UNITS


def usual_kind(kinds: Sequence[Kind]) -> Kind:
    """The kind of at least seven tenths of the cells that are not empty; "" if there is none. Years are numbers."""
    counts = Counter("number" if kind == "period" else kind for kind in kinds if kind)
    if not counts:
        return ""
    kind, count = counts.most_common(1)[0]
    return kind if count >= 0.7 * counts.total() else ""


def shape_of(cell: str) -> str:
    """A code with its digits and letters replaced: "T-902" and "A-7" are both "a-9"."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", cell.strip()))


def is_usual_label(cell: str) -> bool:
    """Whether a cell has a word that often names a value, such as "customer" or "date"."""
    return any(word in _LABELS for word in re.findall(r"[^\W\d_]+", cell.casefold()))
