"""Postings: for each term, the rows that contain it and how often; made from texts, and merged without them."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from rag.text.search_terms import pieces, stem, tokens, words_of_token
from rag.text.stems import is_common

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sp  # type: ignore[import-untyped]
    from numpy.typing import NDArray

    from rag.types import IntArray

    Counts = NDArray[np.uint8] | NDArray[np.uint16]
    Hashes = NDArray[np.uint64]
    Numbers = Sequence[int] | array[int] | NDArray[np.int64]

MOST_ROWS = 65_536
"""A row is stored as a 16-bit number."""


def term_hash(term: str) -> int:
    """The 64-bit number in place of a term. Two of a million terms share one with a probability of 3 in 100 million."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Postings:
    """The rows in which each term occurs.

    Attributes:
        terms: the hashes of the terms, uint64 (t,), ascending.
        starts: term i has the postings [starts[i], starts[i + 1]), int64 (t + 1,).
        rows: the row of each posting, uint16 (p,), ascending within a term.
        counts: how often the term occurs in that row, (p,).
        lengths: how many terms each row has, int32 (n,); stop words are not counted.
    """

    terms: Hashes
    starts: IntArray
    rows: NDArray[np.uint16]
    counts: Counts
    lengths: NDArray[np.int32]

    def find(self, hashes: Hashes) -> list[slice]:
        """Where the postings of each of these terms are; an empty slice for one that occurs nowhere."""
        import numpy as np

        if not len(self.terms):
            return [slice(0, 0)] * len(hashes)
        at = self.terms.searchsorted(hashes).clip(max=len(self.terms) - 1)
        ends = np.where(self.terms[at] == hashes, self.starts[at + 1], self.starts[at])
        return list(map(slice, self.starts[at].tolist(), ends.tolist()))


class TermPostings(NamedTuple):
    """The postings of the same rows by words (their stems) and by pieces of words."""

    words: Postings
    pieces: Postings


def postings_of(texts: Iterable[str]) -> TermPostings:
    """The postings of at most 65,536 texts, one row each.

    Stop words have postings as words, so that a query of stop words alone finds them, but no pieces.
    """
    import numpy as np

    vocabulary: dict[str, int] = {}
    starts, columns, counts = array("i", [0]), array("i"), array("i")
    for text in texts:
        found = Counter(tokens(text))
        columns.extend(vocabulary.setdefault(token, len(vocabulary)) for token in found)
        counts.extend(found.values())
        starts.append(len(columns))
    occurring = _sparse(counts, columns, starts, (len(starts) - 1, len(vocabulary)))
    words = [words_of_token(token) for token in vocabulary]
    telling = [[word for word in found if not is_common(word)] for found in words]
    lengths = occurring @ np.array([len(found) for found in telling], dtype=np.int32)
    by_word = _grouped(occurring, [[stem(word) for word in found] for found in words], lengths)
    by_piece = _grouped(occurring, [[piece for word in found for piece in pieces(word)] for found in telling], None)
    return TermPostings(by_word, by_piece)


def _sparse(counts: Numbers, columns: Numbers, starts: Numbers, shape: tuple[int, int]) -> sp.csr_array:
    import numpy as np
    import scipy.sparse as sp

    arrays = (np.array(counts, np.int32), np.array(columns, np.int32), np.array(starts, np.int32))
    return sp.csr_array(arrays, shape=shape)


def _grouped(occurring: sp.csr_array, terms_of_token: list[list[str]], lengths: NDArray[np.int32] | None) -> Postings:
    """The postings of the terms of each token, a column of `occurring`; by default `lengths` counts them."""
    import numpy as np

    number: dict[str, int] = {}
    numbers = [number.setdefault(term, len(number)) for terms in terms_of_token for term in terms]
    ordered, column = np.unique([term_hash(term) for term in number] or np.empty(0, np.uint64), return_inverse=True)
    starts = [0, *accumulate(map(len, terms_of_token))]
    shape = (len(terms_of_token), len(ordered))
    belongs = _sparse([1] * len(numbers), column[np.array(numbers, dtype=np.int64)].astype(np.int64), starts, shape)
    found = (occurring @ belongs).tocsc()
    if lengths is None:
        lengths = np.asarray(found.sum(axis=1), dtype=np.int32)
    return _postings(found, ordered, lengths)


def _postings(found: sp.csc_array, terms: Hashes, lengths: NDArray[np.int32]) -> Postings:
    import numpy as np

    found.sort_indices()
    small = np.uint8 if found.data.max(initial=0) < 256 else np.uint16
    counts: Counts = found.data.clip(max=np.iinfo(np.uint16).max).astype(small)
    starts = found.indptr.astype(np.int64)
    return Postings(terms, starts, found.indices.astype(np.uint16), counts, lengths.astype(np.int32))


def merged(parts: Iterable[tuple[Postings, NDArray[np.bool_]]]) -> Postings:
    """The postings of the marked rows of several postings, in this order; terms that occur no more are left out."""
    import numpy as np
    import scipy.sparse as sp

    given = list(parts)
    terms = np.unique(np.concatenate([part.terms for part, _ in given]))
    blocks = []
    for part, is_kept in given:
        widths = np.zeros(len(terms), np.int64)
        widths[terms.searchsorted(part.terms)] = np.diff(part.starts)
        starts = np.concatenate(([0], np.cumsum(widths)))
        arrays = (part.counts.astype(np.int32), part.rows.astype(np.int32), starts.astype(np.int32))
        block = sp.csc_array(arrays, shape=(len(is_kept), len(terms)))
        blocks.append(block if is_kept.all() else block.tocsr()[np.flatnonzero(is_kept)].tocsc())
    found = sp.vstack(blocks, format="csc")
    occurring = np.flatnonzero(np.diff(found.indptr))
    lengths = np.concatenate([part.lengths[is_kept] for part, is_kept in given])
    return _postings(found[:, occurring], terms[occurring], lengths)
