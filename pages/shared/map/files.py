"""Export of the map: each file is made when its button is pressed."""

from __future__ import annotations

from functools import partial

import streamlit as st

from rag.map.clustering import Clusters
from rag.map.colours import Colours
from rag.map.view import EXPORTS, map_file, map_points
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

_LABELS = {".html": "Interactive HTML", ".svg": "SVG image", ".csv": "CSV table", ".parquet": "Parquet table"}


def show_files(
    collection: Collection, layout: Projection, table: ChunkTable, clusters: Clusters, colours: Colours
) -> None:
    """A download button for each file type; table, clusters and colours belong to the chunks of the layout."""

    def content(name: str) -> bytes:
        return map_file(map_points(collection, layout, table, clusters, colours), name)

    with st.popover("Export", icon=":material/download:"):
        st.caption(
            "The HTML file works offline and without this app: hover, search and zoom. To save a PNG, use the toolbar "
            "of the map."
        )
        for suffix in EXPORTS:
            name = f"{collection.spec.name} map{suffix}"
            st.download_button(
                _LABELS[suffix],
                partial(content, name),
                file_name=name,
                mime="application/octet-stream",
                on_click="ignore",
                key=f"take{suffix}",
                width="stretch",
            )
