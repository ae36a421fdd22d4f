"""Reading order: text in columns is read column by column, all other lines from the top down.

Columns are found by the white space between them: a gutter that at least three lines in a row leave free, with text
on both sides. Lines above and below that cross the gutter, such as a title, end the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from rag.documents.tables.printed import PrintedLine, Word

_FEWEST_LINES = 3
"""Each column has at least so many lines."""
_GUTTER = 0.7
"""A gutter is at least so wide, as a share of the height of its lines."""
_MARKER = 3
"""Mean characters of a line, up to which a side holds the bullets or numbers of a list."""
_MANY_LINES, _SHORTEST_OF_FEW = 6, 14
"""Columns with fewer lines than so many have longer ones; the labels of a form have not."""
_SHORT = 3.0
"""Mean words of a line, up to which lines on both sides that stand at the same heights belong together."""
_MOST_OF_HEADING = 2
"""Lines of a heading."""
_SPACE_OF_HEADING, _SPACE_OF_FOOTER = 1.6, 4.0
_LOOK = 8
"""Lines from the first of a column down in which a gutter is looked for."""


@dataclass(frozen=True, slots=True)
class _Band:
    """Lines [first, end) whose words stand on both sides of a gutter."""

    first: int
    end: int
    gutter: float


def in_columns(lines: Sequence[PrintedLine]) -> list[list[PrintedLine]]:
    """The lines of a page, from the top, as blocks in reading order; lines that reach over columns are split."""
    blocks: list[list[PrintedLine]] = []
    plain: list[PrintedLine] = []
    at = 0
    while at < len(lines):
        band = _band(lines, at)
        if band is None:
            plain.append(lines[at])
            at += 1
            continue
        if plain:
            blocks.append(plain)
            plain = []
        inside = lines[band.first : band.end]
        for is_left in (True, False):
            blocks += in_columns([part for line in inside if (part := _side(line, band.gutter, is_left))])
        at = band.end
    if plain:
        blocks.append(plain)
    return blocks


def _side(line: PrintedLine, gutter: float, is_left: bool) -> PrintedLine | None:
    """The part of a line on one side of a gutter."""
    segments = tuple([one for one in line.segments if (one.left < gutter) == is_left])
    if len(segments) == len(line.segments):
        return line
    # Lines of different columns that stand at nearly the same height are one line only by chance.
    words = segments[0].words if segments else ()
    return PrintedLine(segments, words[0].middle if words else line.middle, line.height) if segments else None


def _band(lines: Sequence[PrintedLine], first: int) -> _Band | None:
    """The longest run of lines from the first one on that leave a gutter free."""
    best: _Band | None = None
    for at in range(first, min(first + _LOOK, len(lines))):
        for before, after in zip(lines[at].segments, lines[at].segments[1:], strict=False):
            if best and at < best.end and before.right <= best.gutter <= after.left:
                continue
            best = _extended(lines, first, at, (before.right, after.left), best) or best
    return best if best and not _is_one_table(lines[best.first : best.end], best.gutter) else None


def _extended(
    lines: Sequence[PrintedLine], first: int, at: int, gap: tuple[float, float], best: _Band | None
) -> _Band | None:
    """The run of lines that leave a part of this gap of the line `at` free; None if it is not longer than the best."""
    left, right = gap
    narrowest = _GUTTER * lines[at].height
    end = first
    for line in islice(lines, first, None):
        middle, before, after = (left + right) / 2, left, right
        for one in line.segments:
            if one.left < middle:
                before = max(before, one.right)
            else:
                after = min(after, one.left)
        if after - before < narrowest:
            break
        left, right = before, after
        end += 1
    if end <= at:
        return None
    gutter = (left + right) / 2
    space = _SPACE_OF_HEADING if end < len(lines) else _SPACE_OF_FOOTER
    end = first + _without_rest(lines[first:end], gutter, space)
    is_longer = best is None or end > best.end
    return _Band(first, end, gutter) if is_longer and _are_columns(lines[first:end], gutter) else None


def _are_columns(lines: Sequence[PrintedLine], gutter: float) -> bool:
    """Whether both sides have enough lines; the last column may be shorter, if it begins above and the file ends so."""
    if len(lines) < _FEWEST_LINES:
        return False
    left, right = ([part for line in lines if (part := _side(line, gutter, is_left))] for is_left in (True, False))
    if len(left) < _FEWEST_LINES:
        return False
    few = min(len(left), len(right)) < _MANY_LINES
    shortest = _SHORTEST_OF_FEW if few else _MARKER
    if any(sum(len(line.text) for line in side) <= shortest * len(side) for side in (left, right)):
        return False
    if min(len(left), len(right)) >= _FEWEST_LINES:
        return True
    if not right or right[0].middle < lines[1].middle:
        return False
    before = [word.number for line in left for word in _words(line)]
    after = [word.number for line in right for word in _words(line)]
    return bool(before and after) and max(before) < min(after) and len(after) >= 2 * len(right)


def _without_rest(lines: Sequence[PrintedLine], gutter: float, space: float) -> int:
    """The number of lines without a heading of the text over the whole width below them, or a footer.

    Args:
        space: above the heading or footer, in heights of its line.
    """
    last_right = max((at for at, line in enumerate(lines) if line.segments[-1].left >= gutter), default=-1)
    for at in range(max(last_right + 1, len(lines) - _MOST_OF_HEADING), len(lines)):
        if at and lines[at - 1].middle - lines[at].middle > space * lines[at].height:
            return at
    return len(lines)


def _is_one_table(lines: Sequence[PrintedLine], gutter: float) -> bool:
    """Whether both sides are read line by line: short parts at the same heights, and the file has them so."""
    sides = [[part for line in lines if (part := _side(line, gutter, is_left))] for is_left in (True, False)]
    together = sum(line.segments[0].left < gutter <= line.segments[-1].left for line in lines)
    if together < 0.6 * max(map(len, sides)):
        return False
    numbers = [[one.number for line in side for one in _words(line)] for side in sides]
    if not numbers[0] or not numbers[1] or max(numbers[0]) < min(numbers[1]):
        return False
    return min(sum(len(_words(line)) for line in side) / len(side) for side in sides) <= _SHORT


def _words(line: PrintedLine) -> list[Word]:
    return [word for segment in line.segments for word in segment.words]
