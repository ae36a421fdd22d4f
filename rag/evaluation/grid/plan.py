"""The plan of a grid: which settings are compared, made from the values of each factor and the present setting.

A factor is one entry in FACTORS. Adding another is a matter of its entry, and of a control on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import get_args

from rag.retrieval.settings import Mode
from rag.types import ChunkingSpec, Strategy

Value = str | int
"""A value of a factor: a strategy, a number of tokens, a model's name, a search mode; 0 or 1 for no or yes."""
Choices = Mapping[str, Sequence[Value]]
"""By a factor's name the values to compare. A factor that is missing keeps its present value."""

_WITH_OVERLAP: tuple[Strategy, ...] = ("recursive", "fixed")
"""The strategies whose neighboring chunks share `overlap` tokens."""


@dataclass(frozen=True, slots=True)
class GridPoint:
    """One setting: how documents are split, which model embeds the chunks, and how they are searched."""

    chunking: ChunkingSpec
    model_id: str
    mode: Mode

    @property
    def storage(self) -> Storage:
        """What has to be stored to search in this way."""
        return Storage(self.chunking, self.model_id)


@dataclass(frozen=True, slots=True)
class Storage:
    """Documents split and embedded in one way; points that differ only in their search share one."""

    chunking: ChunkingSpec
    model_id: str


@dataclass(frozen=True, slots=True)
class Factor:
    """A property in which settings differ: how it is read from a point, and how a point gets another value."""

    value: Callable[[GridPoint], Value]
    changed: Callable[[GridPoint, Value], GridPoint]


STRATEGY, SIZE, OVERLAP, CONTEXT, MODEL, MODE = "strategy", "size", "overlap", "context", "model", "mode"
FACTORS: Mapping[str, Factor] = {
    MODEL: Factor(lambda point: point.model_id, lambda point, value: replace(point, model_id=str(value))),
    STRATEGY: Factor(
        lambda point: point.chunking.strategy,
        lambda point, value: _with(point, replace(point.chunking, strategy=_strategy(value))),
    ),
    SIZE: Factor(
        lambda point: point.chunking.max_tokens,
        lambda point, value: _with(point, replace(point.chunking, max_tokens=int(value))),
    ),
    OVERLAP: Factor(
        lambda point: point.chunking.overlap,
        lambda point, value: _with(point, replace(point.chunking, overlap=int(value))),
    ),
    CONTEXT: Factor(
        lambda point: int(point.chunking.context),
        lambda point, value: _with(point, replace(point.chunking, context=bool(value))),
    ),
    MODE: Factor(lambda point: point.mode, lambda point, value: replace(point, mode=_mode(value))),
}
"""The factors by name, in the order in which a setting's differences are named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings to compare; the first is the present one. `notes` are sentences on what was left out or changed."""

    points: tuple[GridPoint, ...]
    notes: tuple[str, ...] = ()

    @property
    def storages(self) -> tuple[Storage, ...]:
        """What has to be stored, in the order of the points; each once."""
        return tuple(dict.fromkeys(point.storage for point in self.points))


def plan(present: GridPoint, choices: Choices, windows: Mapping[str, int], *, is_full: bool) -> Plan:
    """The points of a grid, each once, the present setting first.

    A chunk can be no larger than the model's window, so larger sizes become that size. The strategies "sentences" and
    "semantic" have no overlap. Overlaps above half of the chunk size are left out. Settings that become equal by this
    are merged, and notes say what was changed.

    Args:
        choices: the values of each factor; the present value counts as chosen.
        windows: by model id, the largest number of tokens that the model reads.
        is_full: all combinations of the values; else the present setting with each other value of each factor, one at
            a time.

    Raises:
        ValueError: a factor or a value is unknown.
    """
    wanted = {name: _values(present, name, choices.get(name, ())) for name in FACTORS}
    if unknown := choices.keys() - FACTORS.keys():
        raise ValueError(f"unknown factors: {', '.join(sorted(unknown))}")
    candidates = _all_combinations(present, wanted) if is_full else _one_at_a_time(present, wanted)
    # The present setting stays as it is; one that says the same in other words is the present one.
    points, notes = {_effective(present, windows): present}, []
    for candidate in candidates:
        point = _effective(candidate, windows)
        notes += _notes(candidate, point, windows)
        if point.chunking.overlap <= point.chunking.max_tokens // 2:
            points.setdefault(point, point)
    return Plan(tuple(points.values()), tuple(dict.fromkeys(notes)))


def differences(point: GridPoint, other: GridPoint) -> tuple[str, ...]:
    """The names of the factors in which two points differ, in the order of FACTORS."""
    return tuple(name for name, factor in FACTORS.items() if factor.value(point) != factor.value(other))


def ordered_storages(points: Sequence[GridPoint]) -> list[Storage]:
    """What is stored for these points, each once, to be read in rows: numbers ascend, names stay in their order."""
    names = [name for name in FACTORS if name != MODE]
    seen = {name: list(dict.fromkeys(FACTORS[name].value(point) for point in points)) for name in names}

    def place(point: GridPoint) -> tuple[int, ...]:
        values = ((name, FACTORS[name].value(point)) for name in names)
        return tuple(value if isinstance(value, int) else seen[name].index(value) for name, value in values)

    return list(dict.fromkeys(point.storage for point in sorted(points, key=place)))


def _values(present: GridPoint, name: str, chosen: Sequence[Value]) -> tuple[Value, ...]:
    """The chosen values with the present one first, each once."""
    return tuple(dict.fromkeys((FACTORS[name].value(present), *chosen)))


def _one_at_a_time(present: GridPoint, wanted: Mapping[str, Sequence[Value]]) -> list[GridPoint]:
    return [FACTORS[name].changed(present, value) for name, values in wanted.items() for value in values]


def _all_combinations(present: GridPoint, wanted: Mapping[str, Sequence[Value]]) -> list[GridPoint]:
    points = []
    for values in product(*wanted.values()):
        point = present
        for name, value in zip(wanted, values, strict=True):
            point = FACTORS[name].changed(point, value)
        points.append(point)
    return points


def _effective(point: GridPoint, windows: Mapping[str, int]) -> GridPoint:
    """The point with what a strategy or model makes of its sizes."""
    chunking = point.chunking
    size = min(chunking.max_tokens, windows.get(point.model_id, chunking.max_tokens))
    overlap = chunking.overlap if chunking.strategy in _WITH_OVERLAP else 0
    return _with(point, replace(chunking, max_tokens=size, overlap=overlap))


def _notes(candidate: GridPoint, point: GridPoint, windows: Mapping[str, int]) -> list[str]:
    asked, found = candidate.chunking, point.chunking
    notes = []
    if found.max_tokens < asked.max_tokens:
        notes.append(
            f"{candidate.model_id} reads at most {windows[candidate.model_id]:,} tokens, so larger chunk sizes become "
            f"{found.max_tokens:,} tokens there."
        )
    if found.overlap < asked.overlap:
        notes.append(
            "Chunks of the strategies 'sentences' and 'semantic' have no overlap in tokens, so they are measured once "
            "for all overlaps."
        )
    if found.overlap > found.max_tokens // 2:
        notes.append(
            f"Left out: an overlap of {found.overlap:,} tokens with chunks of {found.max_tokens:,}; the overlap can be "
            "at most half of the chunk size."
        )
    return notes


def _with(point: GridPoint, chunking: ChunkingSpec) -> GridPoint:
    return replace(point, chunking=chunking)


def _strategy(value: Value) -> Strategy:
    for known in get_args(Strategy):
        if value == known:
            found: Strategy = known
            return found
    raise ValueError(f"'{value}' is no chunking strategy")


def _mode(value: Value) -> Mode:
    for known in get_args(Mode):
        if value == known:
            found: Mode = known
            return found
    raise ValueError(f"'{value}' is no search mode")
