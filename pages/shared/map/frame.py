"""The frame of the Map page: a slim bar, the map in all the room below it, a search field and a panel over the map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.widgets.map_chart import MapFrame

_STYLE = Path(__file__).with_name("page.css")
_ON_STAGE = ("search", "picture", "status", "below")
_OVER_THE_MAP = (".st-key-map-search", ".st-key-map-drawer", ".st-key-map-below")


@dataclass(frozen=True, slots=True)
class Places:
    """The parts of the page, in the order in which they stand; each may be filled at any time of a run.

    `stage` holds the search field, the picture, what says that something is computed, the switches for what is below
    the map, and after these the panel.
    """

    colour: DeltaGenerator
    projection: DeltaGenerator
    filter: DeltaGenerator
    clusters: DeltaGenerator
    exam: DeltaGenerator
    files: DeltaGenerator
    quality: DeltaGenerator
    notes: DeltaGenerator
    stage: DeltaGenerator
    search: DeltaGenerator
    picture: DeltaGenerator
    status: DeltaGenerator
    below: DeltaGenerator


def lay_out() -> Places:
    """The title of the page, and its empty parts."""
    # Streamlit has no setting for the page's side margins, nor for an element that lies over another.
    st.html(_STYLE)
    with st.container(key="map-bar", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.title("Map", anchor=False, width="content")
        st.caption("Colour by", width="content")
        bar = [st.container(width="content") for _ in range(7)]
    colour, projection, chosen, clusters, exam, files, quality = bar
    notes = st.container(key="map-notes", gap="xsmall")
    stage = st.container(key="map-stage", gap=None)
    search, picture, status, below = (stage.container(key=f"map-{name}") for name in _ON_STAGE)
    return Places(
        colour, projection, chosen, clusters, exam, files, quality, notes, stage=stage, search=search, picture=picture,
        status=status, below=below,
    )  # fmt: skip


def room_of(*, reserve: int) -> MapFrame:
    """The room for the map: all that is left of the window, less `reserve` pixels below it."""
    return MapFrame(fill=True, covers=_OVER_THE_MAP, reserve=reserve)
