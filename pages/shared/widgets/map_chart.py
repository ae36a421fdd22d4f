"""The map component: draws a map scene with plotly.js in a separate frame and keeps the view when the scene changes.

`st.plotly_chart` draws a new chart with every change of the figure, so the zoom is lost. This component receives
typed arrays, keeps the view, moves points from one layout to the next, and keeps cluster labels apart at any zoom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import plotly
import streamlit as st
from streamlit.components import v1

from rag.map.scene import MapScene, to_message

_HEIGHT = 620
# Serves the library from the plotly package, for the page of the map: it is not copied into this project.
v1.declare_component("plotly", path=str(Path(plotly.__file__).parent / "package_data"))
_component = v1.declare_component("map", path=str(Path(__file__).with_name("map_frontend")))


@dataclass(frozen=True, slots=True)
class MapEvent:
    """An action on the map: a chunk or a marked question clicked, an area marked with box or lasso, or marks cleared.

    `question` is the key of the clicked question, or empty.
    """

    kind: Literal["click", "question", "area", "clear"]
    chunk_ids: tuple[int, ...]
    question: str = ""


def show_map(scene: MapScene, *, key: str, on_event: Callable[[MapEvent], None] | None = None) -> None:
    """Draw the scene; `on_event` is called before the page runs again."""

    def report() -> None:
        value = st.session_state.get(key)
        if on_event and value:
            ids = tuple(int(chunk_id) for chunk_id in value["ids"])
            on_event(MapEvent(value["kind"], ids, str(value["question"])))

    message = to_message(scene, height=_HEIGHT, file_name=scene.title)
    _component(key=key, on_change=report, default=None, tab_index=None, **message)
