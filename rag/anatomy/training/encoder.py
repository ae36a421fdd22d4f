"""The encoder: a table with one trained vector per word; a text's vector is the weighted mean of its words' vectors.

A word's weight is its TF-IDF: 1 + log of its count, times its inverse document frequency. Weights are counted, not
trained: with a few hundred passages, trained weights or a layer above the mean memorized the passages and did worse on
those that were held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.anatomy.training.vocabulary import Vocabulary, Words

if TYPE_CHECKING:
    import torch

    from rag.types import FloatArray


class Encoder:
    """Texts -> unit vectors.

    Attributes:
        table: the token table, the only parameters, float32 (words, dimension); begins as random numbers.
    """

    def __init__(self, vocabulary: Vocabulary, dimension: int, seed: int) -> None:
        import numpy as np
        import torch

        shape = (len(vocabulary.stems), dimension)
        noise = np.random.default_rng((seed, 1)).standard_normal(shape, dtype=np.float32)
        self.table = torch.from_numpy(noise / np.float32(dimension**0.5)).requires_grad_()
        self._weights = torch.from_numpy(vocabulary.weights)
        self._vocabulary = vocabulary

    @property
    def n_parameters(self) -> int:
        """How many numbers are trained."""
        return self.table.numel()

    def encode(self, texts: Sequence[Words]) -> FloatArray:
        """Unit vectors float32 (n, dimension); 0 for a text without a word of the vocabulary."""
        return self.encode_counts(self.count(texts))

    def encode_counts(self, counts: torch.Tensor) -> FloatArray:
        """As `encode`, for texts given as counts float32 (n, words)."""
        import torch

        with torch.no_grad():
            vectors: FloatArray = self.embed(counts).numpy()
        return vectors

    def word_vectors(self) -> FloatArray:
        """A copy of the token table as unit vectors, float32 (words, dimension)."""
        import torch

        with torch.no_grad():
            vectors: FloatArray = torch.nn.functional.normalize(self.table, dim=1).numpy()
        return vectors

    def count(self, texts: Sequence[Words]) -> torch.Tensor:
        """How often each word of the vocabulary occurs in each text, float32 (n, words)."""
        import numpy as np
        import torch

        counts = np.zeros((len(texts), len(self._vocabulary.stems)), dtype=np.float32)
        for row, words in enumerate(texts):
            np.add.at(counts[row], self._vocabulary.rows(words), 1)
        return torch.from_numpy(counts)

    def embed(self, counts: torch.Tensor) -> torch.Tensor:
        """Unit vectors (n, dimension) of texts given as counts (n, words), both float32; gradients flow to the table.

        The mean of the word vectors, each times its word's weight, then divided by its length.
        """
        import torch

        frequencies = torch.where(counts > 0, 1 + torch.log(counts.clamp(min=1)), 0.0)
        weights = frequencies * self._weights
        total = weights.sum(dim=1, keepdim=True).clamp(min=1e-6)
        return torch.nn.functional.normalize((weights / total) @ self.table, dim=1)


def contrastive_loss(firsts: torch.Tensor, seconds: torch.Tensor, temperature: float) -> torch.Tensor:
    """InfoNCE with in-batch negatives (multiple negatives ranking loss; van den Oord et al., 2018), a scalar.

    Row i of `firsts` should be nearest to row i of `seconds`, among all rows of `seconds`: cross-entropy of the
    cosines divided by the temperature. Without any knowledge it is about log n.

    Args:
        firsts: unit vectors (n, dimension).
        seconds: the same for the other parts.
        temperature: above 0; the smaller, the more the nearest wrong rows count.
    """
    import torch

    similarities = firsts @ seconds.T / temperature
    return torch.nn.functional.cross_entropy(similarities, torch.arange(len(firsts)))
