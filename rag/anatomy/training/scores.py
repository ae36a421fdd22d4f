"""Retrieval scores on held-back pairs, for the encoder, for word counts (TF-IDF), and for both together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.anatomy.training.vocabulary import Words

if TYPE_CHECKING:
    from rag.types import FloatArray

_FEW = 5


@dataclass(frozen=True, slots=True)
class Scores:
    """How well halves find their other halves among `n` of them, each in both directions.

    Attributes:
        accuracy: share of halves whose other half is ranked first, in [0, 1].
        accuracy_at_5: share whose other half is among the first five.
        reciprocal_rank: mean of 1 / rank of the other half (MRR).
        n: number of pairs; 0 makes all scores 0.

    Equal similarities count as if their order was drawn by chance.
    """

    accuracy: float
    accuracy_at_5: float
    reciprocal_rank: float
    n: int


def chance_scores(n: int) -> Scores:
    """The scores of a random order of `n` halves."""
    if not n:
        return Scores(0.0, 0.0, 0.0, 0)
    return Scores(1 / n, min(1.0, _FEW / n), sum(1 / rank for rank in range(1, n + 1)) / n, n)


def retrieval_scores(similarities: FloatArray) -> Scores:
    """The scores of similarities float32 (n, n), first halves by second halves; the diagonal holds the pairs."""
    import numpy as np

    n = len(similarities)
    if not n:
        return chance_scores(0)
    inverse = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])
    first, few, reciprocal = [], [], []
    for rows in (similarities, similarities.T):
        right = np.diag(rows)[:, None]
        above, equal = (rows > right).sum(axis=1), (rows == right).sum(axis=1)
        first.append(np.clip((1 - above) / equal, 0, 1))
        few.append(np.clip((_FEW - above) / equal, 0, 1))
        reciprocal.append((inverse[above + equal] - inverse[above]) / equal)
    return Scores(float(np.mean(first)), float(np.mean(few)), float(np.mean(reciprocal)), n)


def word_count_similarities(texts: Sequence[Words], firsts: Sequence[Words], seconds: Sequence[Words]) -> FloatArray:
    """Cosines of TF-IDF vectors, float32 (firsts, seconds): the share of weighted words that two texts have in common.

    1 + log of the counts; the inverse document frequencies are those of `texts`. A text without a known word has
    cosine 0 with all.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not len(firsts) or not len(seconds):
        return np.zeros((len(firsts), len(seconds)), dtype=np.float32)
    vectorizer = TfidfVectorizer(analyzer=_same, sublinear_tf=True).fit(texts)
    cosines = vectorizer.transform(firsts) @ vectorizer.transform(seconds).T
    return np.asarray(cosines.todense(), dtype=np.float32)


def _same(words: Words) -> Words:
    return words


def together(one: FloatArray, other: FloatArray) -> FloatArray:
    """The sum of two similarities float32 (n, m), each divided by its standard deviation, so that both count alike."""
    import numpy as np

    def scaled(similarities: FloatArray) -> FloatArray:
        spread = float(similarities.std()) if similarities.size else 0.0
        return similarities / np.float32(spread) if spread > 0 else similarities

    return np.asarray(scaled(one) + scaled(other), dtype=np.float32)
