"""The map component: draws a map scene with plotly.js in a separate frame and keeps the view when the scene changes.

`st.plotly_chart` draws a new chart with every change of the figure, so the zoom is lost. This component receives
typed arrays, keeps the view, moves points from one layout to the next, and keeps cluster labels apart and inside the
frame at any zoom.
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

# Serves the library from the plotly package, for the page of the map: it is not copied into this project.
v1.declare_component("plotly", path=str(Path(plotly.__file__).parent / "package_data"))
_component = v1.declare_component("map", path=str(Path(__file__).with_name("map_frontend")))


@dataclass(frozen=True, slots=True)
class MapEvent:
    """An action on the map: a chunk or a marked question clicked, an area marked with box or lasso, or marks cleared.

    `question` is the key of the clicked question, or empty. `groups` are those that the legend shows; empty for all.
    """

    kind: Literal["click", "question", "area", "clear", "groups"]
    chunk_ids: tuple[int, ...]
    question: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MapFrame:
    """The room for a map: its largest `height` in pixels; or with `fill` all that the window has below its upper edge.

    `covers` are CSS selectors of elements of the page that lie over a map with `fill`: labels keep off them.
    `reserve` are pixels at the window's lower edge that are kept free for other elements.
    """

    height: int = 620
    fill: bool = False
    covers: tuple[str, ...] = ()
    reserve: int = 0


_FIXED = MapFrame()
_HELD, _PAGE = "map-chunks-held", "map-page"
"""In the session: the keys of what each component of the page has in the browser, and the address of that page."""


def begin_maps(page: str) -> None:
    """To be called before a page runs, with its address: on another page than before, no map has any chunks yet."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE], st.session_state[_HELD] = page, {}


def held_in_browser() -> dict[str, str]:
    """By the key of a component, the key of the arrays that were sent to it once; to be changed by who sends them."""
    held: dict[str, str] = st.session_state.setdefault(_HELD, {})
    return held


def show_map(
    scene: MapScene, *, key: str, on_event: Callable[[MapEvent], None] | None = None, frame: MapFrame = _FIXED
) -> None:
    """Draw the scene; `on_event` is called before the page runs again.

    The chunks are sent once, and again when the map asks for them; after that, only what changes.
    """
    held = held_in_browser()

    def report() -> None:
        value = st.session_state.get(key)
        if value and value["kind"] == "missing":
            held.pop(key, None)
        elif on_event and value:
            ids = tuple(int(chunk_id) for chunk_id in value["ids"])
            on_event(MapEvent(value["kind"], ids, str(value["question"]), tuple(map(str, value["groups"]))))

    # A run that began before an action does not know of it; by this number, the map tells its message from the answer.
    known = st.session_state.get(key)
    answered = known["sequence"] if known else 0
    message = to_message(scene, height=frame.height, file_name=scene.title, held=held.get(key, ""))
    held[key] = str(message["chunksKey"])
    room = {"fill": frame.fill, "covers": list(frame.covers), "reserve": frame.reserve}
    _component(key=key, on_change=report, default=None, tab_index=None, answered=answered, **message, **room)
