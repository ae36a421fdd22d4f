"""The names of settings, factors and metrics in a comparison of chunkings and models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from pages.shared.evaluate.wording import MODES, metric_names
from pages.shared.widgets.glossary import help_for
from rag.embedding.embedder import SERVED_PREFIXES
from rag.evaluation.grid.characters import IOU, SPAN_PRECISION, SPAN_RECALL
from rag.evaluation.grid.grid_run import Grid
from rag.evaluation.grid.plan import (
    CONTEXT,
    FACTORS,
    MODE,
    MODEL,
    OVERLAP,
    SIZE,
    STRATEGY,
    GridPoint,
    Value,
    differences,
)
from rag.evaluation.passages import HIT_RATE, NDCG, RECALL, RECIPROCAL_RANK
from rag.types import Strategy

STRATEGIES: dict[Strategy, str] = {
    "recursive": "Recursive",
    "fixed": "Fixed size",
    "sentences": "Sentence window",
    "semantic": "Semantic",
}
_MODE_NAMES = {str(mode): name for mode, name in MODES.items()}
_STRATEGY_NAMES = {str(strategy): name for strategy, name in STRATEGIES.items()}
_NAMES: Mapping[str, Callable[[Value], str]] = {
    MODEL: lambda value: short_model(str(value)),
    STRATEGY: lambda value: _STRATEGY_NAMES[str(value)],
    SIZE: lambda value: f"{value:,} tokens",
    OVERLAP: lambda value: f"overlap {value:,}",
    CONTEXT: lambda value: "context line" if value else "no context line",
    MODE: lambda value: _MODE_NAMES[str(value)],
}
"""What a value of each factor is called."""


def short_model(model_id: str) -> str:
    """A model's name without its owner or server."""
    bare = model_id.rpartition("/")[2]
    for prefix in SERVED_PREFIXES:
        bare = bare.removeprefix(prefix)
    return bare


def grid_metric_names(k: int) -> dict[str, str]:
    """What the page calls each metric of a comparison, for k passages."""
    return {**metric_names(k), SPAN_RECALL: f"span recall@{k}", SPAN_PRECISION: f"span precision@{k}", IOU: f"IoU@{k}"}


def explanations(k: int) -> dict[str, str]:
    """A sentence about each metric, by the name that the page uses."""
    names = grid_metric_names(k)
    return {
        names[NDCG]: help_for("nDCG"),
        names[RECALL]: help_for("recall@k"),
        names[RECIPROCAL_RANK]: help_for("MRR"),
        names[HIT_RATE]: help_for("hit rate"),
        names[SPAN_RECALL]: help_for("span recall"),
        names[SPAN_PRECISION]: help_for("span precision"),
        names[IOU]: help_for("IoU"),
    }


class Labels:
    """Short names for the settings of a grid: only what differs between any two of them."""

    def __init__(self, points: Iterable[GridPoint]) -> None:
        self._points = tuple(points)
        varied = {name for point in self._points for name in differences(point, self._points[0])}
        self._varied = tuple(name for name in FACTORS if name in varied)

    def point(self, number: int) -> str:
        """The name of a setting: "80 tokens, Meaning"."""
        return self._named(self._points[number], self._varied) or "Present setting"

    def row(self, point: GridPoint) -> str:
        """The name of how a setting stores the documents: "80 tokens". Without any difference, all of it."""
        varied = [name for name in self._varied if name != MODE]
        return self._named(point, varied or (STRATEGY, SIZE))

    def _named(self, point: GridPoint, names: Iterable[str]) -> str:
        return ", ".join(_NAMES[name](FACTORS[name].value(point)) for name in names)


def whole_name(point: GridPoint) -> str:
    """Every factor of a setting, for the list of its properties and for files."""
    return ", ".join(named(FACTORS[name].value(point)) for name, named in _NAMES.items())


def started_at(grid: Grid) -> str:
    """When the comparison began, in the time of this computer: "29 Nov 2026, 23:40"."""
    try:
        started = datetime.fromisoformat(grid.conditions.started).astimezone()
    except ValueError:
        return grid.conditions.started
    return f"{started.day} {started:%b %Y, %H:%M}"
