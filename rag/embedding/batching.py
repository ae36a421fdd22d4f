"""Batching: each distinct text is embedded once, in batches of texts of similar length."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.types import FloatArray


def batches_by_length(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Group positions in `lengths` into batches, longest first, of at most `budget` padded tokens each.

    A text longer than the budget is a batch by itself. Texts of similar length share a batch, so padding is small.
    """
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches


def tokens_a_batch(total: int, threads: int, *, least: int, most: int) -> int:
    """Tokens in a batch, so that `total` tokens make about equally large batches for each of the threads.

    Args:
        least: smaller batches are slower.
        most: larger batches are no faster.
    """
    rounds = math.ceil(total / (threads * most)) or 1
    return max(least, math.ceil(total / (threads * rounds)))


def once_each(texts: Sequence[str], dimension: int, encode: Callable[[list[str]], FloatArray]) -> FloatArray:
    """Vectors of the texts in order, float32 (n, dimension), from one call of `encode` with the distinct texts."""
    import numpy as np

    if not texts:
        return np.empty((0, dimension), dtype=np.float32)
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    vectors = encode(list(places))
    return vectors[[places[text] for text in texts]]
