"""Small maps on canvas: one that plays the steps of a layout, or a grid of several layouts of the same chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.components import v1

from rag.map.colours import Colours, as_groups

if TYPE_CHECKING:
    from rag.types import FloatArray

_component = v1.declare_component("small_maps", path=str(Path(__file__).with_name("small_maps_frontend")))


@dataclass(frozen=True, slots=True)
class SmallMaps:
    """Positions of the same chunks in several maps: `xy` float32 (m, n, 2), and what is said about each map.

    `captions` are below the maps of a grid, or next to the slider that plays them. `colours` have n rows. `alt` is the
    picture in words.
    """

    xy: FloatArray
    captions: Sequence[str]
    colours: Colours
    alt: str


def play_maps(maps: SmallMaps, *, key: str) -> None:
    """One map in which the points move from step to step: play, pause and a slider.

    It plays once when it appears; if the system asks for less motion, it shows the last step and only the slider moves
    it.
    """
    _draw(maps, "play", key)


def show_map_grid(maps: SmallMaps, *, columns: int, key: str) -> None:
    """All maps in a grid of so many columns, each with its caption."""
    _draw(maps, "grid", key, columns)


def _draw(maps: SmallMaps, mode: str, key: str, columns: int = 1) -> None:
    import numpy as np

    groups = as_groups(maps.colours)
    _component(
        key=key, default=None, mode=mode, columns=columns, alt=maps.alt, captions=list(maps.captions),
        xy=maps.xy.astype(np.float32).tobytes(), codes=groups.codes.astype(np.int16).tobytes(),
        names=list(groups.names), colours=list(groups.colours), title=maps.colours.title,
        # Streamlit sends a component new arguments only if the part that is JSON has changed.
        revision=hash((maps.xy.tobytes(), groups.codes.tobytes())),
    )  # fmt: skip
