"""Cut points: the positions at which a text may be cut, their quality, and the number of tokens before each."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import IntArray

    Places = NDArray[np.int32]
    Flags = NDArray[np.bool_]
    Codes = NDArray[np.uint32]

INSIDE, TOKEN, WORD, LINE, SENTENCE, PARAGRAPH = range(6)
"""Level of a cut point, from poor to good: inside a multi-character letter, before a token, a word, a line, etc."""

_LONGEST_PIECE = 1024
_LAST_SPACE = 0x3000
_JOINER = 0x200D


@dataclass(frozen=True, slots=True)
class Cuts:
    """The m cut points of a text, ascending, and its end as the last one: m + 1 in all.

    A chunk from cut point i to cut point j > i is text[starts[i]:stops[j]]; it does not begin or end with a space.
    It has tokens[j] - tokens[i] tokens: exactly, if both cut points are `clean` (spaces separate them from the text
    before) and the tokenizer adds up; approximately, otherwise. latest[level][j] is the last cut point <= j of at
    least that level, or -1.
    """

    starts: Places
    stops: Places
    tokens: Places
    clean: Flags
    latest: tuple[Places, ...]

    def __len__(self) -> int:
        """Number of cut points, without the end."""
        return len(self.starts) - 1

    def place(self, position: int) -> int:
        """Index of the first cut point at or after a position in the text."""
        import numpy as np

        return int(self.starts.searchsorted(np.int32(position)))

    def at_least(self, level: int) -> list[int]:
        """Indices of the cut points of at least this level, including the end."""
        import numpy as np

        return np.flatnonzero(self.latest[level] == np.arange(len(self.starts))).tolist()


@dataclass(frozen=True, slots=True)
class Marks:
    """Offsets in a text at which tokens, sentences, and sections or rows (`breaks`) begin.

    At a `weak` offset, such as after a heading, the text should not be cut, even if a sentence begins there. There is
    no cut point inside a `whole` span [start, end), such as a row of a table; the spans are in order and apart.
    """

    tokens: IntArray
    sentences: Sequence[int]
    breaks: Sequence[int]
    weak: Sequence[int]
    whole: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class _Words:
    """Runs of non-space characters: where each begins, and what separates it from the one before."""

    letters: IntArray
    starts: IntArray
    levels: NDArray[np.int8]
    clean: Flags


def find_cuts(text: str, marks: Marks) -> Cuts:
    """Find every position at which `text` may be cut.

    Tokens, words, sentences and breaks begin at a cut point; one that begins at a space is moved behind it.
    """
    import numpy as np

    codes: Codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    words = _find_words(codes)
    tokens = _after_spaces(words.letters, marks.tokens)
    sentences, breaks, weak = (
        _after_spaces(words.letters, np.array(offsets, dtype=np.int64))
        for offsets in (marks.sentences, marks.breaks, marks.weak)
    )
    is_place = np.zeros(len(text), dtype=np.bool_)
    for found in (words.starts, tokens, sentences, breaks):
        is_place[found] = True
    is_place[_inside_long_words(np.flatnonzero(is_place), len(text), words.letters)] = True
    places = np.flatnonzero(is_place)
    levels = _word_levels(codes, places)
    at = places.searchsorted(words.starts)
    levels[at] = np.maximum(words.levels, levels[at])
    at = places.searchsorted(sentences)
    levels[at] = np.maximum(SENTENCE, levels[at])
    levels[places.searchsorted(weak)] = LINE
    levels[places.searchsorted(breaks)] = PARAGRAPH
    clean = np.zeros(len(places), dtype=np.bool_)
    clean[places.searchsorted(words.starts[words.clean])] = True
    if marks.whole:
        starts, ends = np.array(marks.whole, dtype=np.int64).T
        # A span begins at its first word.
        starts = np.append(words.letters, len(text))[words.letters.searchsorted(starts)]
        span = starts.searchsorted(places) - 1
        kept = (span < 0) | (places >= ends[span])
        places, levels, clean = places[kept], levels[kept], clean[kept]
    return _with_end(text, places, levels, clean, tokens, words.letters)


def _with_end(
    text: str, places: IntArray, levels: NDArray[np.int8], clean: Flags, tokens: IntArray, letters: IntArray
) -> Cuts:
    import numpy as np

    starts = np.append(places, len(text)).astype(np.int32)
    before = letters.searchsorted(starts) - 1
    stops = np.where(before >= 0, letters[before] + 1, 0) if len(letters) else np.zeros(1)
    numbers = np.arange(len(starts), dtype=np.int32)
    levels = np.append(levels, np.int8(PARAGRAPH))
    latest = [np.maximum.accumulate(np.where(levels >= level, numbers, -1)) for level in range(PARAGRAPH + 1)]
    return Cuts(
        starts=starts,
        stops=stops.astype(np.int32),
        tokens=np.append(tokens.searchsorted(places), len(tokens)).astype(np.int32),
        clean=np.append(clean, True),
        latest=tuple(found.astype(np.int32) for found in latest),
    )


def _find_words(codes: Codes) -> _Words:
    """Words with what precedes them: one line break begins a line, two begin a paragraph.

    Some tokenizers drop control characters that Python counts as spaces, and join the words around them; such
    positions are not clean.
    """
    import numpy as np

    spaces, parting = _spaces()
    kinds = np.minimum(codes, _LAST_SPACE + 1)
    letters = np.flatnonzero(~spaces[kinds])
    begins = np.diff(letters, prepend=-2) > 1
    starts = letters[begins]
    previous = np.concatenate(([0], letters[np.flatnonzero(begins)[1:] - 1] + 1)) if len(letters) else starts
    gaps = _between(parting[kinds], previous, starts)
    lines = _between(codes == ord("\n"), previous, starts)
    clean = gaps > 0
    clean[:1] = True
    levels = np.where(lines > 1, PARAGRAPH, np.where(lines == 1, LINE, np.where(clean, WORD, TOKEN))).astype(np.int8)
    levels[:1] = PARAGRAPH
    return _Words(letters, starts, levels, clean)


def _between(flags: Flags, starts: IntArray, ends: IntArray) -> IntArray:
    """Number of flags set in each [start, end)."""
    import numpy as np

    total = np.concatenate(([0], np.cumsum(flags, dtype=np.int64)))
    return total[ends] - total[starts]


def _after_spaces(letters: IntArray, offsets: IntArray) -> IntArray:
    """Each offset moved to the next non-space character; offsets without one are dropped."""
    import numpy as np

    found = letters.searchsorted(np.maximum.accumulate(offsets) if len(offsets) else offsets)
    return letters[found[found < len(letters)]]


def _inside_long_words(places: IntArray, length: int, letters: IntArray) -> IntArray:
    """Additional cut points in words that the tokenizer does not divide, so that even a one-word file can be cut."""
    import numpy as np

    ends = np.append(places, length)
    long = np.flatnonzero(np.diff(ends) > _LONGEST_PIECE)
    parts = [np.arange(ends[i] + _LONGEST_PIECE, ends[i + 1], _LONGEST_PIECE) for i in long]
    return _after_spaces(letters, np.concatenate(parts)) if parts else places[:0]


def _word_levels(codes: Codes, places: IntArray) -> NDArray[np.int8]:
    """WORD next to an ideograph, INSIDE before a character that joins the previous one, else TOKEN."""
    import numpy as np

    # Before position 0 this reads the last character, without effect: the level of the first word is the highest.
    here, before = codes[places], codes[places - 1]
    levels = np.where(_ideographs(here) & (here > 0x303F), WORD, TOKEN).astype(np.int8)
    levels[_ideographs(before) & (here >= ord("0")) & (here < 0x300)] = WORD
    odd = np.flatnonzero(here >= 0x300)
    joins = {int(code) for code in np.unique(here[odd]) if extends(chr(code))}
    levels[odd[np.isin(here[odd], list(joins)) | (before[odd] == _JOINER)]] = INSIDE
    levels[_regional_indicators(here) & _regional_indicators(before)] = INSIDE
    return levels


def extends(character: str) -> bool:
    """Whether a character modifies the one before it: an accent, a joiner, a skin tone, a variant selector."""
    is_mark = unicodedata.category(character)[0] == "M"
    return is_mark or ord(character) == _JOINER or 0x1F3FB <= ord(character) <= 0x1F3FF


def _ideographs(codes: Codes) -> Flags:
    """Which code points are Chinese or Japanese characters, which are written without spaces."""
    low = (codes >= 0x2E80) & (codes <= 0x9FFF)
    return low | ((codes >= 0xF900) & (codes <= 0xFAFF)) | ((codes >= 0x20000) & (codes <= 0x3FFFF))


def _regional_indicators(codes: Codes) -> Flags:
    """Which code points are regional indicators; two of them form a flag."""
    return (codes >= 0x1F1E6) & (codes <= 0x1F1FF)


@cache
def _spaces() -> tuple[Flags, Flags]:
    """Lookup tables by code point: which are spaces, and which separate words in every tokenizer."""
    import numpy as np

    characters = [chr(code) for code in range(_LAST_SPACE + 2)]
    spaces = np.array([character.isspace() for character in characters])
    control = np.array([unicodedata.category(c) == "Cc" and c not in "\t\n\r" for c in characters])
    return spaces, spaces & ~control
