"""How sure a mean over queries is, and whether two runs differ: bootstrap interval and paired randomization test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag import config

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    DoubleArray = NDArray[np.float64]

N_RESAMPLES = 10_000
N_FLIPS = 10_000
CONFIDENCE = 0.95
MOST_EXACT = 12
"""Up to this number of differences, the test goes through all their signs: at most 4,096 cases."""
_NUMBERS_AT_ONCE = 1_000_000
_ROUNDING = 1e-12
"""Sums that differ by less than this share of the largest possible sum are equal."""


def bootstrap_interval(values: Sequence[float], *, seed: int = config.SEED) -> tuple[float, float]:
    """The 95 % interval of the mean of `values`: percentiles of the means of 10,000 samples drawn with replacement.

    Args:
        values: one figure for each query, float (n,); n is at least 1.

    Raises:
        ValueError: there are no values.
    """
    import numpy as np

    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise ValueError("an interval needs at least one value")
    generator = np.random.default_rng(seed)
    parts = [array[generator.integers(0, len(array), (rows, len(array)))].mean(axis=1) for rows in _blocks(len(array))]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(parts), [tail, 1 - tail]).tolist()
    return low, high


def bootstrap_intervals(values: DoubleArray, *, seed: int = config.SEED) -> list[tuple[float, float]]:
    """`bootstrap_interval` of each column, all from the same samples of queries, in a fraction of the time.

    Args:
        values: one row for each query, float64 (n, m); n is at least 1.

    Raises:
        ValueError: there are no rows.
    """
    import numpy as np

    n = len(values)
    if not n:
        raise ValueError("an interval needs at least one value")
    generator = np.random.default_rng(seed)
    parts = []
    for rows in _blocks(n):
        drawn = generator.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        # How often each query was drawn: the sums of all columns are then one product of matrices.
        times = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        parts.append(times @ values / n)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(parts), [tail, 1 - tail], axis=0).tolist()
    return list(zip(low, high, strict=True))


def p_value(before: Sequence[float], after: Sequence[float], *, seed: int = config.SEED) -> float:
    """The two-sided p-value of a paired randomization test: could the means differ this much by chance?

    If the two runs were equally good, the sign of each query's difference would be random. The p-value is the share
    of random signs that give a difference of means at least as large: of all signs if at most 12 queries differ, else
    of 10,000 drawn ones, to which the observed case is added.

    Args:
        before, after: the figures of the same queries in the same order, float (n,).

    Raises:
        ValueError: their numbers differ.
    """
    import numpy as np

    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"expected figures of the same queries, got {len(first)} and {len(second)}")
    # A query without a difference has the same part in every case.
    differences = (second - first)[second != first]
    least = abs(differences.sum()) - _ROUNDING * np.abs(differences).sum()
    if len(differences) <= MOST_EXACT:
        return float(np.mean(np.abs(_all_signs(len(differences)) @ differences) >= least))
    generator = np.random.default_rng(seed)
    n_reached = 0
    for rows in _blocks(len(differences), N_FLIPS):
        signs = generator.integers(0, 2, (rows, len(differences)), dtype=np.int8) * 2.0 - 1.0
        n_reached += int(np.count_nonzero(np.abs(signs @ differences) >= least))
    return (n_reached + 1) / (N_FLIPS + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for being several, in their order (Holm, "A simple sequentially rejective test", 1979).

    The smallest of m is multiplied by m, the next by m - 1, and so on; none becomes smaller than one before it, or
    larger than 1. The probability of calling any difference clear by chance is then at most 5 % for all together.
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def _all_signs(n: int) -> DoubleArray:
    """Every choice of n signs, float64 (2 ** n, n)."""
    import numpy as np

    return np.where(np.arange(2**n)[:, None] >> np.arange(n) & 1, 1.0, -1.0)


def _blocks(n: int, total: int = N_RESAMPLES) -> list[int]:
    """Sizes of blocks of rows with n numbers each, `total` rows together, so that no block takes much memory."""
    size = min(total, max(1, _NUMBERS_AT_ONCE // n))
    full, rest = divmod(total, size)
    return [size] * full + [rest] * bool(rest)
