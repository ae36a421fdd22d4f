"""Pieces of a page: paragraphs, lists and headings, from lines in reading order.

A line break is taken for one that the width of the column forced if the next word would not have fitted; all other
breaks are the author's and stay, so the lines of a price list or an address stay lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from rag.documents.tables.printed import PrintedLine, Style, Word

_LARGER = 1.08
"""Sizes of letters that differ by less are one size."""
_WIDER = 1.35
"""Lines of a paragraph are at most so much farther apart than is usual for the page."""
_INDENT = 0.6
"""The first line of a paragraph begins so much farther to the right, as a share of a line's height."""
_FEWEST_LINES = 3
"""Lines of a column, from which the longest tells its width."""
_BULLET = re.compile(
    r"(?:[•‣▪●○◦■□–—*·\uf0b7\uf0a7-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]|(?:\d{1,3}\.)+\d{0,3})\s+\S"
)
_ENDS = re.compile(r"[.!?:;…。]['\"”’»)\]]*$")
_DIVIDED = re.compile(r"[^\W\d_]{2}[-\u2010\u00ad]$")
_LEADERS = re.compile(r"(?:\.\s?){4,}|…{2,}|_{4,}")
_CONTENTS = re.compile(r".*\S\s*(?:(?:\.\s?){3,}|…|\s)\s*(?:\d{1,4}|[ivxlc]{1,6})$")
_ENDS_WITH_PRICE = re.compile(
    r".*\w.*\s(?:[$€£¥]\s?\d[\d.,'’]*|\d[\d.,'’]*[.,]\d{1,2}(?:\s?(?:[€$£¥%]|[A-Z]{3}))?|\d[\d.,'’]*\s?(?:[€$£¥%]|[A-Z]{3}))"
)


@dataclass(slots=True)
class Piece:
    """Lines that belong together, or a written table.

    Attributes:
        lines: the texts of its lines.
        is_forced: for each line but the last, whether the width of the column forced its end.
        style: the style of most of its letters.
        kind: "text"; "list" for lines that are rows, which no chunk may cut; "contents" for lines of a table of
            contents; "table" for a table, whose one line is its whole text; "extra" for what is no part of the
            page's flow: turned text, comments and form fields.
        key: the number of the heading that the piece was found to be; -1 if none. See `headings`.
        top: the height of its first line.
    """

    lines: list[str]
    is_forced: list[bool] = field(default_factory=list)
    style: Style = field(default_factory=Style)
    kind: str = "text"
    key: int = -1
    top: float = 0.0

    @property
    def says(self) -> str:
        """All its lines with spaces."""
        return " ".join(self.lines)


@dataclass(frozen=True, slots=True)
class Tables:
    """The written tables of a page, by the line in its place among the page's lines."""

    texts: dict[int, str]

    def text(self, line: PrintedLine) -> str | None:
        """The table that a line stands for."""
        return self.texts.get(id(line))


Keys = Mapping[int, int]
"""The numbers of the headings that the file states, by the ids of the lines that say them."""


def pieces_of(blocks: Sequence[Sequence[PrintedLine]], tables: Tables, keys: Keys, edge: float = 0.0) -> list[Piece]:
    """The pieces of a page, from blocks of lines in reading order.

    Args:
        edge: how far lines would reach to the right if the margins were equal, for blocks with few lines.
    """
    pitch = _usual_pitch(blocks)
    farthest = max((line.segments[-1].right for block in blocks for line in block), default=0.0)
    pieces: list[Piece] = []
    for block in blocks:
        found = _block_pieces(block, tables, keys, _Room(pitch, farthest, edge))
        if pieces and found and _goes_on(pieces[-1], found[0]):
            pieces[-1].is_forced += [True, *found[0].is_forced]
            pieces[-1].lines += found.pop(0).lines
        pieces += found
    for piece in pieces:
        _name_kind(piece)
    return pieces


def _goes_on(last: Piece, first: Piece) -> bool:
    """Whether a paragraph goes on in the next column."""
    are_text = last.kind == first.kind == "text" and last.key == first.key == -1
    is_open = not _ENDS.search(last.lines[-1]) and len(last.lines) > 1
    return are_text and is_open and first.lines[0][:1].islower() and _is_same_style(last.style, first.style)


def _usual_pitch(blocks: Sequence[Sequence[PrintedLine]]) -> float:
    """The usual distance of lines, as a share of their height."""
    pitches = [
        (above.middle - line.middle) / line.height
        for block in blocks
        for above, line in pairwise(block)
        if 0.7 < above.height / line.height < 1.4
    ]
    near = sorted(pitch for pitch in pitches if 0.5 < pitch < 3)
    return near[len(near) // 3] if near else 1.2


@dataclass(slots=True)
class _Line:
    """A line with what is needed to join it: its style, its ends, the width of its first word."""

    text: str
    style: Style
    left: float
    right: float
    middle: float
    height: float
    first_width: float
    key: int

    @classmethod
    def of(cls, line: PrintedLine, key: int) -> _Line:
        words = [word for segment in line.segments for word in segment.words]
        first = words[0]
        return cls(
            line.text, _style(words), line.segments[0].left, line.segments[-1].right, line.middle, line.height,
            first.right - first.left, key,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Room:
    """How far lines of a page are apart, and how far they reach to the right."""

    pitch: float
    farthest: float
    edge: float

    def right_of(self, lines: Sequence[_Line]) -> float:
        """The right end of a column: where its longest lines end, or the margin, if they are too few to tell."""
        right = max((line.right for line in lines), default=0.0)
        return max(right, self.edge) if len(lines) < _FEWEST_LINES and right >= self.farthest - 1 else right


def _style(words: Sequence[Word]) -> Style:
    """The style of most letters."""
    first = words[0].style
    if all(word.style is first for word in words):
        return first
    counts: Counter[tuple[float, bool]] = Counter()
    for word in words:
        counts[word.style.size, word.style.is_bold] += len(word.text)
    (size, is_bold), _ = counts.most_common(1)[0]
    return Style(size, is_bold, words[0].style.mark)


def _block_pieces(block: Sequence[PrintedLine], tables: Tables, keys: Keys, room: _Room) -> list[Piece]:
    pieces: list[Piece] = []
    lines = [None if tables.text(line) is not None else _Line.of(line, keys.get(id(line), -1)) for line in block]
    known = [line for line in lines if line]
    left = min((line.left for line in known), default=0.0)
    right = room.right_of(known)
    before: _Line | None = None
    for source, line in zip(block, lines, strict=True):
        if line is None:
            pieces.append(Piece([tables.text(source) or ""], kind="table", top=source.middle))
        elif before is None or _begins(before, line, (left, right), room.pitch) or pieces[-1].key != line.key:
            pieces.append(Piece([line.text], [], line.style, key=line.key, top=line.middle))
        else:
            pieces[-1].is_forced.append(_is_forced(before, line, right))
            pieces[-1].lines.append(line.text)
        before = line
    return pieces


def _begins(before: _Line, line: _Line, ends: tuple[float, float], pitch: float) -> bool:
    """Whether a line begins a piece. `ends` are the left and right end of its column."""
    left, right = ends
    if not _is_same_style(before.style, line.style) and not _goes_on_in_style(before, line, right):
        return True
    if before.key == line.key != -1:
        return False
    space, widest = before.middle - line.middle, _WIDER * pitch * max(before.height, line.height)
    goes_on = line.text[:1].islower() and not _ENDS.search(before.text) and _is_forced(before, line, right)
    if space > widest * (_WIDER if goes_on else 1):
        return True
    is_indented = line.left - left > _INDENT * line.height and before.left - left < 0.2 * line.height
    return is_indented and _ENDS.search(before.text) is not None and not _BULLET.match(before.text)


def _goes_on_in_style(before: _Line, line: _Line, right: float) -> bool:
    """Whether a sentence goes on over a change of style, as where a line is mostly a name in another font."""
    small, large = sorted((before.style.size, line.style.size))
    is_near = large <= 1.3 * small and before.style.is_bold == line.style.is_bold
    return is_near and not _ENDS.search(before.text) and _is_forced(before, line, right)


def _is_same_style(one: Style, other: Style) -> bool:
    small, large = sorted((one.size, other.size))
    return large <= _LARGER * small and one.is_bold == other.is_bold


def _is_forced(before: _Line, line: _Line, right: float) -> bool:
    """Whether the first word of a line would not have fitted at the end of the one before."""
    if _DIVIDED.search(before.text) and line.text[:1].islower():
        return True
    if _BULLET.match(line.text) or _LEADERS.search(before.text):
        return False
    return right - before.right < line.first_width + 0.3 * line.height


def _name_kind(piece: Piece) -> None:
    """Tell lists of rows and tables of contents from paragraphs; their lines stay lines."""
    if piece.kind != "text":
        return
    contents = sum(line[-1:].isalnum() and _LEADERS.search(line) is not None for line in piece.lines)
    if contents and contents >= 0.5 * len(piece.lines):
        piece.kind = "contents"
        piece.is_forced = [False] * len(piece.is_forced)
        return
    prices = sum(map(_ends_with_price, piece.lines))
    if prices >= 3 and prices >= 0.7 * len(piece.lines) and median(map(len, piece.lines)) < 90:
        piece.kind = "list"
        piece.is_forced = [False] * len(piece.is_forced)


def _ends_with_price(line: str) -> bool:
    return any(map(str.isdigit, line[-8:])) and _ENDS_WITH_PRICE.fullmatch(line[-60:]) is not None


def name_contents(pieces: Sequence[Piece]) -> None:
    """Mark the lines of a table of contents without dots: three or more in a row that end with a page number."""
    run: list[Piece] = []
    last = -1
    for piece in [*pieces, Piece([""])]:
        number = _page_number(piece)
        if number is not None and number >= last:
            run.append(piece)
            last = number
            continue
        if len(run) >= 3:
            for one in run:
                one.kind = "contents"
        run, last = ([piece], number) if number is not None else ([], -1)


def _page_number(piece: Piece) -> int | None:
    """The number that ends a piece of one line with words."""
    if piece.kind == "contents":
        found = re.search(r"(\d{1,4})$", piece.lines[0])
        return int(found[1]) if found else None
    if piece.kind != "text" or len(piece.lines) > 2 or not _CONTENTS.match(piece.says):
        return None
    found = re.search(r"[^\W\d_]{3}.*?\s(\d{1,4})$", piece.says)
    return int(found[1]) if found else None
