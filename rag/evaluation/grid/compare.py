"""Compare the points of a grid: means with intervals, and the difference of each to the present setting.

Many settings are compared with one, so some differences would look clear by chance alone: the p-values are corrected
for their number (Holm, 1979).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.evaluation.grid.characters import CHARACTER_METRICS, measure_characters
from rag.evaluation.grid.grid_run import Grid, PointResult
from rag.evaluation.passages import PASSAGE_METRICS, measure_passages
from rag.evaluation.run import MeanFigure
from rag.evaluation.significance import bootstrap_intervals, holm, p_value
from rag.evaluation.stored.saved_run import SIGNIFICANT, Figures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    DoubleArray = NDArray[np.float64]

GRID_METRICS = (*PASSAGE_METRICS, *CHARACTER_METRICS)
PRESENT = 0
"""The number of the present setting."""
_EQUAL = 5e-4
"""Means that differ by less are equally good."""


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of a mean to that of the present setting, with its 95 % bootstrap interval.

    `p` is the p-value of a paired randomization test, `corrected_p` the same after Holm's correction.
    """

    change: float
    low: float
    high: float
    p: float
    corrected_p: float

    @property
    def is_clear(self) -> bool:
        """Whether the corrected p-value is below 0.05."""
        return self.corrected_p < SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Measured:
    """By the number of a point: the GRID_METRICS of every question, and their means."""

    figures: Mapping[int, Figures]
    means: Mapping[int, Mapping[str, MeanFigure]]


def measure_results(grid: Grid, results: Mapping[int, PointResult]) -> Measured:
    """The metrics of all measured points."""
    figures = {number: _figures(grid, result) for number, result in sorted(results.items())}
    return Measured(figures, {number: _means(one) for number, one in figures.items()})


def changes(measured: Measured, metric: str) -> dict[int, Change]:
    """The change of each other point from the present setting; empty while that one is not measured."""
    import numpy as np

    others = [number for number in measured.figures if number != PRESENT]
    if PRESENT not in measured.figures or not others:
        return {}
    before = _column(measured, PRESENT, metric)
    after = {number: _column(measured, number, metric) for number in others}
    intervals = bootstrap_intervals(np.column_stack([after[number] - before for number in others]))
    p_values = [p_value(before.tolist(), after[number].tolist()) for number in others]
    rows = zip(others, intervals, p_values, holm(p_values), strict=True)
    return {
        number: Change(float((after[number] - before).mean()), low, high, p, corrected)
        for number, (low, high), p, corrected in rows
    }


def best_point(measured: Measured, metric: str, results: Mapping[int, PointResult]) -> int | None:
    """The point with the highest mean; None without any.

    Among equally good ones, the present setting if it is one of them, else the one that takes the least space, else
    the quickest.
    """
    if not measured.means:
        return None
    highest = max(means[metric].mean for means in measured.means.values())
    equal = [number for number, means in measured.means.items() if means[metric].mean > highest - _EQUAL]

    def cost(number: int) -> tuple[bool, float, float]:
        return number != PRESENT, results[number].storage.megabytes, median_seconds(results[number])

    return min(equal, key=cost)


def median_seconds(result: PointResult) -> float:
    """The median time of one question."""
    return statistics.median(result.seconds.values())


def _figures(grid: Grid, result: PointResult) -> Figures:
    k = grid.conditions.k
    return {
        question.question_id: {
            **measure_passages(hits := result.rankings[question.question_id], question.spans, k),
            **measure_characters(hits, question.spans, k),
        }
        for question in grid.questions
    }


def _means(figures: Figures) -> dict[str, MeanFigure]:
    import numpy as np

    values = np.array([[one[metric] for metric in GRID_METRICS] for one in figures.values()])
    rows = zip(GRID_METRICS, values.mean(axis=0).tolist(), bootstrap_intervals(values), strict=True)
    return {metric: MeanFigure(mean, low, high) for metric, mean, (low, high) in rows}


def _column(measured: Measured, number: int, metric: str) -> DoubleArray:
    import numpy as np

    # In the order of the present setting's questions, which is that of the exam.
    return np.array([measured.figures[number][question][metric] for question in measured.figures[PRESENT]])
