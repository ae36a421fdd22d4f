"""What is printed on a page: words and rules with their places, and the lines and segments that they form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise


@dataclass(frozen=True, slots=True)
class Style:
    """How words look: the size of their letters in points, whether they are bold, and their angle in degrees.

    `mark` is the number of the marked content that they belong to in a tagged PDF; -1 if none.
    """

    size: float = 10.0
    is_bold: bool = False
    mark: int = -1
    angle: float = 0.0


@dataclass(slots=True)
class Word:
    """Letters without a space between them: their place in the order of the file, and their box.

    The box is in points from the lower left corner of the page as it is read: text that runs from right to left, or
    along the page's long side, is turned beforehand so that lines run to the right and follow each other downwards.
    `is_against` says that the word runs against its page's direction, as Latin words do in Hebrew text.
    """

    number: int
    text: str
    left: float
    bottom: float
    right: float
    top: float
    style: Style
    is_against: bool = False

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
    """Words of a line that stand together, apart from the rest of the line, in reading order."""

    words: tuple[Word, ...]
    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """The segments at one height, from left to right."""

    segments: tuple[Segment, ...]
    middle: float
    height: float

    @property
    def numbers(self) -> set[int]:
        """The numbers of its words."""
        return {one.number for segment in self.segments for one in segment.words}

    @property
    def text(self) -> str:
        """All its words in reading order, with spaces."""
        if not any(word.is_against for segment in self.segments for word in segment.words):
            return " ".join([segment.text for segment in self.segments])
        return _joined([word for segment in self.segments for word in segment.words])


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """The cells of a table, the numbers of all words in it, and its place.

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
_SAME_LINE = 0.4
"""Centres of words in one line differ by less, likewise."""


def printed_lines(words: Sequence[Word]) -> list[PrintedLine]:
    """The lines of a page from the top, each with its segments."""
    rows: list[list[Word]] = []
    lowest = 0.0
    for one in sorted(words, key=lambda one: -(one.bottom + one.top)):
        middle = (one.bottom + one.top) / 2
        if rows and middle > lowest:
            rows[-1].append(one)
        else:
            rows.append([one])
            lowest = middle - _SAME_LINE * max(one.top - one.bottom, 1.0)
    return [_line(row) for row in rows]


def _line(row: list[Word]) -> PrintedLine:
    row.sort(key=lambda one: (one.left, one.number))
    heights = sorted([one.top - one.bottom for one in row])
    height = max(heights[len(heights) // 2], 1.0)
    groups = [[row[0]]]
    reach = row[0].right
    for one in row[1:]:
        if one.left - reach > _GAP * height:
            groups.append([one])
            reach = one.right
        else:
            groups[-1].append(one)
            reach = max(reach, one.right)
    segments = tuple(map(_segment, groups))
    middles = sorted([(one.bottom + one.top) / 2 for one in row])
    return PrintedLine(segments, middles[len(middles) // 2], height)


def _segment(group: list[Word]) -> Segment:
    if len(group) == 1:
        return Segment((group[0],), group[0].text, group[0].left, group[0].right)
    return Segment(tuple(group), _joined(group), group[0].left, max([one.right for one in group]))


def _joined(group: Sequence[Word]) -> str:
    """The words with spaces; signs that touch the word before them, as after a change of font, have none."""
    ordered = _in_reading_order(group)
    pieces = [ordered[0].text]
    for before, one in pairwise(ordered):
        touches = one.number == before.number + len(before.text) and one.left - before.right < 0.1 * one.style.size
        pieces += [one.text] if touches else [" ", one.text]
    return "".join(pieces)


def _in_reading_order(group: Sequence[Word]) -> Sequence[Word]:
    """The words of a segment, where those that run against the page's direction follow each other the other way."""
    if not any(one.is_against for one in group):
        return group
    ordered: list[Word] = []
    for is_against, grouped in groupby(group, key=lambda one: one.is_against):
        run = list(grouped)
        ordered += run[::-1] if is_against else run
    return ordered


def text_of(words: Sequence[Word]) -> str:
    """The text of a cell with several lines."""
    if len(words) == 1:
        return words[0].text
    return " ".join(line.text for line in printed_lines(words))
