"""Map colours: groups in a colour-blind-safe palette, or values on a continuous scale."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from rag.documents.column_roles import Role
from rag.map.points import UNCLUSTERED_NAME
from rag.text.column_values import NEARLY_ALL, ColumnValues, column_values, is_missing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    CodeArray = NDArray[np.int16]

# Okabe and Ito's eight colours without black, then hues distinct from them and from each other.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A600",
    "#7B5EA7", "#8C564B", "#5A7D2A", "#E15F9C", "#1B7F8C", "#A05195", "#665191",
)  # fmt: skip
OTHER = "#9AA3AB"
OTHER_NAME = "Other / no value"
ON_SCALE = "from low to high"
"""The legend's name of the chunks that have a value on a scale."""
GREY_NAMES = (UNCLUSTERED_NAME, OTHER_NAME)
# Viridis (Smith and van der Walt, 2015) in nine equal steps: dark is low, yellow is high.
SCALE = (
    "#440154", "#472D7B", "#3B528B", "#2C728E", "#21918C", "#28AE80", "#5EC962", "#ADDC30", "#FDE725",
)  # fmt: skip
_BINS = 6
_TICKS = 5
_MOST = 0.5
_FENCE = 10
"""A value is far from the others if it is so many times the distance of the quartiles beyond them."""
_RARE = 0.02
_DECADES = 2


@dataclass(frozen=True, slots=True)
class GroupColours:
    """Groups: `codes` int16 (n,) are indices into `names` and `colours` ("#rrggbb"), in legend order."""

    title: str
    codes: CodeArray
    names: tuple[str, ...]
    colours: tuple[str, ...]


ScaleKind = Literal["linear", "log", "date"]


@dataclass(frozen=True, slots=True)
class ValueColours:
    """Values float32 (n,) on a scale from `low` to `high`, NaN if a chunk has none; shown with `decimals`.

    Values beyond the scale have the colours of its ends. On a "log" scale, values, `low` and `high` are logarithms to
    base 10; on one of "date", days since 1970.
    """

    title: str
    values: FloatArray
    low: float
    high: float
    decimals: int = 2
    kind: ScaleKind = "linear"

    def shown(self, value: float) -> str:
        """A value on the scale as a person reads it."""
        if self.kind == "date":
            return (date(1970, 1, 1) + timedelta(days=round(value))).isoformat()
        number = 10**value if self.kind == "log" else value
        is_year = self.decimals == 0 and self.kind == "linear" and self.low >= 1000 and self.high <= 2200
        return f"{number:.0f}" if is_year else f"{number:,.{self.decimals}f}"

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Marks of the scale, where the values themselves are none: each its place and what is written there."""
        if self.kind == "linear":
            return ()
        import numpy as np

        places = np.linspace(self.low, self.high, _TICKS).tolist()
        if self.kind == "log":
            powers = range(math.ceil(self.low), math.floor(self.high) + 1)
            places = [float(power) for power in powers] if len(powers) > 1 else places
        return tuple((place, self.shown(place)) for place in places)


Colours = GroupColours | ValueColours


def group_colours(title: str, labels: Sequence[str]) -> GroupColours:
    """A colour for each label; missing values, and the rarest labels if the palette is too short, are grey and last."""
    import numpy as np

    number = {name: i for i, name in enumerate(dict.fromkeys(labels))}
    numbers = np.fromiter(map(number.__getitem__, labels), np.int64, len(labels))
    return numbered_colours(title, numbers, list(number))


def numbered_colours(title: str, numbers: IntArray, names: Sequence[str]) -> GroupColours:
    """`group_colours` of the labels `names[number]`, of which several may be equal; `numbers` are int64 (n,)."""
    import numpy as np

    counts: Counter[str] = Counter()
    for name, count in zip(names, np.bincount(numbers, minlength=len(names)).tolist(), strict=True):
        counts[name] += count
    kept = most_common(counts)
    shown = [name if name in kept else OTHER_NAME for name in names]
    colours = colours_of({name for name, given in zip(shown, names, strict=True) if counts[given]})
    code = {name: code for code, name in enumerate(colours)}
    # A name that no chunk has is in no legend, so its code is never used.
    codes = np.array([code.get(name, -1) for name in shown], dtype=np.int16)
    return GroupColours(title, codes[numbers], tuple(colours), tuple(colours.values()))


def value_colours(title: str, values: FloatArray, decimals: int = 2) -> ValueColours:
    """Values on a scale from their minimum to their maximum."""
    import numpy as np

    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return ValueColours(title, values, low, high if high > low else low + 1.0, decimals)


def column_colours(title: str, values: Sequence[str], role: Role | None = None) -> Colours:
    """Colours of a table column: a scale if it has many values and nearly all are amounts or dates, else groups.

    A chosen role decides instead: "number" and "date" are a scale if most values are some, the others groups. The title
    says what a legend cannot: the unit, the kind of scale, how many values are beyond its ends, and how many different
    values share the colour of the others.
    """
    cells = ["" if is_missing(value) else value.strip() for value in values]
    n_different = len(set(cells) - {""})
    is_chosen = role in ("number", "date")
    is_scale = is_chosen or (role is None and n_different > len(PALETTE))
    read = column_values(cells, _MOST if is_chosen else NEARLY_ALL) if is_scale else None
    if read is None:
        rest = f" ({len(PALETTE)} most frequent of {n_different:,})" if n_different > len(PALETTE) else ""
        return group_colours(f"{title}{rest}", [cell or OTHER_NAME for cell in cells])
    unit = read.unit if read.unit.casefold() not in title.casefold() else ""
    return _scale(title, read, ", ".join(filter(None, (unit, read.note))))


def _scale(title: str, read: ColumnValues, about: str) -> ValueColours:
    """A scale that shows most values apart: logarithmic, or one that ends before a few values far from the rest."""
    import numpy as np

    numbers = np.array(read.numbers, dtype=np.float64)
    known = numbers[np.isfinite(numbers)]
    if read.kind == "date":
        return replace(value_colours(_titled(title, about), numbers.astype(np.float32), 0), kind="date")
    first, third = np.percentile(known, [25, 75])
    if first == third:
        # Most values are one: how far the others are from it is told by the different ones.
        first, third = np.percentile(np.unique(known), [25, 75])
    fence = _FENCE * (third - first)
    is_far = (known < first - fence) | (known > third + fence)
    n_far = int(is_far.sum())
    if known.min() > 0 and np.log10(np.percentile(known, 95) / np.percentile(known, 5)) >= _DECADES:
        logs = np.log10(numbers, where=np.isfinite(numbers), out=np.full(len(numbers), np.nan))
        made = value_colours(_titled(title, about, "log scale"), logs.astype(np.float32), read.decimals)
        return replace(made, kind="log")
    if fence and 0 < n_far <= max(1, _RARE * len(known)):
        near = value_colours(title, known[~is_far].astype(np.float32), read.decimals)
        beyond = f"{n_far:,} {'value' if n_far == 1 else 'values'} beyond the scale"
        return replace(near, title=_titled(title, about, beyond), values=numbers.astype(np.float32))
    return value_colours(_titled(title, about), numbers.astype(np.float32), read.decimals)


def _titled(title: str, *about: str) -> str:
    said = ", ".join(filter(None, about))
    return f"{title} ({said})" if said else title


def most_common(counts: Mapping[str, int]) -> set[str]:
    """The labels that have a colour of their own, the most frequent, and the grey ones; ties in alphabetical order."""
    ranked = sorted(set(counts) - set(GREY_NAMES), key=lambda label: (-counts[label], label))
    return {*ranked[: len(PALETTE)], *GREY_NAMES}


def colours_of(labels: Collection[str]) -> dict[str, str]:
    """A colour for each different label, in legend order; missing values are grey and last."""
    distinct = sorted(set(labels) - set(GREY_NAMES), key=_order)
    colours = {label: PALETTE[i] if i < len(PALETTE) else OTHER for i, label in enumerate(distinct)}
    return colours | {label: OTHER for label in GREY_NAMES if label in labels}


def _order(label: str) -> tuple[float, str]:
    """Numbers by their value, before words."""
    try:
        return float(label), label
    except ValueError:
        return math.inf, label


def as_groups(colours: Colours) -> GroupColours:
    """The colours as groups, for pictures without a scale: values in six equal steps, named by their limits."""
    if isinstance(colours, GroupColours):
        return colours
    import numpy as np

    edges = np.linspace(colours.low, colours.high, _BINS + 1)
    steps = np.clip(np.searchsorted(edges, colours.values, side="right") - 1, 0, _BINS - 1)
    codes = np.where(np.isfinite(colours.values), steps, _BINS).astype(np.int16)
    ends = [colours.shown(edge) for edge in edges.tolist()]
    names = [f"{low} to {high}" for low, high in pairwise(ends)]
    if (colours.values < np.float32(colours.low)).any():
        names[0] = f"up to {ends[1]}"
    if (colours.values > np.float32(colours.high)).any():
        names[-1] = f"{ends[-2]} and above"
    hues = [SCALE[round(i * (len(SCALE) - 1) / (_BINS - 1))] for i in range(_BINS)]
    return GroupColours(colours.title, codes, (*names, OTHER_NAME), (*hues, OTHER))


def labels_and_colours(colours: Colours) -> tuple[list[str], Mapping[str, str]]:
    """The label of each chunk, and the colour of each label."""
    groups = as_groups(colours)
    return [groups.names[code] for code in groups.codes.tolist()], dict(zip(groups.names, groups.colours, strict=True))


def rows_of_groups(colours: Colours, names: Sequence[str]) -> NDArray[np.bool_]:
    """Which chunks are in one of these groups of the legend, bool (n,); a scale is one group, ON_SCALE."""
    import numpy as np

    if isinstance(colours, GroupColours):
        wanted = [code for code, name in enumerate(colours.names) if name in names]
        return np.isin(colours.codes, wanted)
    is_known = np.isfinite(colours.values)
    return (is_known & (ON_SCALE in names)) | (~is_known & (OTHER_NAME in names))


def without_value(colours: Colours, n: int) -> Colours:
    """The colours with n more rows, which have no value: grey."""
    import numpy as np

    if isinstance(colours, ValueColours):
        return replace(colours, values=np.append(colours.values, np.full(n, np.nan, dtype=np.float32)))
    names, hues = colours.names, colours.colours
    if OTHER_NAME not in names:
        names, hues = (*names, OTHER_NAME), (*hues, OTHER)
    added = np.full(n, names.index(OTHER_NAME), dtype=np.int16)
    return replace(colours, codes=np.append(colours.codes, added), names=names, colours=hues)


def take(colours: Colours, rows: IntArray) -> Colours:
    """The colours of these rows; scale and legend stay those of all rows."""
    if isinstance(colours, GroupColours):
        return replace(colours, codes=colours.codes[rows])
    return replace(colours, values=colours.values[rows])
