"""Export of the map: each file is made when its button is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from pages.shared.map.exam import MARKS_TITLE
from rag.map.clusters.finding import Clusters
from rag.map.colours import Colours
from rag.map.points import MapQuestion
from rag.map.view import EXPORTS, map_file, map_points
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

_LABELS = {".html": "Interactive HTML", ".svg": "SVG image", ".csv": "CSV table", ".parquet": "Parquet table"}


def show_files(
    collection: Collection,
    layout: Projection,
    table: ChunkTable,
    clusters: Clusters,
    colours: Colours,
    questions: Sequence[MapQuestion],
) -> None:
    """A download button for each file type; table, clusters and colours belong to the chunks of the layout.

    The pictures have the marked questions; a map in 3D has no files.
    """

    def content(name: str) -> bytes:
        points = map_points(collection, layout, table, clusters, colours)
        return map_file(replace(points, questions=questions, questions_title=MARKS_TITLE), name)

    with st.popover("Export", icon=":material/download:"):
        if layout.xy.shape[1] != 2:
            st.caption(
                "These files are made from a map in 2D: choose it under **Projection**. To save a PNG of this view, "
                "use the toolbar of the map."
            )
            return
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
