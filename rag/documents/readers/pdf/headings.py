"""Choose the headings of a PDF: its outline first, then its tags, else size and weight of the letters.

A wrong heading is worse than none, so titles that cannot be placed end the section before them, and letters that are
large or bold for another reason (names of authors, captions, labels, slides) are no headings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from rag.documents.readers.pdf.outline import Entry, plain
from rag.documents.readers.pdf.pieces import Piece

_LARGER = 1.12
"""Letters of a heading are so much larger than most of the text."""
_MOST_LINES = 3
_LONGEST = 140
_MOST_LEVELS = 5
_MOST_OF_PAGE = 300
"""Titles of the outline that are looked for on one page."""
_FEWEST_FOUND = 0.5
"""Share of the outline's titles that stand in the text, from which the outline is trusted."""
_CAPTION = re.compile(
    r"(?:table|figure|fig\.|tab\.|abb\.|abbildung|tabelle|tableau|exhibit|box) ?[\dA-Z]", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"(?:chapter |section |part |appendix |kapitel |anhang )?((?:\d{1,2}|[A-Z])(?:\.\d{1,2})*)[.):]?\s", re.I
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SIGN_OF_OTHER = re.compile(
    r"@|https?://|www\.|^[•‣▪●○◦■□–—*·-]\s|\d:\d\d|^page \d|\d{1,2}[.,]? ?[^\W\d]*,? (?:19|20)\d\d$", re.IGNORECASE
)
"""Addresses, items of a list, times, numbers of pages, and dates."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A heading at a piece of a page; `levels` orders it among the others.

    `piece` is the place of the piece among those of its page; 0 also for a page without pieces. `ends_only` says that
    the section begins somewhere on the page, so that only the end of the one before is known.
    """

    page: int
    piece: int
    levels: tuple[int, ...]
    title: str
    ends_only: bool = False


@dataclass(slots=True)
class Stated:
    """The headings that the file states itself, filled page by page: those of the outline and of tags, by number."""

    entries: Sequence[Entry]
    levels: dict[int, int] = field(default_factory=dict)
    _by_page: dict[int, list[int]] = field(default_factory=dict)

    def entries_of(self, page: int) -> list[int]:
        """The numbers of the outline's titles that lead to a page, at most the first hundreds."""
        if not self._by_page:
            for number, entry in enumerate(self.entries):
                self._by_page.setdefault(entry.page, []).append(number)
        return self._by_page.get(page, [])[:_MOST_OF_PAGE]

    def key_of_tag(self, level: int) -> int:
        """A new number for a heading by tag."""
        key = len(self.entries) + len(self.levels)
        self.levels[key] = level
        return key


def choose_headings(pages: Sequence[Sequence[Piece]], stated: Stated, tag_of: dict[int, int]) -> list[Placed]:
    """The headings of a document in the order of its text.

    Args:
        pages: the pieces of each page.
        stated: what the file states.
        tag_of: for a title of the outline that is a heading by tag, too, its number as such.
    """
    keyed = {
        piece.key: (page, at) for page, pieces in enumerate(pages) for at, piece in enumerate(pieces) if piece.key >= 0
    }
    in_outline = [key for key in keyed if key < len(stated.entries)]
    by_tag = [key for key in keyed if key in stated.levels or key in tag_of]
    trusted = len(in_outline) >= max(1, _FEWEST_FOUND * len(stated.entries))
    if trusted and 2 * len(in_outline) >= len(by_tag):
        return _from_outline(pages, stated.entries, keyed)
    if by_tag:
        found = []
        for key in by_tag:
            page, at = keyed[key]
            level = stated.levels[tag_of.get(key, key)]
            if _is_title(pages[page][at]):
                found.append(Placed(page, at, (level,), pages[page][at].says))
        if len(found) <= 0.4 * sum(map(len, pages)) or len(found) < 3:
            return sorted(found, key=lambda one: (one.page, one.piece))
    return _from_outline(pages, stated.entries, keyed) if trusted else _guessed(pages)


def _from_outline(
    pages: Sequence[Sequence[Piece]], entries: Sequence[Entry], keyed: dict[int, tuple[int, int]]
) -> list[Placed]:
    """The outline's titles at their lines. One that stands nowhere begins where the outline leads to."""
    found: list[Placed] = []
    last = (0, 0)
    for key, entry in enumerate(entries):
        if entry.page >= len(pages):
            continue
        if key in keyed:
            page, at = last = keyed[key]
            found.append(Placed(page, at, (entry.level,), entry.title))
            continue
        pieces = pages[entry.page]
        below = [at for at, one in enumerate(pieces) if entry.height is not None and one.top <= entry.height]
        # Without a height, the section may begin anywhere on the page.
        at = min(below, default=last[1] if last[0] == entry.page else 0)
        found.append(Placed(entry.page, at, (entry.level,), entry.title, ends_only=not below))
    return sorted(found, key=lambda one: (one.page, one.piece))


def paths_of(placed: Sequence[Placed]) -> list[tuple[Placed, str]]:
    """Each heading with its path; "" where a section ends without the next one's place being known."""
    trail: list[tuple[tuple[int, ...], str]] = []
    paths = []
    for one in placed:
        before = [title for _, title in trail]
        trail = [*(parent for parent in trail if parent[0] < one.levels), (one.levels, one.title)]
        titles = [title for _, title in trail]
        # What both have in common holds on either side of the unknown place.
        shared = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, titles, strict=False))]
        shown = shared if one.ends_only else titles
        paths.append((one, " > ".join(shown)))
    return paths


def _is_title(piece: Piece) -> bool:
    says = piece.says
    return len(says) <= 2 * _LONGEST and any(map(str.isalpha, says))


_Look = tuple[float, bool]
"""The size of a heading's letters, to half a point, and whether they are bold."""


def _guessed(pages: Sequence[Sequence[Piece]]) -> list[Placed]:
    """The headings by size and weight."""
    usual = _usual_look(pages)
    if usual is None:
        return []
    looks = _looks_of_headings(pages, usual)
    places = [
        (page, at)
        for page, pieces in enumerate(pages)
        for at, piece in enumerate(pieces)
        if _look(piece) in looks and _may_be_heading(piece) and _is_followed(pages, page, at)
    ]
    places = _with_text(pages, places)
    places = _without_title_page(pages, places, usual)
    used = {_look(pages[page][at]) for page, at in places}
    order = sorted(used, key=lambda look: (-look[0], not look[1]))[:_MOST_LEVELS]
    return [
        Placed(page, at, (order.index(_look(pages[page][at])), _depth(pages[page][at].says)), pages[page][at].says)
        for page, at in places
        if _look(pages[page][at]) in order
    ]


def _usual_look(pages: Sequence[Sequence[Piece]]) -> _Look | None:
    """The look of most letters."""
    counts: Counter[_Look] = Counter()
    for pieces in pages:
        for piece in pieces:
            if piece.kind in ("text", "list"):
                counts[_look(piece)] += sum(map(len, piece.lines))
    if not counts:
        return None
    # Sizes that differ by half a point are one.
    return max(
        counts,
        key=lambda look: sum(
            n for other, n in counts.items() if abs(other[0] - look[0]) <= 0.5 and other[1] == look[1]
        ),
    )


def _look(piece: Piece) -> _Look:
    return round(2 * piece.style.size) / 2, piece.style.is_bold


def _looks_of_headings(pages: Sequence[Sequence[Piece]], usual: _Look) -> list[_Look]:
    """The looks in which nearly everything may be a heading, and which are not too common."""
    every: Counter[_Look] = Counter()
    good: Counter[_Look] = Counter()
    texts: dict[_Look, Counter[str]] = {}
    total = 0
    for pieces in pages:
        for piece in pieces:
            if piece.kind not in ("text", "list"):
                continue
            look = _look(piece)
            total += len(piece.lines)
            every[look] += 1
            if _may_be_heading(piece):
                good[look] += 1
                texts.setdefault(look, Counter())[plain(piece.says)] += 1
    looks = []
    for look, count in good.items():
        is_larger = look[0] >= _LARGER * usual[0]
        is_bolder = look[1] and not usual[1] and look[0] >= 0.98 * usual[0]
        repeated = sum(n for n in texts[look].values() if n > 2)
        if not (is_larger or is_bolder) or count < (0.6 if is_larger else 0.8) * every[look]:
            continue
        if count > (0.25 if is_larger else 0.2) * max(total, 8) or repeated > 0.3 * count:
            continue
        looks.append(look)
    return looks


def _may_be_heading(piece: Piece) -> bool:
    says = piece.says
    return (
        piece.kind == "text"
        and len(piece.lines) <= _MOST_LINES
        and len(says) <= _LONGEST
        and sum(map(str.isalpha, says)) >= 3
        and not says.endswith((".", ",", ";", ":"))
        and not _CAPTION.match(says)
        and not _SIGN_OF_OTHER.search(says)
        and (says[:1].isupper() or not says[:1].islower())
    )


def _is_followed(pages: Sequence[Sequence[Piece]], page: int, at: int) -> bool:
    """Whether something follows that a heading can stand above."""
    rest = [*pages[page][at + 1 :], *(pages[page + 1] if page + 1 < len(pages) else ())]
    return any(piece.kind != "extra" for piece in rest)


def _with_text(pages: Sequence[Sequence[Piece]], places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without those that are followed at once by another one of the same look and depth: lines that stand alone."""
    known = set(places)
    kept = []
    for page, at in places:
        if (page, at + 1) in known:
            one, after = pages[page][at], pages[page][at + 1]
            if _look(one) == _look(after) and _depth(one.says) >= _depth(after.says):
                continue
        kept.append((page, at))
    return kept


def _depth(title: str) -> int:
    """The depth of a heading's number: 2 for "3.1 Scope"; 1 without one."""
    found = _NUMBERED.match(title)
    return found[1].count(".") + 1 if found else 1


def _without_title_page(
    pages: Sequence[Sequence[Piece]], places: Sequence[tuple[int, int]], usual: _Look
) -> list[tuple[int, int]]:
    """Without what surrounds the title on the first page: names of authors, places, dates.

    These stand above the first paragraph and in letters that no later heading has.
    """
    first = pages[0] if pages else ()
    body = next((at for at, piece in enumerate(first) if _is_body(piece, usual)), len(first))
    front = [at for page, at in places if page == 0 and at < body]
    if len(front) < 2:
        return list(places)
    title = max(front, key=lambda at: (first[at].style.size, -at))
    later = {_look(pages[page][at]) for page, at in places if page > 0 or at >= body}
    numbered = {at for at in front if _NUMBERED.match(first[at].says) and not _YEAR.search(first[at].says)}
    kept = {title, *numbered, *(at for at in front if _look(first[at]) in later)}
    return [(page, at) for page, at in places if page > 0 or at >= body or at in kept]


def _is_body(piece: Piece, usual: _Look) -> bool:
    is_usual = abs(_look(piece)[0] - usual[0]) <= 0.5
    return piece.kind in ("list", "table") or (
        piece.kind == "text" and is_usual and (len(piece.lines) > 1 or len(piece.says) > 80)
    )
