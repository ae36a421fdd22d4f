"""The state of the map of a collection in a session: its layout, the clicked chunk or question, the marked chunks."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from pages.shared.widgets.map_chart import MapEvent
from rag.map.points import MapArea
from rag.map.projection import ProjectionParameters
from rag.map.scene import Flight
from rag.store.collection import Collection

FOUND_COLOUR = "Found by exam questions"
"""The name of the map's colouring by a run of an exam."""


@dataclass(slots=True)
class MapState:
    """The chosen projection `parameters`; `shown` is the last layout drawn, which stays while another is computed.

    `selected` are the chunks in the marked area. `flight` is where the map's view was last moved to.
    `only` are the groups that the legend shows, empty for all, of the colours `coloured_by`. `ranges` are the chosen
    values of the histograms, by their title.
    """

    parameters: ProjectionParameters = field(default_factory=ProjectionParameters)
    shown: ProjectionParameters | None = None
    selected: tuple[int, ...] = ()
    flight: Flight | None = None
    only: tuple[str, ...] = ()
    coloured_by: str = ""
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def fly_to(self, area: MapArea) -> None:
        """Move the map's view to an area when the page is drawn next; `area_around` gives the area of some points.

        To be called before the map is drawn: in the `on_click` of a button, or before `st.rerun`.
        """
        self.flight = Flight(area, self.flight.number + 1 if self.flight else 1)

    def colour_by(self, choice: str) -> None:
        """Note by what the map is coloured; another legend shows all its groups."""
        if self.coloured_by not in ("", choice):
            self.only = ()
        self.coloured_by = choice

    def follow(self, event: MapEvent) -> None:
        """Apply an action on the map; a clicked chunk or question goes into the URL, so that it can be shared."""
        if event.kind == "groups":
            self.only = event.groups
            return
        self.selected = event.chunk_ids if event.kind == "area" else ()
        before = chosen_chunk()
        close_clicked()
        if event.kind == "click":
            open_chunk(event.chunk_ids[0], before)
        elif event.kind == "question":
            st.query_params["question"] = event.question


def map_state(collection: Collection) -> MapState:
    """The state of the session for this collection."""
    state: MapState = st.session_state.setdefault(f"map-state-{collection.uid}", MapState())
    return state


def chosen_chunk() -> int | None:
    """The id of the chunk named in the URL, or None."""
    value = st.query_params.get("chunk", "")
    return int(value) if value.isascii() and value.isdigit() else None


def chosen_pair() -> int | None:
    """The id of the chunk that was clicked before the one in the URL, or None."""
    value = st.query_params.get("with", "")
    return int(value) if value.isascii() and value.isdigit() else None


def open_chunk(chunk_id: int, before: int | None) -> None:
    """Open a clicked chunk, with the one that was open before to compare it with."""
    st.query_params["chunk"] = str(chunk_id)
    if before not in (None, chunk_id):
        st.query_params["with"] = str(before)


def chosen_question() -> str:
    """The id of the failed question named in the URL, or an empty text."""
    return st.query_params.get("question", "")


def close_clicked() -> None:
    """Close the clicked chunk or question."""
    for name in ("chunk", "with", "question"):
        st.query_params.pop(name, None)


def link_to_run(collection_name: str, run_id: str, *, has_failed: bool) -> dict[str, str]:
    """The query of a link to the map, coloured by a run; with its failed questions, or without them."""
    shown = {} if has_failed else {"failed": "off"}
    return {"collection": collection_name, "colour": FOUND_COLOUR, "run": run_id, **shown}
