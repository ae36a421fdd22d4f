"""Intervals and p-values: worked by hand, and close to SciPy's."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from rag.evaluation.significance import bootstrap_interval, bootstrap_intervals, p_value


def figures(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).beta(2, 1, n).round(2)


@pytest.mark.parametrize("n", [20, 300])
def test_the_interval_is_close_to_that_of_scipy(n):
    values = figures(1, n)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=3).confidence_interval
    spread = values.std() / np.sqrt(n)
    assert bootstrap_interval(values) == pytest.approx((theirs.low, theirs.high), abs=0.1 * spread)


def test_intervals_worked_by_hand():
    assert bootstrap_interval([0.5]) == (0.5, 0.5)
    assert bootstrap_interval([0.25] * 40) == (0.25, 0.25)
    # Both values are drawn equally often in half of the samples; each is drawn twice in a quarter.
    assert bootstrap_interval([0.0, 1.0]) == (0.0, 1.0)
    # The number of ones in 100 draws is binomial: its 2.5 % and 97.5 % points are 40 and 60.
    assert bootstrap_interval([0.0, 1.0] * 50) == pytest.approx((0.40, 0.60), abs=0.011)


def test_results_depend_on_the_seed_alone():
    first, second = figures(1, 50), figures(2, 50)
    assert bootstrap_interval(first) == bootstrap_interval(first) != bootstrap_interval(first, seed=7)
    assert p_value(first, second) == p_value(first, second)


@pytest.mark.parametrize("n", [1, 3, 40, 300])
def test_the_intervals_of_columns_are_those_of_each(n):
    columns = np.column_stack([figures(seed, n) for seed in (1, 2, 3)])
    expected = [bootstrap_interval(column) for column in columns.T]
    assert np.array(bootstrap_intervals(columns)) == pytest.approx(np.array(expected), abs=1e-12)
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_intervals(columns[:0])


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_interval([])


@pytest.mark.parametrize(
    ("before", "after", "p"),
    [
        # All three differences point in one direction: 2 of 8 sign patterns are as extreme.
        ([0.0, 0.0, 0.0], [0.1, 0.2, 0.3], 2 / 8),
        ([0.1, 0.2, 0.3], [0.0, 0.0, 0.0], 2 / 8),
        # The sum is 0.4; -0.1, 0.2 and 0.3 reach it with +++, +-- and so on: 4 of 8.
        ([0.1, 0.0, 0.0], [0.0, 0.2, 0.3], 4 / 8),
        # A query without a difference changes nothing.
        ([0.5, 0.0, 0.0, 0.0], [0.5, 0.1, 0.2, 0.3], 2 / 8),
        ([0.5, 0.25], [0.5, 0.25], 1.0),
        ([0.0, 1.0], [1.0, 0.0], 1.0),
        ([], [], 1.0),
        ([0.0] * 12, [0.1] * 12, 2 / 4096),
        ([0.0] * 10_000, [0.3] * 5 + [0.0] * 9_995, 2 / 32),
    ],
)
def test_p_values_worked_by_hand(before, after, p):
    assert p_value(before, after) == pytest.approx(p, abs=1e-12)


@pytest.mark.parametrize("n", [5, 12, 13, 200])
@pytest.mark.parametrize("better", [0.0, 0.03, 0.1])
def test_p_values_are_close_to_those_of_scipy(n, better):
    before, noise = figures(4, n), np.random.default_rng(5).normal(0, 0.2, n)
    after = before + noise + better
    theirs = stats.permutation_test(
        (after, before), lambda a, b, axis: (a - b).mean(axis=axis), permutation_type="samples", n_resamples=20_000,
        vectorized=True, rng=6,
    ).pvalue  # fmt: skip
    assert p_value(before, after) == pytest.approx(theirs, abs=1e-9 if n <= 12 else 0.02)


def test_equal_runs_are_seldom_significant():
    draw = np.random.default_rng(8)
    found = [p_value(*draw.normal(0.5, 0.1, (2, 30))) for _ in range(200)]
    assert sum(p < 0.05 for p in found) <= 22


def test_runs_with_different_numbers_of_queries_are_refused():
    with pytest.raises(ValueError, match="same queries, got 1 and 2"):
        p_value([0.5], [0.5, 0.5])


def test_many_queries_are_quick():
    first, second = figures(1, 1_200), figures(2, 1_200)
    started = time.perf_counter()
    bootstrap_interval(first)
    assert p_value(first, second) > 0
    assert time.perf_counter() - started < 5
