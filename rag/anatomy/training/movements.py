"""How words move in the token table: the pairs of words that came closest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.types import FloatArray


@dataclass(frozen=True, slots=True)
class WordPair:
    """Two words, and the cosine of their vectors, in [-1, 1], before and after training."""

    first: str
    second: str
    before: float
    after: float


def word_movements(before: FloatArray, after: FloatArray, words: Sequence[str], k: int) -> tuple[WordPair, ...]:
    """The `k` pairs of words whose cosine rose most, the largest rise first: words that are used alike move together.

    Args:
        before: unit vectors float32 (n, dimension) before training.
        after: the same words after it.
        words: n words.
    """
    import numpy as np

    firsts, seconds = np.triu_indices(len(words), 1)
    old = (before[firsts] * before[seconds]).sum(axis=1)
    new = (after[firsts] * after[seconds]).sum(axis=1)
    ranked = np.argsort(old - new, kind="stable")[:k].tolist()
    return tuple(WordPair(words[firsts[i]], words[seconds[i]], float(old[i]), float(new[i])) for i in ranked)
