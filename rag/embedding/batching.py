"""Which texts go through a model together: each distinct text once, neighbors in length side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.types import FloatArray


def batches_by_length(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Positions in `lengths` in batches, longest first, each at most `budget` long in all when padded to its longest.

    A text longer than the budget is a batch of its own. Neighbors in length share a batch, so little is padded.
    """
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches


def once_each(texts: Sequence[str], dimension: int, encode: Callable[[list[str]], FloatArray]) -> FloatArray:
    """Vectors of the texts in their order, float32 (n, dimension), from one call of `encode` with the distinct ones."""
    import numpy as np

    if not texts:
        return np.empty((0, dimension), dtype=np.float32)
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    vectors = encode(list(places))
    return vectors[[places[text] for text in texts]]
