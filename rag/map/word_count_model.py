"""Word count embeddings (TF-IDF and SVD): a baseline for comparison with neural models, without a download."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag import config
from rag.map.clusters.terms import count_words

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    from rag.types import FloatArray

WORD_MODEL = "words"
"""Its identifier among the names of embedding models."""
WORD_MODEL_NAME = "Word counts (TF-IDF + SVD)"
"""Its name on pages."""
DIMENSION = 256
_MOST_WORDS = 50_000
_LEAST_LENGTH = 1e-3
_ITERATIONS = 3
_WITH_DIGIT = re.compile(r"[^\W_]*\d[^\W_]*")


def embed_words(texts: Sequence[str], dimension: int = DIMENSION, seed: int = config.SEED) -> FloatArray:
    """Latent semantic analysis: texts are near if they share words, or words that co-occur in other texts.

    TF-IDF with 1 + log of the counts, then a truncated SVD (Deerwester et al., "Indexing by latent semantic
    analysis", 1990); rows normalized. Words are those of `cluster_terms.count_words`, so English stop words are
    left out: they say little about content and would dominate the first axis. Numbers and codes ("2024", "B12") count
    as words, because exact matches are the strength of word counts.

    The last axis is for texts without information: those without words, and those whose words are too rare for the
    other axes. They are similar to each other and to no other text. With at most `dimension - 1` texts nothing is
    lost, and cosines equal those of TF-IDF; with more, words that occur in one text only are dropped, and the 50,000
    words in the most texts are kept.

    Returns:
        Unit vectors float32 (n, dimension); the same for the same texts, dimension and seed. Vectors of
        different calls cannot be compared.

    Raises:
        ValueError: the dimension is below 2.
    """
    import numpy as np

    if dimension < 2:
        raise ValueError(
            f"Word counts need 2 dimensions or more, one of them for texts without words; got {dimension}."
        )
    counts = [_words_of(text) for text in texts]
    vocabulary = _vocabulary(counts, fewest_texts=1 if len(texts) < dimension else 2)
    vectors = np.zeros((len(texts), dimension), dtype=np.float32)
    if vocabulary:
        axes = _reduced(_tf_idf(counts, vocabulary), dimension - 1, seed)
        vectors[:, : axes.shape[1]] = axes
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    known = lengths[:, 0] >= _LEAST_LENGTH
    vectors[known] /= lengths[known]
    vectors[~known] = np.eye(dimension, dtype=np.float32)[-1]
    return vectors


def _words_of(text: str) -> Counter[str]:
    words = count_words([text])
    words.update(_WITH_DIGIT.findall(text.lower()))
    return words


def _vocabulary(counts: Sequence[Counter[str]], *, fewest_texts: int) -> list[str]:
    """The words in at least `fewest_texts` texts; at most 50,000, preferring those in the most texts."""
    n_texts = Counter(word for words in counts for word in words)
    kept = [word for word, n in n_texts.items() if n >= fewest_texts]
    return sorted(sorted(kept, key=lambda word: (-n_texts[word], word))[:_MOST_WORDS])


def _tf_idf(counts: Sequence[Counter[str]], vocabulary: Sequence[str]) -> csr_matrix:
    """TF-IDF rows of length 1, or 0 for a text without these words, float32 (n, words)."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=Counter.elements, vocabulary=vocabulary, sublinear_tf=True, dtype=np.float32)
    return vectorizer.fit_transform(counts)


def _reduced(weights: csr_matrix, most_axes: int, seed: int) -> FloatArray:
    """Truncated SVD: the rows along the strongest axes, float32 (n, at most most_axes).

    Like scikit-learn's TruncatedSVD, which refuses a single word. Three iterations instead of five take half the time;
    the weakest axes, whose strengths hardly differ, are less exact.
    """
    from sklearn.utils.extmath import randomized_svd

    n_axes = min(most_axes, *weights.shape)
    axes: FloatArray = randomized_svd(weights, n_axes, n_iter=_ITERATIONS, random_state=seed)[2]
    reduced: FloatArray = weights @ axes.T
    return reduced
