"""The lines of a text with their places in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line: characters [start, end) of the text, without its line break."""

    start: int
    end: int
    text: str

    @property
    def is_blank(self) -> bool:
        """Whether the line has nothing but white space."""
        return not self.text.strip()


def lines_of(text: str) -> list[Line]:
    """All lines of a text."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    position = 0
    for line in text.split("\n"):
        yield Line(position, position + len(line), line)
        position += len(line) + 1


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends; an empty one stays where it begins."""
    part = text[start:end]
    if not part.strip():
        return start, start
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())
