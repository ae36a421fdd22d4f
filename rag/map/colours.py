"""Map colours: groups in a colour-blind-safe palette, or values on a continuous scale."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.map.points import UNCLUSTERED_NAME

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
GREY_NAMES = (UNCLUSTERED_NAME, OTHER_NAME)
# Viridis (Smith and van der Walt, 2015) in nine equal steps: dark is low, yellow is high.
SCALE = (
    "#440154", "#472D7B", "#3B528B", "#2C728E", "#21918C", "#28AE80", "#5EC962", "#ADDC30", "#FDE725",
)  # fmt: skip
_NUMERIC_SHARE = 0.9
_BINS = 6


@dataclass(frozen=True, slots=True)
class GroupColours:
    """Groups: `codes` int16 (n,) are indices into `names` and `colours` ("#rrggbb"), in legend order."""

    title: str
    codes: CodeArray
    names: tuple[str, ...]
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValueColours:
    """Values float32 (n,) on a scale from `low` to `high`, NaN if a chunk has none; shown with `decimals`."""

    title: str
    values: FloatArray
    low: float
    high: float
    decimals: int = 2


Colours = GroupColours | ValueColours


def group_colours(title: str, labels: Sequence[str]) -> GroupColours:
    """A colour for each label; missing values, and the rarest labels if the palette is too short, are grey and last."""
    import numpy as np

    shown = most_common(labels)
    colours = colours_of(shown)
    number = {name: code for code, name in enumerate(colours)}
    codes = np.array([number[label] for label in shown], dtype=np.int16)
    return GroupColours(title, codes, tuple(colours), tuple(colours.values()))


def value_colours(title: str, values: FloatArray, decimals: int = 2) -> ValueColours:
    """Values on a scale from their minimum to their maximum."""
    import numpy as np

    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return ValueColours(title, values, low, high if high > low else low + 1.0, decimals)


def column_colours(title: str, values: Sequence[str]) -> Colours:
    """Colours of a table column: a scale if it has many values and nearly all are numbers, else groups."""
    import numpy as np

    present = [value for value in values if value]
    parsed = [_number(value) for value in values]
    n_numbers = sum(number is not None for number in parsed)
    if len(set(present)) <= len(PALETTE) or n_numbers < _NUMERIC_SHARE * len(present):
        return group_colours(title, [value or OTHER_NAME for value in values])
    numbers = np.array([np.nan if number is None else number for number in parsed], dtype=np.float32)
    is_whole = all(number is None or number.is_integer() for number in parsed)
    return value_colours(title, numbers, 0 if is_whole else 2)


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def most_common(labels: Sequence[str]) -> list[str]:
    """The labels, with the rarest as "other" if the palette has too few colours; ties in alphabetical order."""
    counts = Counter(label for label in labels if label not in GREY_NAMES)
    ranked = sorted(counts, key=lambda label: (-counts[label], label))
    kept = {*ranked[: len(PALETTE)], *GREY_NAMES}
    return [label if label in kept else OTHER_NAME for label in labels]


def colours_of(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each different label, in legend order; missing values are grey and last."""
    distinct = sorted(set(labels) - set(GREY_NAMES))
    colours = {label: PALETTE[i] if i < len(PALETTE) else OTHER for i, label in enumerate(distinct)}
    return colours | {label: OTHER for label in GREY_NAMES if label in labels}


def as_groups(colours: Colours) -> GroupColours:
    """The colours as groups, for pictures without a scale: values in six equal steps, named by their limits."""
    if isinstance(colours, GroupColours):
        return colours
    import numpy as np

    edges = np.linspace(colours.low, colours.high, _BINS + 1)
    steps = np.clip(np.searchsorted(edges, colours.values, side="right") - 1, 0, _BINS - 1)
    codes = np.where(np.isfinite(colours.values), steps, _BINS).astype(np.int16)
    ends = [f"{edge:,.{colours.decimals}f}" for edge in edges.tolist()]
    names = [f"{low} to {high}" for low, high in pairwise(ends)]
    hues = [SCALE[round(i * (len(SCALE) - 1) / (_BINS - 1))] for i in range(_BINS)]
    return GroupColours(colours.title, codes, (*names, OTHER_NAME), (*hues, OTHER))


def labels_and_colours(colours: Colours) -> tuple[list[str], Mapping[str, str]]:
    """The label of each chunk, and the colour of each label."""
    groups = as_groups(colours)
    return [groups.names[code] for code in groups.codes.tolist()], dict(zip(groups.names, groups.colours, strict=True))


def take(colours: Colours, rows: IntArray) -> Colours:
    """The colours of these rows; scale and legend stay those of all rows."""
    if isinstance(colours, GroupColours):
        return replace(colours, codes=colours.codes[rows])
    return replace(colours, values=colours.values[rows])
