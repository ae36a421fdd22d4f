"""BM25 scores of all chunks of a collection for the terms of a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from rag.index.words.postings import Postings, term_hash
from rag.index.words.segment import Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

Kind = Literal["words", "pieces"]
K1 = 1.2
"""How slowly a term counts less, the more often it occurs."""
B = 0.75
"""How far the length of a chunk counts, from 0 to 1."""
COMMON_SHARE = 0.1
"""The share of all chunks above which a piece of words is too common to count."""
_RARE = 10
"""A piece that occurs in so few chunks always counts."""


_POSTINGS_AT_ONCE = 8_192


@dataclass(frozen=True)
class Part:
    """A segment and the rows of the collection that its live chunks have.

    Attributes:
        is_live: whether each chunk still exists unchanged, (n,) booleans.
        row_of: the collection's row of each chunk, int64 (n,); meaningless where it is not live.
    """

    segment: Segment
    is_live: NDArray[np.bool_]
    row_of: IntArray

    @cached_property
    def is_whole(self) -> bool:
        """Whether all chunks of the segment are live."""
        return bool(self.is_live.all())

    @cached_property
    def is_block(self) -> bool:
        """Whether all chunks are live, and follow each other in the collection in this order."""
        import numpy as np

        return self.is_whole and bool((np.diff(self.row_of) == 1).all())


class WordIndex:
    """The words of all chunks of a collection in one state of it. Threads may share it.

    Scores are BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with
    k1 = 1.2 and b = 0.75, and the inverse document frequency log(1 + (n - df + 0.5) / (df + 0.5)), which is never
    negative. A term that the query repeats counts as often. Pieces of words that occur in more than a tenth of the
    chunks, such as "tion", are left out: they take most of the time, and rankings are as good without them.

    Args:
        ids: the ids of the collection's chunks, int64 (n,), ascending.
        parts: together, they cover each chunk once.
    """

    def __init__(self, ids: IntArray, parts: Sequence[Part]) -> None:
        self.ids = ids
        self._parts = tuple(parts)
        self._penalties: dict[Kind, FloatArray] = {kind: self._penalties_by(kind) for kind in ("words", "pieces")}

    def scores(self, terms: Mapping[str, int], kind: Kind) -> DoubleArray:
        """The BM25 score of each chunk, float64 (n,); 0 if it contains none of the terms.

        Args:
            terms: how often the query has each term.
        """
        import numpy as np

        n, scores = len(self.ids), np.zeros(len(self.ids))
        if not terms:
            return scores
        found = [_Found(part, getattr(part.segment.terms, kind), list(terms)) for part in self._parts]
        frequencies = np.sum([one.frequencies() for one in found], axis=0) if found else np.zeros(len(terms))
        times = np.fromiter(terms.values(), float, len(terms))
        if kind == "pieces":
            times[frequencies > max(COMMON_SHARE * n, _RARE)] = 0.0
        weights = times * (K1 + 1) * np.log1p((n - frequencies + 0.5) / (frequencies + 0.5))
        for one in found:
            one.add_gains(scores, weights, self._penalties[kind])
        return scores

    def rows_with_all(self, words: Sequence[str]) -> IntArray:
        """The rows of the chunks that contain all of these words (stems), ascending, int64."""
        import numpy as np

        different = list(dict.fromkeys(words))
        n_words = np.zeros(len(self.ids), dtype=np.int64)
        for part in self._parts:
            found = _Found(part, part.segment.terms.words, different)
            for where in found.where:
                n_words[part.row_of[found.live(where)]] += 1
        return np.flatnonzero(n_words == len(different))

    def ids_with_all(self, words: Sequence[str]) -> IntArray:
        """The ids of the chunks that contain all of these words (stems), ascending, int64."""
        found: IntArray = self.ids[self.rows_with_all(words)]
        return found

    def length_penalties(self, rows: IntArray) -> FloatArray:
        """What BM25 adds to the count of a word in these chunks, float32: k1 * (1 - b + b * length / mean length)."""
        return self._penalties["words"][rows]

    def _penalties_by(self, kind: Kind) -> FloatArray:
        """The length penalty of each chunk, see `length_penalties`."""
        import numpy as np

        lengths = np.zeros(len(self.ids))
        for part in self._parts:
            live = part.is_live
            postings: Postings = getattr(part.segment.terms, kind)
            lengths[part.row_of[live]] = postings.lengths[live]
        mean = lengths.mean() if len(lengths) else 0.0
        shares = lengths / mean if mean > 0 else np.ones(len(lengths))
        return (K1 * (1 - B + B * shares)).astype(np.float32)


class _Found:
    """The postings of several terms in one part."""

    def __init__(self, part: Part, postings: Postings, terms: Sequence[str]) -> None:
        import numpy as np

        self._part, self._postings = part, postings
        self.where = postings.find(np.fromiter(map(term_hash, terms), np.uint64, len(terms)))

    def live(self, where: slice) -> NDArray[np.uint16]:
        """The segment's rows of the postings of one term, without chunks that do not exist any more."""
        rows = self._postings.rows[where]
        return rows if self._part.is_whole else rows[self._part.is_live[rows]]

    def frequencies(self) -> IntArray:
        """In how many chunks each term occurs, int64."""
        import numpy as np

        if self._part.is_whole:
            return np.array([where.stop - where.start for where in self.where], dtype=np.int64)
        return np.array([len(self.live(where)) for where in self.where], dtype=np.int64)

    def add_gains(self, scores: DoubleArray, weights: DoubleArray, penalties: FloatArray) -> None:
        """Add to each chunk's score what the terms in it are worth.

        Args:
            scores: changed, float64 (n,).
            weights: of each term.
            penalties: of each chunk.
        """
        import numpy as np

        of_part, penalties, row_of = self._views(scores, penalties)
        for numbers in self._blocks(weights):
            block = [self.where[number] for number in numbers]
            rows = np.concatenate([self._postings.rows[one] for one in block]).astype(np.intp)
            counts = np.concatenate([self._postings.counts[one] for one in block]).astype(np.float32)
            if not self._part.is_whole:
                # A count of 0 gains nothing.
                counts *= self._part.is_live[rows]
            rows = rows if row_of is None else row_of[rows]
            shares = counts / (counts + penalties[rows])
            # Without deleted chunks, whose rows are those of others, each row comes once for a term.
            if len(block) == 1 and self._part.is_whole:
                of_part[rows] += weights[numbers[0]] * shares
            else:
                np.add.at(of_part, rows, shares * np.repeat(weights[numbers], [one.stop - one.start for one in block]))

    def _views(self, scores: DoubleArray, penalties: FloatArray) -> tuple[DoubleArray, FloatArray, IntArray | None]:
        """The part's scores and penalties if its chunks follow each other in the collection; else all, and its rows."""
        rows = self._part.row_of
        if self._part.is_block:
            place = slice(int(rows[0]), int(rows[-1]) + 1)
            return scores[place], penalties[place], None
        return scores, penalties, rows

    def _blocks(self, weights: DoubleArray) -> Iterator[list[int]]:
        """The numbers of the terms that count: rare ones together, and a frequent one alone, whose rows differ."""
        block, n = list[int](), 0
        for number in weights.nonzero()[0].tolist():
            width = self.where[number].stop - self.where[number].start
            if block and n + width > _POSTINGS_AT_ONCE:
                yield block
                block, n = [], 0
            if width:
                block.append(number)
                n += width
        if block:
            yield block
