"""Which words a picture shows: content words that occur together with another one more often than by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.anatomy.training.vocabulary import Vocabulary, Words

if TYPE_CHECKING:
    from rag.types import FloatArray

_FEWEST_PASSAGES = 3


def words_to_show(vocabulary: Vocabulary, texts: Sequence[Words], n: int) -> tuple[int, ...]:
    """At most `n` rows of the vocabulary, those with the strongest partner first: "loan" has "bank".

    The strength of a pair is the t-score of its co-occurrence, (observed - expected) / sqrt(observed), where observed
    counts the passages with both (Church et al., "Using statistics in lexical analysis", 1991). Only content words of
    at least three passages, if there are two or more; with fewer, all content words in the order of the vocabulary.

    Args:
        texts: the words of the passages of the vocabulary.
    """
    import numpy as np

    content = vocabulary.content_rows()
    rows = np.array([row for row in content if vocabulary.passages[row] >= _FEWEST_PASSAGES], dtype=np.int64)
    if len(rows) < 2:
        return content[:n]
    scores = _t_scores(vocabulary, texts)[np.ix_(rows, rows)]
    np.fill_diagonal(scores, -np.inf)
    return tuple(rows[np.argsort(-scores.max(axis=1), kind="stable")[:n]].tolist())


def _t_scores(vocabulary: Vocabulary, texts: Sequence[Words]) -> FloatArray:
    """The t-score of each two words, float32 (words, words)."""
    import numpy as np

    occurs = np.zeros((len(texts), len(vocabulary.stems)), dtype=np.float32)
    for place, words in enumerate(texts):
        occurs[place, vocabulary.rows(words)] = 1
    # Sums of ones are exact, so the number of threads does not matter.
    observed = occurs.T @ occurs
    counts = vocabulary.passages.astype(np.float32)
    expected = counts[:, None] * counts / np.float32(len(texts))
    return np.asarray((observed - expected) / np.sqrt(np.maximum(observed, 1)), dtype=np.float32)
