"""The map as files of its own, each made when it is asked for."""

from __future__ import annotations

from functools import partial

import streamlit as st

from rag.map.clustering import Clusters
from rag.map.colours import Colours
from rag.map.view import EXPORTS, map_file, map_points
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection


def show_files(
    collection: Collection, layout: Projection, table: ChunkTable, clusters: Clusters, colours: Colours
) -> None:
    """A button for each kind of file; table, clusters and colours are those of the layout's chunks."""

    def made(name: str) -> bytes:
        return map_file(map_points(collection, layout, table, clusters, colours), name)

    with st.popover("Take it away", icon=":material/download:"):
        st.caption(
            "The HTML file works without this app and without a network: hover, search, zoom. The picture's own "
            "toolbar saves a PNG."
        )
        for suffix in EXPORTS:
            name = f"{collection.spec.name} map{suffix}"
            st.download_button(
                f"{suffix.removeprefix('.').upper()} file",
                partial(made, name),
                file_name=name,
                mime="application/octet-stream",
                on_click="ignore",
                key=f"take{suffix}",
                width="stretch",
            )
