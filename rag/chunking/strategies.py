"""Chunking strategies: recursive, fixed, sentences and semantic, as arithmetic on a text's cut points."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from rag.chunking.cut_points import LINE, PARAGRAPH, SENTENCE, TOKEN, WORD, Cuts
from rag.types import ChunkingSpec

if TYPE_CHECKING:
    from rag.chunking.cut_points import Places
    from rag.types import FloatArray

Piece = tuple[int, int]
"""A chunk from one cut point to another, by index: see `Cuts`."""

_MOST_CHARACTERS = 500_000
_CHARACTERS_PER_TOKEN = 32


@dataclass(frozen=True, slots=True)
class Section:
    """The cut points [first, last) under the heading `path`; no chunk crosses the ends of a `stretch`, by number.

    A stretch is a table row, or the text between two rows; a document without rows is one stretch.
    """

    first: int
    last: int
    path: str
    stretch: int


def split(cuts: Cuts, sections: Sequence[Section], spec: ChunkingSpec, likeness: FloatArray | None) -> list[Piece]:
    """Split into pieces by the strategy of `spec`; first and last cut points ascend.

    Args:
        spec: 0 <= overlap, min_tokens <= max_tokens; 0 <= shared < sentences.
        likeness: cosine similarity of each sentence to the one before it; needed only for the strategy "semantic".

    Raises:
        ValueError: the strategy is "semantic", and `likeness` is None.
    """
    overlaps = spec.strategy in ("recursive", "fixed")
    reach = _Reach.of(cuts, spec if overlaps else replace(spec, overlap=0, min_tokens=0))
    match spec.strategy:
        case "fixed":
            rows = [list(row) for _, row in groupby(sections, key=lambda section: section.stretch)]
            return [piece for row in rows for piece in _pack(reach, row[0].first, row[-1].last, _FIXED)]
        case "recursive":
            packed = [(section, _pack(reach, section.first, section.last, _RECURSIVE)) for section in sections]
            return _merge_small(cuts, packed, spec)
        case "sentences":
            return [piece for section in sections for piece in _slide(reach, section, spec)]
        case "semantic" if likeness is not None:
            return _split_semantic(reach, sections, likeness, spec.percentile)
    raise ValueError("the strategy 'semantic' needs the similarity of consecutive sentences")


@dataclass(frozen=True, slots=True)
class _Preference:
    """Which cut points may end a chunk, by level.

    The first of the `good` levels that leaves the chunk large enough wins, else one of the `possible` levels.
    `whole` levels mark units that the next chunk must hold completely; the overlap shrinks to make room for them.
    """

    good: tuple[int, ...]
    possible: tuple[int, ...]
    whole: tuple[int, ...]


_FIXED = _Preference(good=(), possible=(WORD, TOKEN), whole=(WORD,))
_RECURSIVE = _Preference(good=(PARAGRAPH, SENTENCE), possible=(SENTENCE, LINE, WORD, TOKEN), whole=(SENTENCE, WORD))


@dataclass(frozen=True, slots=True)
class _Reach:
    """For each cut point: the furthest end of a chunk that begins there, and the last end that is too small.

    `back` is the earliest cut point with at most `overlap` tokens from there to the cut point; None without overlap.
    """

    cuts: Cuts
    capacity: int
    furthest: Places
    least: Places
    back: Places | None

    @classmethod
    def of(cls, cuts: Cuts, spec: ChunkingSpec) -> _Reach:
        import numpy as np

        tokens, starts = cuts.tokens, cuts.starts
        numbers = np.arange(len(starts), dtype=np.int32)
        fitting = tokens.searchsorted(tokens + np.int32(spec.max_tokens), side="right") - 1
        # A long word may be a single "unknown" token: a chunk of only such words must still end.
        longest = np.int32(min(_CHARACTERS_PER_TOKEN * spec.max_tokens, _MOST_CHARACTERS))
        near = starts.searchsorted(starts + longest, side="right") - 1
        furthest = np.maximum(np.minimum(fitting, near), np.minimum(numbers + 1, len(cuts)))
        least = tokens.searchsorted(tokens + np.int32(spec.min_tokens)) - 1 if spec.min_tokens else numbers
        back = tokens.searchsorted(tokens - np.int32(spec.overlap)).astype(np.int32) if spec.overlap else None
        return cls(cuts, spec.max_tokens, furthest.astype(np.int32), least.astype(np.int32), back)

    def fits(self, first: int, last: int) -> bool:
        """Whether a chunk may extend from `first` to `last`."""
        return bool(self.furthest[first] >= last)


def _pack(reach: _Reach, first: int, last: int, preference: _Preference) -> list[Piece]:
    """Fill one chunk after another, each up to the best cut point within reach."""
    pieces: list[Piece] = []
    start = done = first
    while done < last:
        end = _end(reach, start, done, last, preference)
        pieces.append((start, end))
        start, done = _next_start(reach, start, end, last, preference), end
    return pieces


def _end(reach: _Reach, start: int, done: int, last: int, preference: _Preference) -> int:
    furthest = int(reach.furthest[start])
    if furthest >= last:
        return last
    latest = reach.cuts.latest
    enough = max(done, int(reach.least[start]))
    for level in preference.good:
        if (place := int(latest[level][furthest])) > enough:
            return place
    for level in preference.possible:
        if (place := int(latest[level][furthest])) > done:
            return place
    return max(furthest, done + 1)


def _next_start(reach: _Reach, start: int, end: int, last: int, preference: _Preference) -> int:
    """Where the chunk after [start, end) begins: at `end`, or earlier by as much of the overlap as fits well."""
    import numpy as np

    if reach.back is None or end >= last:
        return end
    earliest = max(int(reach.back[end]), start + 1)
    needed = _next_whole(reach, end, last, preference)
    room = reach.cuts.tokens[needed] - np.int32(reach.capacity)
    earliest = max(earliest, int(reach.cuts.tokens.searchsorted(room)))
    place = _first_at_least(reach.cuts, WORD, earliest, end)
    # A word that is itself cut, or a text without spaces, may overlap in parts.
    word = reach.cuts.latest[WORD]
    if place == end and (word[end] != end or not reach.fits(int(word[end - 1]), end)):
        place = _first_at_least(reach.cuts, TOKEN, earliest, end)
    return place


def _next_whole(reach: _Reach, end: int, last: int, preference: _Preference) -> int:
    """The end of what the next chunk must hold in addition to the overlap: a sentence, a word, or any new text."""
    for level in preference.whole:
        place = _first_at_least(reach.cuts, level, end + 1, last)
        if reach.fits(end, place):
            return place
    return end + 1


def _first_at_least(cuts: Cuts, level: int, first: int, last: int) -> int:
    """The first cut point in [first, last) of at least this level, or `last`."""
    latest = cuts.latest[level]
    for place in range(first, last):
        if latest[place] == place:
            return place
    return last


def _merge_small(cuts: Cuts, packed: Sequence[tuple[Section, list[Piece]]], spec: ChunkingSpec) -> list[Piece]:
    """Merge pieces below `min_tokens` with a neighbor in the same, a sibling or a parent section, if both fit."""
    if not spec.min_tokens:
        return [piece for _, pieces in packed for piece in pieces]
    tokens = cuts.tokens.tolist()
    merged: list[Piece] = []
    under: list[Section] = []
    for section, pieces in packed:
        for first, last in pieces:
            if merged:
                start, end = merged[-1]
                is_small = min(tokens[end] - tokens[start], tokens[last] - tokens[first]) < spec.min_tokens
                if is_small and tokens[last] - tokens[start] <= spec.max_tokens and _related(under[-1], section):
                    merged[-1] = (start, last)
                    continue
            merged.append((first, last))
            under.append(section)
    return merged


def _related(one: Section, other: Section) -> bool:
    if one.stretch != other.stretch:
        return False
    same_parent = one.path.rpartition(" > ")[0] == other.path.rpartition(" > ")[0]
    return same_parent or other.path.startswith(one.path + " > ") or one.path.startswith(other.path + " > ")


def _slide(reach: _Reach, section: Section, spec: ChunkingSpec) -> list[Piece]:
    """A sliding window of sentences; fewer if they do not fit; a sentence that is too long is cut."""
    bounds = _sentence_bounds(reach.cuts, section)
    count = len(bounds) - 1
    pieces: list[Piece] = []
    at = done = 0
    while done < count:
        stop = bisect_right(bounds, int(reach.furthest[bounds[at]]), at, min(at + spec.sentences, count) + 1) - 1
        if stop <= done and at < done:
            at += 1
            continue
        if stop <= at:
            stop = at + 1
            pieces += _pack(reach, bounds[at], bounds[stop], _RECURSIVE)
            at = stop
        else:
            pieces.append((bounds[at], bounds[stop]))
            at = max(at + 1, stop - spec.shared)
        done = stop
    return pieces


def _sentence_bounds(cuts: Cuts, section: Section) -> list[int]:
    """The cut points at which the sentences of a section begin, and its end."""
    import numpy as np

    span = np.arange(section.first + 1, section.last)
    inner = span[cuts.latest[SENTENCE][section.first + 1 : section.last] == span]
    return [section.first, *inner.tolist(), section.last]


def _split_semantic(reach: _Reach, sections: Sequence[Section], likeness: FloatArray, percentile: int) -> list[Piece]:
    """Break between dissimilar consecutive sentences; a group that does not fit breaks where similarity is lowest."""
    import numpy as np

    sentences = reach.cuts.at_least(SENTENCE)
    spans = [(bisect_left(sentences, section.first), bisect_left(sentences, section.last)) for section in sections]
    inner = np.concatenate([likeness[first + 1 : last] for first, last in spans] or [likeness])
    threshold = np.percentile(inner, percentile) if len(inner) else 0.0
    pieces: list[Piece] = []
    for first, last in spans:
        breaks = (np.flatnonzero(likeness[first + 1 : last] < threshold) + first + 1).tolist()
        for start, end in zip([first, *breaks], [*breaks, last], strict=True):
            pieces += _weakest_links(reach, sentences, likeness, start, end)
    return pieces


def _weakest_links(reach: _Reach, sentences: Sequence[int], likeness: FloatArray, start: int, end: int) -> list[Piece]:
    """The sentences [start, end) in as many chunks as needed, each cut in the later half of what fits."""
    pieces: list[Piece] = []
    while not reach.fits(sentences[start], sentences[end]):
        fitting = bisect_right(sentences, int(reach.furthest[sentences[start]]), start) - 1
        if fitting <= start:
            pieces += _pack(reach, sentences[start], sentences[start + 1], _RECURSIVE)
            start += 1
        else:
            cut = max((start + fitting + 1) // 2, start + 1)
            cut += int(likeness[cut : fitting + 1].argmin())
            pieces.append((sentences[start], sentences[cut]))
            start = cut
        if start == end:
            return pieces
    return [*pieces, (sentences[start], sentences[end])]
