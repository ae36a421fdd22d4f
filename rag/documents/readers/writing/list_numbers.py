"""Numbers of list items and notes as they are printed: 3, c, iii, C, III."""

from __future__ import annotations

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MOST_ROMAN = 3999
_MOST_LETTERS = 26 * 20


def letters(number: int) -> str:
    """1 is "a", 26 is "z", 27 is "aa", 28 is "bb", as word processors count."""
    if not 1 <= number <= _MOST_LETTERS:
        return str(number)
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def roman(number: int) -> str:
    """1 is "i", 4 is "iv"; a number without a Roman one stays in digits."""
    if not 1 <= number <= _MOST_ROMAN:
        return str(number)
    pieces = []
    for value, sign in _ROMAN:
        pieces.append(sign * (number // value))
        number %= value
    return "".join(pieces)
