"""Exact nearest neighbors of a vector or a chunk, with filters and optional diversity (MMR)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.store.chunk_filter import ChunkFilter
from rag.store.chunk_table import ChunkTable
from rag.text.sentences import split_sentences
from rag.types import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]
    MaskArray = NDArray[np.bool_]

PLAIN = 1.0
"""The lambda of maximal marginal relevance at which diversity has no effect."""
_ROUNDING = 1e-5
_DECIMALS = 6
POOL_TIMES = 5
SMALLEST_POOL = 100
"""MMR chooses among so many times k nearest chunks, at least so many."""
_BLOCK = 4_096
_SHORTEST_SENTENCE = 12


@dataclass(frozen=True, slots=True)
class NeighborFilter:
    """Which chunks may be neighbors; an empty condition allows all, and all conditions must be met.

    `documents` are document names; `columns` are values of table columns, of which any one is enough; `not_with` is a
    chunk id whose whole document is excluded ("not from the same document").
    """

    documents: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_with: int | None = None

    def allows(self, table: ChunkTable) -> MaskArray:
        """Which chunks of the table may be neighbors, bool (n,)."""
        allowed = ChunkFilter(documents=self.documents, columns=self.columns).keeps(table, (), frozenset())
        if self.not_with is not None:
            allowed &= ~(table.documents[:, None] == table.documents[table.chunk_ids == self.not_with]).any(axis=1)
        return allowed


@dataclass(frozen=True, slots=True)
class Neighbors:
    """The neighbors of a vector, best first, or in the order in which MMR chose them.

    `ids` int64 (m,), `rows` int64 (m,), their positions in the collection's arrays, and `scores` float32 (m,), cosine
    similarities in [-1, 1].
    """

    ids: IntArray
    rows: IntArray
    scores: FloatArray


@dataclass(frozen=True, slots=True)
class BestSentence:
    """A span [start, end) of a chunk's text, and its cosine similarity to the query."""

    start: int
    end: int
    score: float


def find(
    ids: IntArray,
    vectors: FloatArray,
    query: FloatArray,
    k: int,
    *,
    allowed: MaskArray | None = None,
    relevance: float = PLAIN,
) -> Neighbors:
    """The k chunks nearest to a query vector, exact; scores are rounded to six decimals, ties ordered by id.

    With `relevance` below 1, chunks are chosen one by one by maximal marginal relevance (Carbonell and
    Goldstein, "The use of MMR, diversity-based reranking for reordering documents and producing summaries", 1998):
    relevance * similarity to the query - (1 - relevance) * the greatest similarity to one already chosen, among the
    5k nearest chunks, or the 100 nearest if these are more. The first is always the nearest.

    Args:
        ids: int64 (n,), ascending.
        vectors: unit vectors float32 (n, dimension).
        query: a unit vector float32 (dimension,).
        allowed: which chunks may be found, bool (n,), as from NeighborFilter; all by default.
        relevance: lambda, from 0 (only diversity) to 1 (plain search).

    Returns:
        At most k neighbors; fewer if fewer chunks are allowed.

    Raises:
        ValueError: k is below 1, relevance is not from 0 to 1, or shapes differ.
    """
    _check(ids, vectors, query, k, relevance)
    pool = k if relevance == PLAIN else max(POOL_TIMES * k, SMALLEST_POOL)
    rows, scores = _nearest(vectors, query, pool, allowed)
    if relevance < PLAIN:
        chosen = marginally_relevant(_doubles(vectors[rows]), scores, k, relevance)
        rows, scores = rows[chosen], scores[chosen]
    return Neighbors(ids[rows], rows, scores.astype("float32"))


def neighbors_of(
    ids: IntArray,
    vectors: FloatArray,
    chunk_id: int,
    k: int,
    *,
    allowed: MaskArray | None = None,
    relevance: float = PLAIN,
) -> Neighbors:
    """`find` for a stored chunk, without the chunk itself; empty if its id is not in `ids`."""
    import numpy as np

    row = int(ids.searchsorted(chunk_id))
    others = np.ones(len(ids), dtype=np.bool_) if allowed is None else allowed.copy()
    if row == len(ids) or ids[row] != chunk_id:
        return Neighbors(ids[:0], np.empty(0, np.int64), np.empty(0, np.float32))
    others[row] = False
    return find(ids, vectors, vectors[row], k, allowed=others, relevance=relevance)


def _check(ids: IntArray, vectors: FloatArray, query: FloatArray, k: int, relevance: float) -> None:
    if vectors.shape != (len(ids), len(query)):
        raise ValueError(
            f"Vectors must be (n ids, dimension of the query), {(len(ids), len(query))}, not {vectors.shape}."
        )
    if k < 1:
        raise ValueError(f"k must be 1 or more, and is {k}.")
    if not 0.0 <= relevance <= 1.0:
        raise ValueError(f"relevance must be from 0 to 1, and is {relevance}.")


def _nearest(vectors: FloatArray, query: FloatArray, k: int, allowed: MaskArray | None) -> tuple[IntArray, DoubleArray]:
    """Rows and scores of the k nearest, best first, ties by row.

    A matrix product may differ in the last bits for equal rows. So the candidates, including all that rounding may
    have excluded, are computed again in double precision and rounded in the same way.
    """
    import numpy as np

    candidates = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
    rough = (vectors @ query)[candidates]
    if len(rough) > k:
        kth = np.partition(rough, len(rough) - k)[len(rough) - k]
        candidates = candidates[rough >= kth - _ROUNDING]
    scores = np.empty(len(candidates))
    wanted = _doubles(query[None, :])[0]
    for start in range(0, len(candidates), _BLOCK):
        part = slice(start, start + _BLOCK)
        scores[part] = np.einsum("ij,j->i", _doubles(vectors[candidates[part]]), wanted)
    scores = np.round(scores.clip(-1.0, 1.0), _DECIMALS)
    order = np.lexsort((candidates, -scores))[:k]
    return candidates[order].astype(np.int64), scores[order]


def _doubles(vectors: FloatArray) -> DoubleArray:
    import numpy as np

    return vectors.astype(np.float64)


def marginally_relevant(vectors: DoubleArray, scores: DoubleArray, k: int, relevance: float) -> list[int]:
    """The positions chosen by maximal marginal relevance, in order; ties go to the first.

    Args:
        vectors: unit vectors float64 (n, dimension), the most relevant first.
        scores: the relevance of each, float64 (n,), on the scale of cosine similarities, descending.
        k: the largest number of positions.
        relevance: lambda, as in `find`.
    """
    import numpy as np

    if not len(vectors):
        return []
    left = np.ones(len(vectors), dtype=np.bool_)
    nearest_chosen = np.full(len(vectors), -np.inf)
    chosen = [0]
    while len(chosen) < min(k, len(vectors)):
        left[chosen[-1]] = False
        nearest_chosen = np.maximum(nearest_chosen, vectors @ vectors[chosen[-1]])
        value = np.round(relevance * scores - (1.0 - relevance) * nearest_chosen, _DECIMALS)
        chosen.append(int(np.where(left, value, -np.inf).argmax()))
    return chosen


def best_sentence(query: FloatArray, chunk_text: str, embedder: Embedder) -> BestSentence | None:
    """The sentence of a chunk that is most similar to the query; ties go to the first.

    Headings and fragments of fewer than 12 characters are skipped, unless there is nothing else.

    Args:
        query: a unit vector float32 (dimension,) of the embedder's model.

    Returns:
        None if the text has no visible character.
    """
    spans = split_sentences(chunk_text)
    if not spans:
        return None
    sentences = [(start, end) for start, end in spans if end - start >= _SHORTEST_SENTENCE and chunk_text[start] != "#"]
    spans = sentences or spans
    scores = embedder.encode_documents([chunk_text[start:end] for start, end in spans]) @ query
    best = int(scores.argmax())
    return BestSentence(*spans[best], float(scores[best].clip(-1.0, 1.0)))
