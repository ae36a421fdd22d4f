"""The map scene: layout, colours, labels, filters and marks combined into what the map component draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.map.exam import MARKS_TITLE, ExamOnMap
from pages.shared.map.failed_question import OpenedQuestion, opened_question
from pages.shared.session.resources import (
    cluster_layers,
    cluster_radii,
    index,
    previews,
    query_vector,
    retriever,
    vectors,
)
from pages.shared.session.resources import clusters as find_clusters
from pages.shared.session.resources import table as chunk_table
from pages.shared.widgets.map_state import MapState, chosen_chunk, chosen_pair, chosen_question
from rag import config
from rag.map.clusters.finding import Clusters
from rag.map.clusters.labels import finer_layers, layered_labels
from rag.map.colours import Colours, take, without_value
from rag.map.placement import place_query, placed_chunks
from rag.map.points import MapLabel
from rag.map.scene import TEXT_LIMIT, MapScene, Marks
from rag.map.view import sample_rows
from rag.neighbors.chunks_near import Loaded, chunks_near
from rag.retrieval.retrievers import DenseRetriever, hits_of
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Chunk, Hit, Projection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

_MOST_POINTS_3D = 50_000


@dataclass(frozen=True, slots=True)
class Focus:
    """What the map points at: the clicked chunk with its neighbors, or the place of a question with its results.

    `failed` is the clicked question of an exam; the star is then its own. `before` is the chunk clicked before.
    """

    hits: tuple[Hit, ...] = ()
    clicked: Chunk | None = None
    star: tuple[float, ...] | None = None
    failed: OpenedQuestion | None = None
    before: Chunk | None = None


def focus_of(collection: Collection, layout: Projection, query: str, k: int, exam: ExamOnMap | None) -> Focus:
    """The clicked question or chunk; without one, the typed question; empty if there is none of these."""
    if exam and (asked := exam.failed_question(chosen_question())):
        opened = opened_question(collection, exam.run, asked)
        star = place_query(index(collection), query_vector(collection, asked.question.text), layout)
        return Focus(opened.hits, None, star, opened)
    chunk_id = chosen_chunk()
    found = collection.chunks([chunk_id]) if chunk_id is not None else []
    if found:
        hits = _near(collection, found[0], k)
        pair = chosen_pair()
        before = collection.chunks([pair]) if pair not in (None, chunk_id) else []
        return Focus(hits, found[0], before=next(iter(before), None))
    if chunk_id is not None:
        st.warning("This chunk no longer exists.", icon=":material/warning:")
    if not query:
        return Focus()
    star = place_query(index(collection), query_vector(collection, query), layout)
    return Focus(retriever(collection).retrieve(query, k), None, star)


def _near(collection: Collection, chunk: Chunk, k: int) -> tuple[Hit, ...]:
    """The neighbors of a chunk; none if it was deleted meanwhile."""
    _, unit = collection.vectors_with([chunk.chunk_id])
    if not len(unit):
        return ()
    near = chunks_near(
        collection, unit[0], k, lambda: Loaded(*vectors(collection), chunk_table(collection)), without=chunk.chunk_id
    )
    return hits_of(collection, near.ids.tolist(), near.scores.tolist(), DenseRetriever.name)


def scene_of(
    collection: Collection,
    layout: Projection,
    table: ChunkTable,
    colours: Colours,
    labels: Sequence[MapLabel],
    state: MapState,
    focus: Focus,
    shown: NDArray[np.bool_] | None,
    exam: ExamOnMap | None,
) -> MapScene:
    """The scene to draw; above the limit on points it is a random sample, and the page says so.

    The clicked chunk and the results are always drawn.
    """
    import numpy as np

    pointed_at = _pointed_at(focus)
    rows = sample_rows(len(table), _most_points(layout))
    if len(rows) < len(table):
        _say_drawn(len(rows), len(table))
        rows = np.union1d(rows, np.flatnonzero(np.isin(layout.chunk_ids, list(pointed_at))))
    added = _added(collection, layout, pointed_at)
    ids = np.append(layout.chunk_ids[rows], added.chunk_ids)
    return MapScene(
        chunk_ids=ids,
        xy=np.append(layout.xy[rows], added.xy, axis=0),
        colours=_coloured(colours, rows, len(added.chunk_ids)),
        sources=np.append(table.documents[rows], len(table.document_names) + np.arange(len(added.documents))),
        source_names=[*table.document_names, *added.documents],
        title=f"{collection.spec.name} map",
        shown=None if shown is None else np.append(shown[rows], np.full(len(added.chunk_ids), True)),
        texts=previews(collection, ids) if len(ids) <= TEXT_LIMIT else None,
        labels=labels,
        selected=state.selected,
        marks=_marks(focus, ids.tolist()),
        questions=exam.marks if exam else (),
        questions_title=MARKS_TITLE,
        flight=state.flight,
        only=state.only,
    )


def _say_drawn(n_drawn: int, n: int) -> None:
    st.info(
        f"{n_drawn:,} of {n:,} chunks are drawn: a random sample (seed {config.SEED}). An area that you mark contains "
        "only these; search, map quality and clusters use all chunks.",
        icon=":material/info:",
    )


def _pointed_at(focus: Focus) -> dict[int, str]:
    """The clicked chunk and the results by id, with the names of their documents as far as they are known."""
    found = {hit.chunk.chunk_id: hit.document_name for hit in focus.hits}
    others = [focus.clicked, focus.before, *(focus.failed.expected if focus.failed else ())]
    return {**{chunk.chunk_id: "" for chunk in others if chunk is not None}, **found}


@dataclass(frozen=True, slots=True)
class _Added:
    """Chunks that the map lacks, because it is of a sample: ids int64 (m,), positions, and their documents' names."""

    chunk_ids: IntArray
    xy: FloatArray
    documents: tuple[str, ...]


def _added(collection: Collection, layout: Projection, pointed_at: Mapping[int, str]) -> _Added:
    """Those of these chunks that the map lacks, near their nearest chunks on it."""
    ids, xy = placed_chunks(layout, collection, index(collection), list(pointed_at))
    return _Added(ids, xy, tuple(pointed_at[chunk_id] for chunk_id in ids.tolist()))


def _coloured(colours: Colours, rows: IntArray, n_added: int) -> Colours:
    chosen = take(colours, rows)
    return without_value(chosen, n_added) if n_added else chosen


def _marks(focus: Focus, ids: list[int]) -> Marks:
    expected = focus.failed.expected if focus.failed else [focus.before] if focus.before else ()
    hits = _rows(ids, [hit.chunk for hit in focus.hits])
    return Marks(focus.star, _row(ids, focus.clicked), hits, _rows(ids, expected))


def _most_points(layout: Projection) -> int:
    """The limit on points: lower in 3D, because a graphics card can rotate fewer points than it can draw in 2D."""
    return min(config.map_points(), _MOST_POINTS_3D) if layout.xy.shape[1] == 3 else config.map_points()


def labels_of(
    collection: Collection, layout: Projection, clusters: Clusters, layer: int | None
) -> tuple[MapLabel, ...]:
    """The labels of the clusters in a layer, None for the default one, and of their parts for a closer view."""
    layers = cluster_layers(collection, layout)
    chosen = layers.default if layer is None else layer
    finer = finer_layers(layers.counts, chosen)
    named = [clusters, *(find_clusters(collection, layout, one) for one in finer)]
    return layered_labels(named, [cluster_radii(collection, layout, one) for one in (layer, *finer)])


def _row(ids: list[int], chunk: Chunk | None) -> int:
    return ids.index(chunk.chunk_id) if chunk is not None and chunk.chunk_id in ids else -1


def _rows(ids: list[int], chunks: Sequence[Chunk]) -> list[int]:
    row = {chunk_id: i for i, chunk_id in enumerate(ids)} if chunks else {}
    return [row[chunk.chunk_id] for chunk in chunks if chunk.chunk_id in row]
