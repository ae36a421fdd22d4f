"""Map view: combine the layout, chunks, clusters and colours of a collection into the points of an exported map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from rag import config
from rag.errors import ExplorerError
from rag.map.clusters.finding import Clusters
from rag.map.clusters.model_names import NameRequest, load_names, name_requests
from rag.map.colours import Colours, labels_and_colours
from rag.map.export.files import to_csv, to_parquet
from rag.map.export.html import to_html
from rag.map.export.svg import to_svg
from rag.map.points import MapLabel, MapPoints
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import IntArray

_ANY_MODEL = ""
EXPORTS = (".html", ".svg", ".csv", ".parquet")
"""The file types to which a map can be exported."""


def present(layout: Projection, table: ChunkTable) -> tuple[Projection, ChunkTable]:
    """Restrict layout and table to their common chunks, in the same order of rows."""
    import numpy as np

    if np.array_equal(layout.chunk_ids, table.chunk_ids):
        return layout, table
    _, rows, table_rows = np.intersect1d(layout.chunk_ids, table.chunk_ids, assume_unique=True, return_indices=True)
    return replace(layout, chunk_ids=layout.chunk_ids[rows], xy=layout.xy[rows]), table.take(table_rows)


def sample_rows(n: int, limit: int, seed: int = config.SEED) -> IntArray:
    """All rows, or a random sample of `limit` rows: int64, ascending."""
    import numpy as np

    if n <= limit:
        return np.arange(n, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(n, limit, replace=False)).astype(np.int64)


def requests_for_names(collection: Collection, layout: Projection, clusters: Clusters) -> tuple[NameRequest, ...]:
    """A request for the name of each cluster. Its key names no model, so a cached name from any model is used."""
    ids = layout.chunk_ids
    rows = {int(ids[row]): row for one in clusters.summaries for row in one.typical}
    texts = [""] * len(ids)
    for chunk in collection.chunks(list(rows)):
        texts[rows[chunk.chunk_id]] = chunk.text
    return name_requests(clusters.summaries, texts, _ANY_MODEL)


def with_kept_names(collection: Collection, clusters: Clusters, requests: Sequence[NameRequest]) -> Clusters:
    """The clusters with their cached names from a model; a cluster without one keeps its name."""
    known = load_names(collection.cache_folder, collection.uid)
    return clusters.renamed({request.label: known[request.key] for request in requests if request.key in known})


def map_points(
    collection: Collection, layout: Projection, table: ChunkTable, clusters: Clusters, colours: Colours
) -> MapPoints:
    """The points of an exported map; layout, table, clusters and colours have the same rows."""
    chunks = {chunk.chunk_id: chunk for chunk in collection.chunks(layout.chunk_ids.tolist())}
    in_order = [chunks.get(chunk_id) for chunk_id in layout.chunk_ids.tolist()]
    labels, by_label = labels_and_colours(colours)
    return MapPoints(
        chunk_ids=layout.chunk_ids,
        xy=layout.xy,
        texts=[chunk.text if chunk else "" for chunk in in_order],
        documents=table.document_of_each(),
        pages=[chunk.page if chunk else None for chunk in in_order],
        headings=[chunk.heading if chunk else "" for chunk in in_order],
        clusters=clusters.labels,
        colour_labels=labels,
        colours=by_label,
        cluster_labels=[MapLabel(one.label, one.name, one.x, one.y, one.z) for one in clusters.summaries],
        title=collection.spec.name,
        colour_title=colours.title,
        columns=table.columns,
    )


def require_export(name: str) -> None:
    """Raise ExplorerError unless the suffix of `name` is one of EXPORTS."""
    if PurePath(name).suffix.lower() not in EXPORTS:
        raise ExplorerError(f"'{name}' is not a supported type of map file. Use one of: {', '.join(EXPORTS)}.")


def map_file(points: MapPoints, name: str) -> bytes:
    """Export the map to the file type of `name`'s suffix, one of EXPORTS. Raises ExplorerError for any other."""
    require_export(name)
    match PurePath(name).suffix.lower():
        case ".html":
            return to_html(points).encode()
        case ".svg":
            return to_svg(points).encode()
        case ".csv":
            return to_csv(points)
        case _:
            return to_parquet(points)
