"""What is printed on a page: characters and rules with their places, and the lines and segments that they form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(frozen=True, slots=True)
class Character:
    """A visible character: its number in the page's text and its box, in points from the lower left corner.

    `follows_space` says whether the text has a space or a line break before it.
    """

    number: int
    text: str
    left: float
    bottom: float
    right: float
    top: float
    follows_space: bool = False

    @property
    def middle(self) -> float:
        """The height of its centre."""
        return (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line across (`bottom` == `top`) or upright (`left` == `right`)."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def is_upright(self) -> bool:
        """Whether it separates columns."""
        return self.top - self.bottom > self.right - self.left


@dataclass(frozen=True, slots=True)
class Segment:
    """Words of a line that stand together, apart from the rest of the line."""

    characters: tuple[Character, ...]
    text: str

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.characters[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(one.right for one in self.characters)


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """The segments at one height, from left to right."""

    segments: tuple[Segment, ...]
    middle: float
    height: float

    @property
    def numbers(self) -> set[int]:
        """The numbers of its characters."""
        return {one.number for segment in self.segments for one in segment.characters}


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """The cells of a table, the numbers of all characters in it, and its place.

    `columns` are the left and right ends of its columns; `bottom` and `top` its height on the page.
    """

    cells: tuple[tuple[str, ...], ...]
    numbers: frozenset[int]
    columns: tuple[tuple[float, float], ...]
    bottom: float
    top: float

    def goes_on_from(self, other: PrintedTable) -> bool:
        """Whether the columns are those of another table, so that this one may be its next part."""
        return len(self.columns) == len(other.columns) and all(
            left < there_right and there_left < right
            for (left, right), (there_left, there_right) in zip(self.columns, other.columns, strict=True)
        )


_GAP = 0.45
"""Between segments there is at least so much space, as a share of the line's height. A space between words has 0.25."""
_SPACE = 0.13
"""Between words, likewise."""


def printed_lines(characters: Sequence[Character]) -> list[PrintedLine]:
    """The lines of a page from the top, each with its segments."""
    rows: list[list[Character]] = []
    for one in sorted(characters, key=lambda one: -one.middle):
        if rows and rows[-1][0].middle - one.middle < 0.4 * max(rows[-1][0].top - rows[-1][0].bottom, 1.0):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [_line(row) for row in rows]


def _line(row: list[Character]) -> PrintedLine:
    ordered = sorted(row, key=lambda one: (one.left, one.number))
    height = max(median(one.top - one.bottom for one in ordered), 1.0)
    groups = [[ordered[0]]]
    for one in ordered[1:]:
        reach = max(other.right for other in groups[-1][-4:])
        if one.left - reach > _GAP * height:
            groups.append([one])
        else:
            groups[-1].append(one)
    segments = tuple(Segment(tuple(group), _words(group, height)) for group in groups)
    return PrintedLine(segments, median(one.middle for one in ordered), height)


def _words(group: Sequence[Character], height: float) -> str:
    pieces = [group[0].text]
    for before, one in pairwise(group):
        # The text has a space between these characters, or the page shows one.
        if one.follows_space or one.left - before.right > _SPACE * height or one.number != before.number + 1:
            pieces.append(" ")
        pieces.append(one.text)
    return " ".join("".join(pieces).split())


def text_of(characters: Sequence[Character]) -> str:
    """The text of a cell with several lines."""
    return " ".join(segment.text for line in printed_lines(characters) for segment in line.segments)
