"""The neighbors of chunks under the embedding model and under word counts, without a second map: an example at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.index.exact_neighbors import nearest_others
from rag.map.word_count_model import embed_words
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.types import FloatArray

MOST_CHUNKS = 3_000
"""Up to so many chunks, this takes less than a second."""
_K = 10
_SAMPLE = (
    "At the 24-hour race of Le Mans",
    "Get to know the moles on your skin.",
    "Apple introduced the Swift language",
    "Until Dick Fosbury won in Mexico City",
)
"""Chunks of the sample whose words have several meanings."""


@dataclass(frozen=True, slots=True)
class TwoNeighbors:
    """A chunk and its nearest other chunk by meaning and by words, with the ids and both similarities."""

    chunk_id: int
    by_meaning: int
    meaning_score: float
    by_words: int
    words_score: float


@dataclass(frozen=True, slots=True)
class WordsAndMeaning:
    """`n_shared` of a chunk's k nearest are the same under both on average; `examples` are chunks to look at."""

    k: int
    n_shared: float
    examples: tuple[TwoNeighbors, ...]

    def in_words(self) -> str:
        """The figure as a sentence."""
        return (
            f"By meaning and by words, a chunk shares {self.n_shared:.1f} of its {self.k} nearest neighbors on average."
        )


def words_and_meaning(chunks: Sequence[Chunk], vectors: FloatArray, most: int = 4) -> WordsAndMeaning | None:
    """Compare the embedding model with word counts; None if there are fewer than three chunks.

    The examples are chunks whose nearest others differ: for the sample those with ambiguous words, else those with the
    fewest shared neighbors.

    Args:
        chunks: by ascending id.
        vectors: their unit vectors float32 (n, dimension).
    """
    import numpy as np

    if len(chunks) < 3:
        return None
    words = embed_words([chunk.embedded_text for chunk in chunks])
    meant, worded = nearest_others(vectors, _K), nearest_others(words, _K)
    n_shared = (meant[:, :, None] == worded[:, None, :]).any(axis=2).sum(axis=1)
    known = [row for begins in _SAMPLE for row, chunk in enumerate(chunks) if chunk.text.startswith(begins)]
    rows = [*(known if len(known) == len(_SAMPLE) else ()), *np.argsort(n_shared, kind="stable").tolist()]
    differing = [row for row in dict.fromkeys(rows) if meant[row, 0] != worded[row, 0]][:most]
    examples = tuple(
        TwoNeighbors(
            chunks[row].chunk_id,
            chunks[meant[row, 0]].chunk_id,
            float(vectors[row] @ vectors[meant[row, 0]]),
            chunks[worded[row, 0]].chunk_id,
            float(words[row] @ words[worded[row, 0]]),
        )
        for row in differing
    )
    return WordsAndMeaning(meant.shape[1], float(n_shared.mean()), examples)
