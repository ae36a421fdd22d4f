"""Drawing a batch: from each drawn passage two handfuls of words, of which no occurrence is in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from rag.types import FloatArray, IntArray

FEWEST_KNOWN = 4
"""Words of the vocabulary that a passage needs for two handfuls of two."""
_SHARE = 0.125
_LEAST = 2


class Draws:
    """Draws positive pairs from passages; the same numbers for the same seed.

    Each handful has an eighth of a passage's words, and at least two. The words left out differ in each draw, so the
    encoder cannot rely on a single word (word dropout).

    Args:
        passages: the rows in the vocabulary of each passage's words, int64 (n,), at least four each.
        n_words: words of the vocabulary.
    """

    def __init__(self, passages: Sequence[IntArray], n_words: int, seed: int) -> None:
        import numpy as np

        self._passages = passages
        self._n_words = n_words
        self._random: np.random.Generator = np.random.default_rng((seed, 2))

    def draw(self, batch_size: int) -> tuple[FloatArray, FloatArray]:
        """Counts of words of the first and second handfuls, float32 (batch, words); a passage is drawn at most once.

        The batch is smaller if there are fewer passages.
        """
        import numpy as np

        drawn = [self._passages[i] for i in self._random.permutation(len(self._passages))[:batch_size]]
        lengths = np.array([len(words) for words in drawn])
        sizes = np.maximum(_LEAST, np.rint(_SHARE * lengths).astype(np.int64))
        owners = np.repeat(np.arange(len(drawn)), lengths)
        words = np.concatenate(drawn)
        order = np.lexsort((self._random.random(len(words)), owners))
        places = np.arange(len(words)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        is_first = places < sizes[owners]
        is_second = ~is_first & (places < 2 * sizes[owners])
        cells = owners * self._n_words + words[order]
        return self._counts(cells[is_first], len(drawn)), self._counts(cells[is_second], len(drawn))

    def _counts(self, cells: IntArray, n: int) -> FloatArray:
        import numpy as np

        counts = np.bincount(cells, minlength=n * self._n_words).reshape(n, self._n_words)
        return counts.astype(np.float32)
