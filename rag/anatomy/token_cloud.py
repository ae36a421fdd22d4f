"""Token cloud: the contextual vectors of all tokens of many chunks, to be drawn as a map."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.anatomy.layers import find_occurrences
from rag.anatomy.pooling import words_of
from rag.embedding.inside import ModelInside
from rag.map.layout import lay_out
from rag.map.projection_settings import ProjectionParameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.runtime.background import Report
    from rag.types import Chunk, FloatArray, Projection

_MOST_SENSES = 4
_SEPARATED = 0.15
"""Silhouettes up to this are groups that hardly differ."""


@dataclass(frozen=True, slots=True)
class TokenPoint:
    """A word of a chunk: characters [start, end) of its text."""

    chunk_id: int
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TokenCloud:
    """n words in their contexts with their unit vectors float32 (n, d) from the last layer.

    `n_chunks` of the `n_all_chunks` of the collection were read.
    """

    points: tuple[TokenPoint, ...]
    vectors: FloatArray
    n_chunks: int
    n_all_chunks: int


def token_cloud(
    inside: ModelInside,
    chunks: Sequence[Chunk],
    limit: int,
    *,
    word: str = "",
    seed: int = 0,
    report: Report | None = None,
) -> TokenCloud:
    """Read chunks in a random order that depends on the seed alone, until they hold `limit` words.

    Chunks that hold `word` come first, until there are two thirds of the words. Words are the model's tokens, joined
    where they continue one another; a word's vector is the mean of its tokens'.

    Args:
        report: called with the share done; an exception from it ends the work.
    """
    import numpy as np

    wanted, others = _with_word_first(chunks, word, seed)
    points: list[TokenPoint] = []
    vectors: list[FloatArray] = []
    n_read = 0
    for group, most in ((wanted, 2 * limit // 3), (others, limit)):
        for chunk in group:
            if len(points) >= most:
                break
            for point, vector in _words_in(inside, chunk):
                points.append(point)
                vectors.append(vector)
            n_read += 1
            if report:
                report(min(len(points) / limit, 1.0))
    stacked = np.array(vectors, dtype=np.float32).reshape(len(points), -1)
    norms = np.linalg.norm(stacked, axis=1, keepdims=True)
    unit: FloatArray = stacked / np.maximum(norms, np.finfo(np.float32).tiny)
    return TokenCloud(tuple(points), unit, n_read, len(chunks))


def _with_word_first(chunks: Sequence[Chunk], word: str, seed: int) -> tuple[list[Chunk], list[Chunk]]:
    """The chunks that hold the word, and the others, each in a random order."""
    order = list(chunks)
    random.Random(seed).shuffle(order)
    wanted = [chunk for chunk in order if find_occurrences([chunk.text], word, 1)]
    held = {chunk.chunk_id for chunk in wanted}
    return wanted, [chunk for chunk in order if chunk.chunk_id not in held]


def _words_in(inside: ModelInside, chunk: Chunk) -> Iterator[tuple[TokenPoint, FloatArray]]:
    """Each word of a chunk that has a letter or digit, with its vector float32 (d,) from the last layer."""
    reading = inside.read(chunk.text)
    for rows in words_of(reading.tokens, chunk.text):
        start, end = reading.tokens[rows[0]].start, reading.tokens[rows[-1]].end
        spelled = chunk.text[start:end].strip()
        if any(letter.isalnum() for letter in spelled):
            yield TokenPoint(chunk.chunk_id, spelled, start, end), reading.layers[-1][list(rows)].mean(axis=0)


def draw_cloud(cloud: TokenCloud, report: Report | None = None) -> Projection:
    """The cloud as a 2D map by UMAP, as the Map page draws chunks; its ids are rows of the cloud."""
    import numpy as np

    ids = np.arange(len(cloud.points), dtype=np.int64)
    return lay_out(ids, cloud.vectors, ProjectionParameters(), report)


def senses(cloud: TokenCloud, word: str, known: Mapping[str, FloatArray] | None = None) -> dict[int, str]:
    """A name for the sense of each occurrence of a word, by its row in the cloud.

    With `known` senses, an occurrence gets the one whose examples it resembles most. Otherwise the occurrences are
    grouped by k-means, into as many groups (2 to 4) as are best separated (silhouette), or into one if none are.

    Args:
        known: the vectors float32 (m, d) of the word in example sentences, by sense.
    """
    import numpy as np

    rows = [row for row, one in enumerate(cloud.points) if one.word.casefold() == word.strip().casefold()]
    vectors = cloud.vectors[rows]
    if known and rows:
        names = list(known)
        centres = np.stack([known[name].mean(axis=0) for name in names])
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        return {row: names[best] for row, best in zip(rows, (vectors @ centres.T).argmax(axis=1).tolist(), strict=True)}
    groups = _groups(vectors)
    return {row: f"use {group + 1}" if max(groups) else "" for row, group in zip(rows, groups, strict=True)}


def _groups(vectors: FloatArray) -> list[int]:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    best, best_score = [0] * len(vectors), _SEPARATED
    n_different = len({vector.tobytes() for vector in vectors})
    for n in range(2, min(_MOST_SENSES, n_different, len(vectors) - 1) + 1):
        labels = KMeans(n, n_init=10, random_state=0).fit_predict(vectors)
        score = float(silhouette_score(vectors, labels, metric="cosine")) if len(set(labels.tolist())) > 1 else 0.0
        if score > best_score:
            best, best_score = labels.tolist(), score
    return best
