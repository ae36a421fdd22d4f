"""What a session looks at on a collection's map: which layout, which chunk, which chunks."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from pages.shared.widgets.map_chart import MapEvent
from rag.map.projection import ProjectionParameters
from rag.store.collection import Collection


@dataclass(slots=True)
class MapState:
    """`shown` is the last layout that was drawn: it stays while another one is in the making.

    `selected` are the chunks in the marked area.
    """

    parameters: ProjectionParameters = field(default_factory=ProjectionParameters)
    shown: ProjectionParameters | None = None
    selected: tuple[int, ...] = ()

    def follow(self, event: MapEvent) -> None:
        """Take over what was done on the map; the clicked chunk stands in the address, to be shared."""
        self.selected = event.chunk_ids if event.kind == "area" else ()
        st.query_params.pop("chunk", None)
        if event.kind == "click":
            st.query_params["chunk"] = str(event.chunk_ids[0])


def map_state(collection: Collection) -> MapState:
    """The session's state for this collection."""
    state: MapState = st.session_state.setdefault(f"map-state-{collection.uid}", MapState())
    return state


def chosen_chunk() -> int | None:
    """The chunk named in the address, where there is one."""
    value = st.query_params.get("chunk", "")
    return int(value) if value.isascii() and value.isdigit() else None
