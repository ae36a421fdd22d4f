"""Compressed vectors: memory saved, and true neighbors lost, on a collection's own vectors.

Three ways to store less: fewer dimensions (Kusupati et al., "Matryoshka Representation Learning", 2022), one byte
instead of four for each number (scalar quantization), and one bit for each number, its sign, compared by the number of
different bits (Hamming distance). Binary search can fetch more candidates and order them by their true cosines, read
from disk (Yamada et al., "Efficient Passage Retrieval with Hashing for Open-domain Question Answering", 2021).

The vectors of many models share a common part, so that most signs are equal. Centered binary subtracts the collection's
mean vector first, and its signs differ more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag import config
from rag.embedding.catalogue import entry_of
from rag.errors import ExplorerError
from rag.index.flat import FlatIndex
from rag.index.kinds import build
from rag.index.spec import IndexSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

Method = Literal[
    "float32", "truncated", "int8", "binary", "binary, rescored", "centered binary", "centered binary, rescored"
]

K = 10
"""Number of neighbors compared."""
MOST_QUERIES = 500
_CANDIDATES = 4 * K
"""Candidates that a binary search fetches for rescoring."""
_LEAST_DIMENSION = 8
_FLOAT_BYTES, _WORD_BYTES = 4, 8
_SAME = 1e-6
"""Cosines that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Compression:
    """A way to store vectors, and what is left of the true neighbors.

    dimension: numbers kept of each vector. bytes_per_vector: in memory while searching; int8 also keeps two numbers
    per dimension once, centered binary one; a rescored search also reads 40 full vectors from disk. recall: the share
    of the true 10 nearest that it finds, in [0, 1], mean over the queries.
    """

    method: Method
    dimension: int
    bytes_per_vector: int
    recall: float


def compressions(
    vectors: FloatArray, *, n_queries: int = MOST_QUERIES, seed: int = config.SEED
) -> tuple[Compression, ...]:
    """Try every way to compress a collection's vectors: float32 first, the reference, then as listed in `Method`.

    Queries are vectors of the collection, in float32 or compressed like the others (truncated, binary); a vector is
    not its own neighbor. The true neighbors come from exact search in float32. Takes less than a second for 300
    vectors of 384 dimensions, and one to two minutes on two cores for 300,000.

    Args:
        vectors: unit vectors, float32 (n, dimension).
        n_queries: at most this many vectors, chosen at random, are searched for.
        seed: for the choice.

    Raises:
        ExplorerError: there are fewer than 12 vectors, so that every way would find the true 10.
    """
    import numpy as np

    n, dimension = vectors.shape
    if n < K + 2:
        raise ExplorerError(
            f"The collection has {n} chunks. To see which of {K} neighbors are lost, it needs {K + 2} or more: "
            "add documents."
        )
    rows = np.sort(np.random.default_rng(seed).choice(n, min(n, n_queries), replace=False))
    truth = exact_others(vectors, rows, K)

    def tried(method: Method, kept: int, n_bytes: int, found: IntArray) -> Compression:
        return Compression(method, kept, n_bytes, recall(vectors, rows, found, truth))

    sizes = [dimension // part for part in (2, 4, 8) if dimension // part >= _LEAST_DIMENSION]
    n_candidates, bits = min(_CANDIDATES, n - 1), (dimension + 7) // 8
    signs = _hamming_others(vectors, rows, n_candidates)
    centered = _hamming_others(vectors - vectors.mean(axis=0), rows, n_candidates)
    return (
        tried("float32", dimension, _FLOAT_BYTES * dimension, truth),
        *(tried("truncated", d, _FLOAT_BYTES * d, exact_others(truncated(vectors, d), rows, K)) for d in sizes),
        tried("int8", dimension, dimension, _int8_others(vectors, rows, K)),
        tried("binary", dimension, bits, signs[:, :K]),
        tried("binary, rescored", dimension, bits, _rescored(vectors, rows, signs)),
        tried("centered binary", dimension, bits, centered[:, :K]),
        tried("centered binary, rescored", dimension, bits, _rescored(vectors, rows, centered)),
    )


def truncation_note(model_id: str) -> str:
    """A sentence: whether the model was trained so that the first numbers of its vectors can be used alone."""
    entry = entry_of(model_id)
    name = model_id.rpartition("/")[2]
    if entry is None or entry.is_matryoshka is None:
        return f"Whether '{name}' was trained for shortened vectors (Matryoshka) is not known here."
    if entry.is_matryoshka:
        return f"'{name}' was trained for shortened vectors (Matryoshka): its first numbers carry the most."
    return f"'{name}' was not trained for shortened vectors (Matryoshka): its first numbers are like any others."


def truncated(vectors: FloatArray, dimension: int) -> FloatArray:
    """The first numbers of each vector, as a unit vector: float32 (n, dimension). Zero vectors stay zero."""
    import numpy as np

    kept = vectors[:, :dimension]
    norms = np.linalg.norm(kept, axis=1, keepdims=True)
    return np.ascontiguousarray(kept / np.where(norms > 0, norms, 1.0), dtype=np.float32)


def exact_others(vectors: FloatArray, rows: IntArray, k: int) -> IntArray:
    """The k nearest others of some rows by cosine, from exact search: int64 (len(rows), k), nearest first."""
    import numpy as np

    index = FlatIndex.build(np.arange(len(vectors)), vectors)
    return _without_itself(index.search(vectors[rows], k + 1)[1], rows, k)


def recall(vectors: FloatArray, rows: IntArray, found: IntArray, truth: IntArray) -> float:
    """The share of the true neighbors among those found, both int64 (len(rows), k), in [0, 1].

    Copies of a chunk are equally near: one that is as near as the last true neighbor counts as found, up to the number
    of such chunks among the true ones.
    """
    import numpy as np

    def cosines(others: IntArray) -> FloatArray:
        return np.stack(
            [np.einsum("kd,d->k", vectors[near], vectors[row]) for row, near in zip(rows, others, strict=True)]
        )

    true_scores, scores = cosines(truth), cosines(found)
    last = true_scores.min(axis=1, keepdims=True)
    n_above = (true_scores > last + _SAME).sum(axis=1)
    above, tied = (scores > last + _SAME).sum(axis=1), (abs(scores - last) <= _SAME).sum(axis=1)
    kept = np.minimum(above, n_above) + np.minimum(tied, truth.shape[1] - n_above)
    return float(kept.sum() / truth.size)


def _int8_others(vectors: FloatArray, rows: IntArray, k: int) -> IntArray:
    """Like `exact_others`, with one byte for each number: its place between the dimension's least and largest."""
    import numpy as np

    index = build(IndexSpec("sq8"), np.arange(len(vectors)), vectors)
    return _without_itself(index.search(vectors[rows], k + 1)[1], rows, k)


def _hamming_others(vectors: FloatArray, rows: IntArray, k: int) -> IntArray:
    """The k others with the fewest different signs, int64 (len(rows), k), ties by row."""
    import numpy as np

    words = _sign_words(vectors)
    found = np.empty((len(rows), k + 1), dtype=np.int64)
    for place, row in enumerate(rows):
        # A stable sort of 16-bit numbers takes linear time.
        distances = np.bitwise_count(words ^ words[:, row, None]).sum(axis=0, dtype=np.uint16)
        found[place] = np.argsort(distances, kind="stable")[: k + 1]
    return _without_itself(found, rows, k)


def _sign_words(vectors: FloatArray) -> NDArray[np.uint64]:
    """One bit for each number, 1 if it is above 0, in words of 64 bits that end with zeros: uint64 (words, n)."""
    import numpy as np

    packed = np.packbits(vectors > 0, axis=1)
    padding = -packed.shape[1] % _WORD_BYTES
    words = np.ascontiguousarray(np.pad(packed, ((0, 0), (0, padding)))).view(np.uint64)
    return np.ascontiguousarray(words.T)


def _rescored(vectors: FloatArray, rows: IntArray, candidates: IntArray) -> IntArray:
    """The K nearest of the candidates by their true cosines, int64 (len(rows), K)."""
    import numpy as np

    chosen = np.empty((len(rows), K), dtype=np.int64)
    for place, (row, near) in enumerate(zip(rows, candidates, strict=True)):
        cosines = np.einsum("kd,d->k", vectors[near], vectors[row])
        chosen[place] = near[np.argsort(-cosines, kind="stable")[:K]]
    return chosen


def _without_itself(found: IntArray, rows: IntArray, k: int) -> IntArray:
    """The first k of k + 1 rows without the query's own, which may be missing among its copies."""
    import numpy as np

    order = np.argsort(found == rows[:, None], axis=1, kind="stable")[:, :k]
    return np.take_along_axis(found, order, axis=1)
