"""Units of measurement in a text: what is counted after a number, with the spellings of one unit made equal."""

from __future__ import annotations

import re
from functools import cache

from rag.text.stated_numbers import StatedNumber
from rag.text.stems import is_common

_UNITS = """
time second: s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi
time minute: min mins minute minutes minuten minuto minutos minuti
time hour: h hr hrs hour hours hourly stunde stunden stündlich heure heures hora horas ora ore uur
time day: d day days daily tag tage tagen täglich jour jours día días giorno giorni dia dias dag dagen
time night: night nights nightly nacht nächte nuit nuits noche noches notte notti
time week: week weeks weekly woche wochen wöchentlich semaine semaines semana semanas settimana settimane weken
time fortnight: fortnight fortnights fortnightly
time month: month months monthly monat monate monaten monatlich mois mes meses mese mesi maand maanden
time quarter: quarter quarters quarterly quartal quartale
time year: y yr yrs year years yearly annual annually jahr jahre jahren jährlich an ans année années año años anno anni
time year: ano anos jaar jaren
time decade: decade decades jahrzehnt jahrzehnte
time century: century centuries jahrhundert jahrhunderte siècle siècles siglo siglos
length millimetre: mm millimetre millimetres millimeter millimeters
length centimetre: cm centimetre centimetres centimeter centimeters zentimeter
length metre: m metre metres meter meters mètre mètres metro metros metri
length kilometre: km kms kilometre kilometres kilometer kilometers kilomètre kilomètres kilómetro kilómetros
length inch: inch inches
length foot: ft foot feet
length yard: yd yards
length mile: mi mile miles meile meilen
length lightyear: lightyear lightyears
mass milligram: mg milligram milligrams milligramme milligrammes milligramm
mass gram: g gram grams gramme grammes gramm
mass kilogram: kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes kilogramm
mass tonne: t tonne tonnes ton tons tonnen
mass ounce: oz ounce ounces
mass pound: lb lbs pound pounds pfund
volume millilitre: ml millilitre millilitres milliliter milliliters
volume centilitre: cl centilitre centilitres
volume litre: l litre litres liter liters litro litros
volume gallon: gallon gallons
volume pint: pint pints
volume cup: cup cups
volume tablespoon: tbsp tablespoon tablespoons
volume teaspoon: tsp teaspoon teaspoons
area squaremetre: m² sqm
area hectare: ha hectare hectares hektar
area acre: acre acres
money euro: € eur euro euros
money dollar: $ usd dollar dollars
money pound: £ gbp pound pounds
money franc: chf franc francs franken
money yen: ¥ jpy yen
money cent: cent cents
money rupee: ₹ inr rupee rupees
money crown: sek nok dkk crown crowns kronor kroner
temperature celsius: °c celsius degree degrees °
temperature fahrenheit: °f fahrenheit degree degrees °
temperature kelvin: k kelvin
data bit: bit bits
data byte: byte bytes
data kilobyte: kb kib kilobyte kilobytes
data megabyte: mb mib megabyte megabytes
data gigabyte: gb gib gigabyte gigabytes
data terabyte: tb tib terabyte terabytes
power watt: w watt watts
power kilowatt: kw kilowatt kilowatts
power megawatt: mw megawatt megawatts
energy kilowatthour: kwh
energy joule: j joule joules
energy calorie: cal calorie calories
energy kilocalorie: kcal kilocalorie kilocalories
electricity volt: v volt volts
electricity ampere: a amp amps ampere amperes
frequency hertz: hz hertz
frequency kilohertz: khz kilohertz
frequency megahertz: mhz megahertz
frequency gigahertz: ghz gigahertz
pressure bar: bar bars
pressure pascal: pa pascal pascals
share percent: % percent pct prozent pourcent
share permille: ‰ permille
text character: character characters char chars
text letter: letter letters
text word: word words
text sentence: sentence sentences
text line: line lines
text page: page pages
text chapter: chapter chapters
people person: person persons people
"""
_AFTER = re.compile(r"[\s-]*(°\s?[CFcf]\b|m²|[%‰€$£¥₹°]|[^\W\d_]+)")
_BEFORE = re.compile(r"(?:([€$£¥₹])|\b(EUR|USD|GBP|CHF|JPY|INR))\s?$")
_PER_CENT = re.compile(r"[\s-]*per\s?cent\b", re.I)
_SKIPPED = 2

Units = frozenset[str]
"""The units that a word can mean, each as "dimension unit"; "pounds" can be two."""


@cache
def _table() -> dict[str, Units]:
    found: dict[str, set[str]] = {}
    for line in _UNITS.strip().splitlines():
        unit, words = line.split(":")
        for word in words.split():
            found.setdefault(word, set()).add(unit)
    return {word: frozenset(units) for word, units in found.items()}


def units_of(word: str) -> Units:
    """The units that a word can mean; empty if it is none."""
    return _table().get(word.casefold(), frozenset())


def units_in_words(word: str) -> Units:
    """As `units_of`, for a word that is not next to a number: abbreviations such as "m" or "min" are no units there."""
    return units_of(word) if len(word) > 3 or word.casefold() in ("day", "año") else frozenset()


def units_at(text: str, number: StatedNumber) -> tuple[Units, str]:
    """The unit of a number and the word that names it: "5 km", "nine working days", "€14"; empty if it has none."""
    if sign := _BEFORE.search(text, max(number.start - 5, 0), number.start):
        return units_of(sign[1] or sign[2]), sign[0].strip()
    if _PER_CENT.match(text, number.end):
        return units_of("percent"), "per cent"
    end = number.end
    for _ in range(_SKIPPED + 1):
        match = _AFTER.match(text, end)
        if not match:
            break
        word = match[1]
        if units := units_of(word.replace(" ", "")):
            return units, word
        if is_common(word):
            break
        end = match.end()
    glued = re.search(r"\d([A-Za-z]+)$", number.text)
    return (units_of(glued[1]), glued[1]) if glued else (frozenset(), "")


def dimensions(units: Units) -> frozenset[str]:
    """What the units measure, such as "time"."""
    return frozenset(unit.split()[0] for unit in units)
