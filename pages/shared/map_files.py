"""The map as files of its own, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import streamlit as st

from rag.collection import Collection
from rag.map_view import EXPORTS, find_clusters, map_file, map_points
from rag.types import Chunk, Projection


class Colouring(NamedTuple):
    """What the map is coloured by, and the label of each of its chunks."""

    title: str
    labels: Sequence[str]


def show_files(
    collection: Collection, layout: Projection, drawn: Sequence[Chunk], coarseness: float, colouring: Colouring
) -> None:
    """A button for each kind of file; `drawn` are the chunks of the layout, `coarseness` is that of its clusters."""

    def made(name: str) -> bytes:
        clusters = find_clusters(collection, layout, drawn, coarseness)
        points = map_points(
            collection, layout, drawn, clusters, colour_title=colouring.title, colour_labels=colouring.labels
        )
        return map_file(points, name)

    with st.popover("Take it away", icon=":material/download:"):
        st.caption("The HTML file works without this app and without a network: hover, search, zoom.")
        for suffix in EXPORTS:
            name = f"{collection.spec.name} map{suffix}"
            st.download_button(
                f"{suffix.removeprefix('.').upper()} file",
                partial(made, name),
                file_name=name,
                mime="application/octet-stream",
                key=f"take{suffix}",
                width="stretch",
            )
