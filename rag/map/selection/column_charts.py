"""Charts of a table's columns that filter a map: bars for labels, histograms for numbers and dates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.documents.column_roles import Role
from rag.map.colours import (
    GREY_NAMES,
    Colours,
    GroupColours,
    ValueColours,
    column_colours,
    numbered_colours,
    value_colours,
)
from rag.store.chunk_table import ChunkTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    MaskArray = NDArray[np.bool_]

DOCUMENT, LENGTH = "Document", "Chunk length"
_BINS = 20
_MOST_CHARTS = 12


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """The bars of a column: `codes` int64 (n,) is the bar of each chunk, -1 for none; `names` are those of the bars.

    `edges`, one more than bars, are the limits of a histogram in the units of its scale, and `values` float32 (n,) what
    is counted; both are empty for labels. `is_column` is False for what every chunk has: its document and its length.
    """

    title: str
    names: tuple[str, ...]
    codes: IntArray
    colours: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    values: FloatArray | None = None
    is_column: bool = True

    def counts(self, kept: MaskArray | None = None) -> list[int]:
        """How many chunks each bar has, of those that are kept."""
        import numpy as np

        codes = self.codes if kept is None else self.codes[kept]
        return [int(count) for count in np.bincount(codes[codes >= 0], minlength=len(self.names))]

    def within(self, low: float, high: float) -> MaskArray:
        """Which chunks have a value from `low` to below `high`, or `high` itself if it is the last edge: bool (n,)."""
        import numpy as np

        if self.values is None:
            raise ValueError(f"'{self.title}' has labels, which have no range")
        is_last = bool(self.edges) and high >= self.edges[-1]
        values = self.values.astype(np.float64)
        return (values >= low) & ((values <= high) if is_last else (values < high))


def column_charts(table: ChunkTable, roles: Mapping[str, Role]) -> tuple[ColumnChart, ...]:
    """A chart of each column with more than one value, at most twelve, then of documents and of lengths.

    Labels that are all different, such as codes, form no groups and have no chart.
    """
    import numpy as np

    drawn = (
        (values, _chart(name, column_colours(name, values, roles.get(name))))
        for name, values in table.columns.items()
        if len(set(values)) > 1 and roles.get(name) != "link"
    )
    charts = [chart for values, chart in drawn if chart.edges or _forms_groups(values)][:_MOST_CHARTS]
    if len(table.document_names) > 1:
        colours = numbered_colours(DOCUMENT, table.documents, table.document_names)
        charts.append(_chart(DOCUMENT, colours, is_column=False))
    if len(set(table.n_tokens.tolist())) > 1:
        lengths = value_colours(LENGTH, table.n_tokens.astype(np.float32), 0)
        charts.append(_chart(LENGTH, lengths, is_column=False))
    return tuple(charts)


def _forms_groups(values: Sequence[str]) -> bool:
    """Whether any two chunks have the same value."""
    known = [value for value in values if value]
    return len(set(known)) < len(known)


def kept_by_ranges(charts: Sequence[ColumnChart], ranges: Mapping[str, tuple[float, float]]) -> MaskArray | None:
    """The chunks that are in every range, by the title of its chart: bool (n,); None if no chart has one."""
    masks = [chart.within(*ranges[chart.title]) for chart in charts if chart.edges and chart.title in ranges]
    if not masks:
        return None
    kept = masks[0]
    for mask in masks[1:]:
        kept = kept & mask
    return kept


def _chart(title: str, colours: Colours, *, is_column: bool = True) -> ColumnChart:
    if isinstance(colours, ValueColours):
        return _histogram(title, colours, is_column=is_column)
    return _bars(title, colours, is_column=is_column)


def _bars(title: str, groups: GroupColours, *, is_column: bool) -> ColumnChart:
    """Bars of the labels, the most frequent first; the grey ones last."""
    import numpy as np

    counts = np.bincount(groups.codes, minlength=len(groups.names))
    order = sorted(
        (code for code in range(len(groups.names)) if counts[code]),
        key=lambda code: (groups.names[code] in GREY_NAMES, -counts[code], code),
    )
    place = np.full(len(groups.names), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    names = tuple(groups.names[code] for code in order)
    hues = tuple(groups.colours[code] for code in order)
    return ColumnChart(title, names, place[groups.codes], hues, is_column=is_column)


def _histogram(title: str, scale: ValueColours, *, is_column: bool) -> ColumnChart:
    import numpy as np

    known = scale.values[np.isfinite(scale.values)].astype(np.float64)
    edges = _round_edges(float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    codes = np.full(len(scale.values), -1, dtype=np.int64)
    inside = np.searchsorted(np.array(edges), known, side="right") - 1
    codes[np.isfinite(scale.values)] = np.minimum(inside, len(edges) - 2)
    shown = [scale.shown(edge) for edge in edges]
    names = tuple(f"{low} to {high}" for low, high in pairwise(shown))
    return ColumnChart(title, names, codes, (), edges, scale.values, is_column)


def _round_edges(low: float, high: float) -> tuple[float, ...]:
    """At most 21 limits from `low` to `high` or a little farther, at multiples of 1, 2 or 5 times a power of ten."""
    if low == high:
        return (low, low + 1)
    raw = (high - low) / _BINS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * times for times in (1, 2, 5, 10, 20) if _n_steps(low, high, power * times) <= _BINS)
    first = math.floor(low / step)
    return tuple(float(f"{(first + i) * step:.10g}") for i in range(_n_steps(low, high, step) + 1))


def _n_steps(low: float, high: float, step: float) -> int:
    return max(1, math.ceil(high / step) - math.floor(low / step))
