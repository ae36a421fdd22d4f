"""Notes on what was left out of a document's text: hidden words, symbols without a character."""

from __future__ import annotations

from collections.abc import Iterator


def unseen(hidden_words: int, symbols: int = 0) -> Iterator[str]:
    """The notes on hidden words and on symbols of picture fonts, if there are any."""
    if hidden_words:
        yield f"Hidden text was left out: {_count(hidden_words, 'word')}."
    if symbols:
        yield f"{_count(symbols, 'symbol')} of a picture font without a matching character left out."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
