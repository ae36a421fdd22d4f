"""The comparison of a grid's points: means, paired differences, Holm's correction, and the best point."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.evaluation.grid.characters import IOU
from rag.evaluation.grid.compare import (
    GRID_METRICS,
    Measured,
    best_point,
    changes,
    measure_results,
    median_seconds,
)
from rag.evaluation.grid.grid_run import BuildSeconds, PointResult, StorageFacts
from rag.evaluation.grid.work import measure_points
from rag.evaluation.passages import NDCG
from rag.evaluation.run import MeanFigure
from rag.evaluation.significance import bootstrap_interval, holm, p_value
from tests.rag.evaluation.grid.small_grid import Models, grid_collection, results_of, small_grid

FACTS = StorageFacts("1", 10, 100, 10, 0, BuildSeconds(1, 2, 3, 4), 5_000_000, 1_000_000)


def result(number: int, megabytes: float = 6.0, seconds: float = 0.01) -> PointResult:
    facts = replace(FACTS, collection_bytes=int(megabytes * 1e6) - 1_000_000)
    return PointResult(number, facts, {}, {"q0": seconds, "q1": 1.0, "q2": seconds})


def measured(*values: list[float]) -> Measured:
    """Points whose questions have these values of nDCG."""
    figures = {n: {f"q{i}": {NDCG: one} for i, one in enumerate(row)} for n, row in enumerate(values)}
    means = {n: {NDCG: MeanFigure(sum(row) / len(row), 0.0, 1.0)} for n, row in enumerate(values)}
    return Measured(figures, means)


def test_holm_worked_by_hand():
    # Sorted: 0.005 * 4 = 0.02, 0.01 * 3 = 0.03, 0.03 * 2 = 0.06, and 0.04 * 1 = 0.04, which may not be below 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []
    assert holm([0.02, 0.02]) == [0.04, 0.04]


def test_changes_are_those_of_paired_questions():
    before, after, worse = [0.2, 0.5, 0.9, 0.4], [0.6, 0.5, 1.0, 0.8], [0.1, 0.1, 0.1, 0.1]
    found = changes(measured(before, after, worse), NDCG)
    assert list(found) == [1, 2]
    differences = [y - x for x, y in zip(before, after, strict=True)]
    low, high = bootstrap_interval(differences)
    assert found[1].change == pytest.approx(0.225)
    assert (found[1].low, found[1].high) == pytest.approx((low, high))
    assert found[1].p == p_value(before, after)
    expected = holm([p_value(before, after), p_value(before, worse)])
    assert [found[1].corrected_p, found[2].corrected_p] == expected
    assert not found[1].is_clear


def test_a_clear_difference():
    found = changes(measured([0.1] * 12, [0.4] * 12, [0.1] * 12), NDCG)
    assert found[1].is_clear
    assert found[1].corrected_p == pytest.approx(2 * 2 / 4096)
    assert found[2].corrected_p == 1.0


def test_without_the_present_setting_there_are_no_changes():
    some = measured([0.1], [0.4])
    assert changes(Measured({1: some.figures[1]}, {1: some.means[1]}), NDCG) == {}
    assert changes(measured([0.1]), NDCG) == {}


def test_the_best_point_and_what_decides_between_equal_ones():
    results = {0: result(0), 1: result(1, 4.0), 2: result(2, 4.0, 0.005)}
    assert best_point(measured([0.1], [0.5], [0.4]), NDCG, results) == 1
    assert best_point(measured([0.5], [0.5], [0.5]), NDCG, results) == 0
    assert best_point(measured([0.1], [0.5], [0.5004]), NDCG, results) == 2
    assert best_point(measured([0.5], [0.5], [0.501]), NDCG, results) == 2
    assert best_point(Measured({}, {}), NDCG, {}) is None


def test_the_median_of_the_questions_times():
    assert median_seconds(result(0, seconds=0.02)) == 0.02


def test_means_are_those_of_the_questions(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection)
    measure_points(data_dir, grid, collection, Models(data_dir).load)
    found = measure_results(grid, results_of(data_dir, grid))
    assert list(found.means) == list(range(9))
    for number, figures in found.figures.items():
        assert list(figures) == ["q0", "q1", "q2"]
        for metric in GRID_METRICS:
            values = [one[metric] for one in figures.values()]
            mean = found.means[number][metric]
            assert mean.mean == pytest.approx(sum(values) / 3)
            assert (mean.low, mean.high) == pytest.approx(bootstrap_interval(values))
    # Smaller chunks hold less around the passages.
    sizes = {
        grid.points[n].chunking.max_tokens: found.means[n][IOU].mean
        for n in found.means
        if grid.points[n].mode == "hybrid"
    }
    assert sizes[60] > sizes[240]
