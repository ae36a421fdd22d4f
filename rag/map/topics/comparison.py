"""Comparison of two groups of chunks: how near they are, and what each has more of: phrases, values of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.map.clusters.terms import typical_rows
from rag.map.topics.naming import name_topics
from rag.map.topics.phrases import count_phrases, phrase_key
from rag.store.chunk_table import ChunkTable

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_MOST_READ = 300
_MOST_VALUES = 8
_MOST_DIFFERENT = 50


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of each group's chunks, in [0, 1], that have a phrase or a value."""

    name: str
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class ColumnComparison:
    """A column: its values with the largest differences, and how different the groups are in it.

    `difference` is the total variation distance of the two distributions of values: 0 if they are the same, 1 if the
    groups have no value in common. A chunk without a value counts as having the value "".
    """

    column: str
    difference: float
    values: tuple[Shares, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two groups of chunks, `first` and `second`.

    `sizes` are their numbers of chunks, of which `n_both` are in both. `similarity` is the cosine of their mean
    embeddings, in [-1, 1]. `separation` is the share of the chunks in only one group that are nearer to the mean of
    their group, in [0, 1]; about 0.5 if the groups are mixed, None if there are no such chunks.
    `phrases` are up to five that the first group has more of, and up to five that the second has more of. `typical` are
    the rows of each group's three most central chunks. `columns` are in the order of their difference, the largest
    first.
    """

    sizes: tuple[int, int]
    n_both: int
    similarity: float
    separation: float | None
    phrases: tuple[tuple[Shares, ...], tuple[Shares, ...]]
    typical: tuple[tuple[int, ...], tuple[int, ...]]
    columns: tuple[ColumnComparison, ...]


def compare_groups(
    first: IntArray,
    second: IntArray,
    texts: Sequence[str],
    vectors: FloatArray,
    columns: Mapping[str, Sequence[str]],
) -> Comparison:
    """Compare two groups of chunks.

    Of a group with more than 300 chunks, the phrases are those of an evenly spaced sample.

    Args:
        first: rows of its chunks, int64, ascending, at least one.
        second: likewise; a chunk may be in both.
        texts: the text of every row.
        vectors: unit vectors float32 (n, dimension).
        columns: the values of each column for every row, "" where there is none.

    Raises:
        ValueError: a group has no chunks.
    """
    import numpy as np

    if not len(first) or not len(second):
        raise ValueError(f"Two groups of chunks are compared, got {len(first)} and {len(second)} chunks.")
    means = np.stack([_mean_direction(vectors[rows]) for rows in (first, second)])
    compared = [_compared_column(name, values, first, second) for name, values in columns.items()]
    return Comparison(
        sizes=(len(first), len(second)),
        n_both=len(np.intersect1d(first, second)),
        similarity=float(means[0] @ means[1]),
        separation=_separation(first, second, vectors, means),
        phrases=_phrases_of([_texts(first, texts), _texts(second, texts)]),
        typical=(typical_rows(first, vectors), typical_rows(second, vectors)),
        columns=tuple(sorted(filter(None, compared), key=lambda one: (-one.difference, one.column))),
    )


def columns_to_compare(table: ChunkTable) -> dict[str, Sequence[str]]:
    """The columns that have few enough values for shares to say something, and the documents as "Document"."""
    few = {name: values for name, values in table.columns.items() if len(set(values)) <= _MOST_DIFFERENT}
    return {"Document": table.document_of_each(), **few}


def _mean_direction(vectors: FloatArray) -> FloatArray:
    """The mean as a unit vector, float64 (dimension,); zero if the vectors cancel out."""
    import numpy as np

    mean = vectors.mean(axis=0, dtype=np.float64)
    unit: FloatArray = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return unit


def _separation(first: IntArray, second: IntArray, vectors: FloatArray, means: FloatArray) -> float | None:
    import numpy as np

    only_first, only_second = np.setdiff1d(first, second), np.setdiff1d(second, first)
    n = len(only_first) + len(only_second)
    if not n:
        return None
    leaning = [vectors[rows] @ (means[0] - means[1]) for rows in (only_first, only_second)]
    # A chunk that is equally near to both counts half.
    n_right = sum(float((sides > 0).sum() + (sides == 0).sum() / 2) for sides in (leaning[0], -leaning[1]))
    return n_right / n


def _texts(rows: IntArray, texts: Sequence[str]) -> list[str]:
    return [texts[row] for row in rows[:: -(-len(rows) // _MOST_READ)].tolist()]


def _phrases_of(groups: Sequence[Sequence[str]]) -> tuple[tuple[Shares, ...], tuple[Shares, ...]]:
    """The phrases that set each of two groups apart from the other."""
    import numpy as np

    labels = np.repeat([0, 1], [len(group) for group in groups]).astype(np.int64)
    topics = name_topics([*groups[0], *groups[1]], labels)
    counts = [one.n_texts for one in count_phrases(groups)]

    def share(phrase: str, side: int) -> float:
        return counts[side].get(phrase_key(phrase), 0) / len(groups[side])

    first, second = (
        tuple(Shares(phrase, share(phrase, 0), share(phrase, 1)) for phrase in topics[label].phrases)
        if label in topics
        else ()
        for label in (0, 1)
    )
    return first, second


def _compared_column(name: str, values: Sequence[str], first: IntArray, second: IntArray) -> ColumnComparison | None:
    """The column's comparison; None if no chunk of the groups has a value in it."""
    sides = [Counter(values[row] for row in rows.tolist()) for rows in (first, second)]
    shares = [
        Shares(value, sides[0][value] / len(first), sides[1][value] / len(second))
        for value in sorted(sides[0].keys() | sides[1].keys())
    ]
    if not any(one.name for one in shares):
        return None
    difference = sum(abs(one.first - one.second) for one in shares) / 2
    shown = sorted(shares, key=lambda one: (-round(abs(one.first - one.second), 9), -one.first, one.name))[
        :_MOST_VALUES
    ]
    return ColumnComparison(name, difference, tuple(shown))
