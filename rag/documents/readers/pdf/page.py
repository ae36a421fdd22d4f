"""Read one page of a PDF with PDFium: its words with their places, its rules, and whether it has pictures.

PDFium gives a page's text in one piece; only the first and last letter of each word are asked for their places, which
takes a tenth of the time of asking every letter. A word whose ends do not fit each other is read letter by letter.
"""

from __future__ import annotations

import ctypes
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import atan2, degrees, hypot
from typing import TYPE_CHECKING

from rag.documents.parsed import clean
from rag.documents.readers.pdf.directions import Box, logical, turned
from rag.documents.readers.pdf.rules import page_rules
from rag.documents.tables.printed import Rule, Style, Word

if TYPE_CHECKING:
    import pypdfium2

_MOST_CHARACTERS = 200_000
"""Characters of a page whose places are read; a page with more is read as plain text."""
_HYPHEN = "\ufffe"
"""PDFium's sign for a hyphen that ends a line; the first word of the next line follows without a space."""
_HYPHENS = str.maketrans({"\x02": _HYPHEN})
_WORD = re.compile(f"[^\\s\0{_HYPHEN}\u200b\u2028\u2029]+{_HYPHEN}?|{_HYPHEN}")
_BOLD = re.compile(r"bold|black|heavy|semibold|demi|medi(?!um)|,b\b|-b\b", re.IGNORECASE)
_FORCE_BOLD = 1 << 18
_TILTED = 8.0
"""Degrees by which text is turned from the page's direction, so that it stands apart."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is read.

    Attributes:
        words: the words in the direction of most of the page, turned so that they run to the right.
        apart: texts in another direction, such as a label along a margin.
        rules: its rules, turned like the words.
        edges: the page's own box, turned likewise: left, bottom, right, top.
        has_picture: whether it shows a picture, as a scan does.
        is_drawn: whether anything is drawn on it.
    """

    words: tuple[Word, ...] = ()
    apart: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    edges: Box = (0.0, 0.0, 0.0, 0.0)
    has_picture: bool = False
    is_drawn: bool = False


def read_page(page: pypdfium2.PdfPage, *, is_tagged: bool) -> Page:
    """The words and rules of a page. `is_tagged` says whether the numbers of marked content are wanted."""
    text = page.get_textpage()
    try:
        reader = _PageText(text, is_tagged=is_tagged)
        words = list(reader.words())
        drawn = page_rules(page)
        words = _split_at(words, drawn.rules, text) if drawn.rules else words
        plain = reader.plain_lines()
    finally:
        text.close()
    angle = _main_angle(words)
    other = [one for one in words if abs(_from(one.style.angle, angle)) > _TILTED]
    if other:
        words = [one for one in words if abs(_from(one.style.angle, angle)) <= _TILTED]
    view = turned(words, drawn.rules, angle, page.get_cropbox())
    return Page(
        words=view.words,
        apart=(*_apart(other), *plain),
        rules=view.rules,
        edges=view.edges,
        has_picture=drawn.has_picture,
        is_drawn=drawn.is_drawn,
    )


def _main_angle(words: Sequence[Word]) -> int:
    """The direction of most letters: 0, 90, 180 or 270 degrees."""
    if not any(one.style.angle for one in words):
        return 0
    counts: Counter[int] = Counter()
    for one in words:
        counts[round(one.style.angle / 90) * 90 % 360] += len(one.text)
    return counts.most_common(1)[0][0]


def _from(angle: float, main: float) -> float:
    return (angle - main + 180) % 360 - 180


def _apart(turned_words: Sequence[Word]) -> Iterator[str]:
    """Texts in another direction: words with the same angle that follow each other in the file."""
    words: list[str] = []
    angle = 0.0
    for one in turned_words:
        if words and abs(_from(one.style.angle, angle)) > 1:
            yield " ".join(words)
            words = []
        words.append(one.text)
        angle = one.style.angle
    if words:
        yield " ".join(words)


class _PageText:
    """The words of a page's text, each with its box."""

    def __init__(self, text: pypdfium2.PdfTextPage, *, is_tagged: bool) -> None:
        from pypdfium2 import raw

        self._raw = raw
        self._handle = text.raw
        self._is_tagged = is_tagged
        self._styles: dict[int, Style] = {}
        self._fonts: dict[int, bool] = {}
        self._box = raw.FS_RECTF()
        self._box_at = ctypes.byref(self._box)
        self._matrix = raw.FS_MATRIX()
        self._matrix_at = ctypes.byref(self._matrix)

    def plain_lines(self) -> list[str]:
        """The lines of a page with too many characters to ask for their places; none of any other."""
        count = self._raw.FPDFText_CountChars(self._handle)
        if count <= _MOST_CHARACTERS:
            return []
        lines = self._text(count).replace(_HYPHEN, "-\n").splitlines()
        return ["\n".join(filter(None, (clean(line).strip() for line in lines)))]

    def words(self) -> Iterator[Word]:
        """The words in the order of the file; a hyphen that ends a line is "-"."""
        count = self._raw.FPDFText_CountChars(self._handle)
        if not 0 < count <= _MOST_CHARACTERS:
            return
        place, style_of = self._place, self._style
        for match in _WORD.finditer(self._text(count)):
            text = match[0]
            if text[-1] == _HYPHEN:
                text = text[:-1] + "-"
            start = match.start()
            first = place(start)
            last = place(start + len(text) - 1) if len(text) > 1 else first
            style = style_of(start)
            if style.angle == 0.0 and not _is_one_line(first, last, len(text)):
                yield from self._by_letter(start, text, style)
                continue
            left, bottom, right, top = first
            is_reversed = left < last[0]
            if is_reversed:
                right = last[2] if last[2] > right else right
            else:
                left = last[0]
            if not text.isascii():
                # Letters of Hebrew and Arabic run to the left; a word whose letters run right is stored the wrong way.
                text = logical(text, is_reversed=is_reversed)
            bottom = bottom if bottom < last[1] else last[1]
            yield Word(start, text, left, bottom, right, top if top > last[3] else last[3], style)

    def _text(self, count: int) -> str:
        buffer = ctypes.create_string_buffer(2 * count + 2)
        got = self._raw.FPDFText_GetText(self._handle, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
        text = buffer.raw[: 2 * count].decode("utf-16-le", "surrogatepass")
        if got != count + 1 or len(text) != count or "\0" in text:
            # Some characters are not in the text, or take two places there.
            read = self._raw.FPDFText_GetUnicode
            text = "".join(chr(min(read(self._handle, index), 0x10FFFF)) for index in range(count))
        return text.translate(_HYPHENS)

    def _by_letter(self, start: int, text: str, style: Style) -> Iterator[Word]:
        """The parts of a word that stand in one line each; letters below each other stay one word, turned."""
        boxes = [self._place(start + at) for at in range(len(text))]
        left, _, right, top = boxes[0]
        if all(abs(one[0] - left) < one[2] - one[0] + 1 and one[3] <= top for one in boxes):
            yield Word(start, text, left, boxes[-1][1], right, top, replace(style, angle=270.0))
            return
        begin = 0
        for at in range(1, len(text) + 1):
            if at < len(text) and _is_one_line(boxes[at - 1], boxes[at], 2):
                continue
            part = boxes[begin:at]
            said = logical(text[begin:at], is_reversed=part[0][0] < part[-1][0])
            left, right = min(box[0] for box in part), max(box[2] for box in part)
            yield Word(start + begin, said, left, part[0][1], right, part[0][3], style)
            begin = at

    def _place(self, index: int) -> tuple[float, float, float, float]:
        box = self._box
        if not self._raw.FPDFText_GetLooseCharBox(self._handle, index, self._box_at):
            return (0.0, 0.0, 0.0, 0.0)
        bottom, top = box.bottom, box.top
        return (box.left, bottom, box.right, top) if bottom <= top else (box.left, top, box.right, bottom)

    def _style(self, index: int) -> Style:
        """The style of a letter, read once for each object of the page's text."""
        raw = self._raw
        item = raw.FPDFText_GetTextObject(self._handle, index)
        key = ctypes.cast(item, ctypes.c_void_p).value or 0
        known = self._styles.get(key)
        if known is not None:
            return known
        matrix = self._matrix
        raw.FPDFText_GetMatrix(self._handle, index, self._matrix_at)
        size = raw.FPDFText_GetFontSize(self._handle, index) * hypot(matrix.c, matrix.d)
        angle = degrees(atan2(matrix.b, matrix.a)) % 360 if matrix.b else (180.0 if matrix.a < 0 < -matrix.d else 0.0)
        mark = raw.FPDFPageObj_GetMarkedContentID(item) if self._is_tagged and key else -1
        found = Style(round(size, 1), self._is_bold(item) if key else False, mark, angle)
        if key:
            self._styles[key] = found
        return found

    def _is_bold(self, item: object) -> bool:
        raw = self._raw
        font = raw.FPDFTextObj_GetFont(item)
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        if key not in self._fonts:
            buffer = ctypes.create_string_buffer(200)
            raw.FPDFFont_GetBaseFontName(font, buffer, 200)
            name = buffer.value.decode("utf-8", "replace")
            flags = raw.FPDFFont_GetFlags(font)
            self._fonts[key] = _BOLD.search(name) is not None or (flags > 0 and bool(flags & _FORCE_BOLD))
        # Text that is filled and outlined looks bold.
        return self._fonts[key] or raw.FPDFTextObj_GetTextRenderMode(item) == raw.FPDF_TEXTRENDERMODE_FILL_STROKE


def _is_one_line(first: tuple[float, float, float, float], last: tuple[float, float, float, float], count: int) -> bool:
    """Whether two letters of a word stand next to each other, not farther apart than so many letters take."""
    if first is last:
        return True
    _, bottom, right, top = first
    left_of_last, bottom_of_last, right_of_last, top_of_last = last
    height = top - bottom or 1.0
    overlap = (top if top < top_of_last else top_of_last) - (bottom if bottom > bottom_of_last else bottom_of_last)
    apart = left_of_last - right if left_of_last > first[0] else first[0] - right_of_last
    return overlap > 0.2 * height and apart <= 1.6 * height * count


def _split_at(words: list[Word], rules: Sequence[Rule], text: pypdfium2.PdfTextPage) -> list[Word]:
    """The words, where those that cross an upright rule, as in narrow columns, are split there."""
    upright = sorted((rule.left, rule.bottom, rule.top) for rule in rules if rule.is_upright)
    if not upright:
        return words
    places = [left for left, _, _ in upright]
    split: list[Word] = []
    for one in words:
        near = upright[bisect_right(places, one.left + 1) : bisect_left(places, one.right - 1)]
        crossing = [left for left, bottom, top in near if bottom <= one.middle <= top]
        split += _parts(one, crossing, text) if crossing else [one]
    return split


def _parts(one: Word, crossing: Sequence[float], text: pypdfium2.PdfTextPage) -> Iterator[Word]:
    """The parts of a word between rules."""
    cuts = sorted(set(crossing))
    fields: dict[int, list[int]] = {}
    boxes = [text.get_charbox(one.number + at, loose=True) for at in range(len(one.text))]
    for at, box in enumerate(boxes):
        fields.setdefault(sum(cut < (box[0] + box[2]) / 2 for cut in cuts), []).append(at)
    for places in fields.values():
        said = "".join(one.text[at] for at in places)
        left, right = min(boxes[at][0] for at in places), max(boxes[at][2] for at in places)
        yield Word(one.number + places[0], said, left, one.bottom, right, one.top, one.style)
