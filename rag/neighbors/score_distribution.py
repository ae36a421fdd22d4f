"""Score distribution: compares a similarity with the similarities of all chunks in the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_SAME = 1e-6
_FEW = 10
_HIGH = 0.99
_ABOVE_MOST = 0.9
_MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class ScoreDistribution:
    """All scores of a collection to one query: `ordered` float32 (n,), ascending, and their histogram.

    `edges` float64 (bins + 1,), `counts` int64 (bins,); the last bin includes its upper edge. All 0 without scores.
    """

    ordered: FloatArray
    edges: FloatArray
    counts: IntArray

    def n_lower(self, score: float) -> int:
        """Number of scores that are lower by more than rounding."""
        return int(self.ordered.searchsorted(score - _SAME))

    def n_higher(self, score: float) -> int:
        """Number of scores that are higher by more than rounding."""
        return len(self.ordered) - int(self.ordered.searchsorted(score + _SAME, side="right"))


def score_distribution(scores: FloatArray, *, n_bins: int = 40, whole_range: bool = False) -> ScoreDistribution:
    """The distribution of cosine similarities.

    Args:
        scores: float32 (n,), in any order.
        whole_range: whether the bins cover [-1, 1] instead of the range of the scores.

    Raises:
        ValueError: n_bins is below 1, or a score is not finite.
    """
    import numpy as np

    if n_bins < 1 or not np.isfinite(scores).all():
        raise ValueError(f"Bins must be 1 or more, and are {n_bins}; scores must be finite.")
    ordered = np.sort(scores.clip(-1.0, 1.0).astype(np.float32))
    observed = (float(ordered[0]), float(ordered[-1])) if len(ordered) else (-1.0, 1.0)
    counts, edges = np.histogram(ordered.astype(np.float64), n_bins, (-1.0, 1.0) if whole_range else observed)
    return ScoreDistribution(ordered, edges.astype(np.float64), counts.astype(np.int64))


def verdict(score: float, distribution: ScoreDistribution, where: str = "this collection") -> str:
    """A sentence for the user: whether the score is high among the chunks of the distribution, which are `where`."""
    n = len(distribution.ordered)
    if n < 2:
        return f"There is nothing to compare {score:.2f} with: {where} has {n} chunk{'' if n else 's'}."
    lower, higher = distribution.n_lower(score), distribution.n_higher(score)
    if not lower and not higher:
        return f"{score:.2f} carries no information here: all {n:,} chunks of {where} have this score."
    if not higher:
        return f"{score:.2f} is the highest score in {where} of {n:,} chunks."
    if higher <= _FEW and lower / n >= _HIGH:
        chunks = "1 chunk scores" if higher == 1 else f"{higher} chunks score"
        return f"{score:.2f} is high here: only {chunks} higher, of {n:,} in {where}."
    if not lower:
        return f"{score:.2f} is low here: no chunk of {where} scores lower."
    return f"{score:.2f} is {_in_words(lower / n)} here: higher than {_per_cent(lower, n)} % of {where}'s chunks."


def _in_words(share: float) -> str:
    if share >= _HIGH:
        return "high"
    if share >= _ABOVE_MOST:
        return "above most"
    return "in the upper half" if share >= _MIDDLE else "low"


def _per_cent(lower: int, n: int) -> str:
    """Percentage with one decimal, never rounded up: 99.96 % is not all."""
    tenths = lower * 1000 // n
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else f"{tenths // 10}"
