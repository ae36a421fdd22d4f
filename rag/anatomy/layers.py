"""Through the layers: the vectors of one word in several texts, from the token table to the last layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.embedding.inside import ModelInside, Reading

if TYPE_CHECKING:
    from rag.types import FloatArray

_LONGEST = 1200
"""Characters of a text around the word that are read: the model's window holds no more."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A word at [start, end) of a text; `sense` names its meaning there, or is empty if nobody said it."""

    text: str
    start: int
    end: int
    sense: str = ""


@dataclass(frozen=True, slots=True)
class WordPaths:
    """The way of m occurrences of one word through a model with L layers.

    The stages are the token table, then each layer: L + 1 in all. `vectors` float32 (m, L + 1, d) are the word's unit
    vectors. `xy` float32 (m, L + 1, 2) shows them: at each stage as the difference from the mean of all occurrences, in
    one projection (PCA) for all stages, of which it keeps `kept_variance` in [0, 1]. `similarity` float32 (L + 1, m, m)
    are the cosine similarities at each stage.
    """

    occurrences: tuple[Occurrence, ...]
    vectors: FloatArray
    xy: FloatArray
    kept_variance: float
    similarity: FloatArray

    def mean_similarity(self, *, same_sense: bool) -> FloatArray | None:
        """At each stage the mean over pairs of occurrences with the same sense, or with different ones.

        float32 (L + 1,); None if there is no such pair.
        """
        senses = [one.sense for one in self.occurrences]
        pairs = [
            (left, right)
            for left in range(len(senses))
            for right in range(left)
            if (senses[left] == senses[right]) == same_sense
        ]
        if not pairs:
            return None
        rows, columns = zip(*pairs, strict=True)
        means: FloatArray = self.similarity[:, rows, columns].mean(axis=1)
        return means


def find_occurrences(texts: Iterable[str], word: str, limit: int, *, sense: str = "") -> list[Occurrence]:
    """The word as a whole word, once a text, in at most `limit` texts; long texts are cut around it."""
    pattern = re.compile(rf"(?<!\w){re.escape(word.strip())}(?!\w)", re.IGNORECASE)
    found: list[Occurrence] = []
    if not word.strip():
        return found
    for text in texts:
        if len(found) == limit:
            break
        if match := pattern.search(text):
            first = max(match.start() - _LONGEST // 2, 0)
            cut = text[first : first + _LONGEST]
            found.append(Occurrence(cut, match.start() - first, match.end() - first, sense))
    return found


def word_paths(inside: ModelInside, occurrences: Sequence[Occurrence]) -> WordPaths:
    """Follow the word of each occurrence; a word of several tokens is the mean of their vectors.

    Occurrences beyond the model's window are left out.
    """
    import numpy as np

    kept, stages = [], []
    for occurrence in occurrences:
        reading = inside.read(occurrence.text)
        rows = _rows(reading, occurrence)
        if rows:
            kept.append(occurrence)
            all_stages = np.concatenate([reading.table[None], reading.layers])
            stages.append(_unit(all_stages[:, rows].mean(axis=1)))
    n_stages, dimension = inside.n_layers + 1, inside.table_rows([0]).shape[1]
    vectors = np.array(stages, dtype=np.float32).reshape(len(kept), n_stages, dimension)
    xy, share = _projected(vectors)
    similarity: FloatArray = np.einsum("mld,nld->lmn", vectors, vectors)
    return WordPaths(tuple(kept), vectors, xy, share, similarity)


def _rows(reading: Reading, occurrence: Occurrence) -> list[int]:
    return [
        row
        for row, token in enumerate(reading.tokens)
        if token.start < occurrence.end and token.end > occurrence.start and token.start >= 0
    ]


def _unit(vectors: FloatArray) -> FloatArray:
    import numpy as np

    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: FloatArray = (vectors / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)
    return unit


def _projected(vectors: FloatArray) -> tuple[FloatArray, float]:
    """Differences from the mean at each stage, on their first two principal axes, and the variance that these keep."""
    import numpy as np

    from rag.map.projection import principal_components

    if len(vectors) < 2:
        return np.zeros((*vectors.shape[:2], 2), dtype=np.float32), 1.0
    centred = (vectors - vectors.mean(axis=0, keepdims=True)).reshape(-1, vectors.shape[-1])
    drawn = principal_components(centred, 2)
    total = float((centred.astype(np.float64) ** 2).sum())
    share = float((drawn.astype(np.float64) ** 2).sum()) / total if total > 0 else 1.0
    return drawn.reshape(*vectors.shape[:2], 2), share
