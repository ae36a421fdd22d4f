"""Two models' views of one collection: choosing the second, making its map, and seeing where the two disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from pages.shared.session.resources import previews, task_board, warm_up_projection
from pages.shared.session.resources import table as chunk_table
from pages.shared.widgets.map_chart import show_map
from pages.shared.widgets.tasks import show_task
from rag.embedding.cached import load_cached_embedder
from rag.map.colours import PALETTE, Colours, column_colours, group_colours, take, value_colours
from rag.map.layout import load_layout, make_layout
from rag.map.model_comparison import ModelComparison, SecondEmbedding, compare, embed_again, layout_of
from rag.map.projection import ProjectionParameters
from rag.map.scene import TEXT_LIMIT, MapScene, Marks
from rag.map.view import sample_rows
from rag.map.word_count_model import WORD_MODEL
from rag.runtime.background import Report
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

_KEY = "compare-model"
_WORDS = "Word counts (no meaning, only which words occur)"
_SHARED, _DOCUMENT = "Agreement of the models", "Document"
_MOST_MOVING = 20_000
_ROWS = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """A finished comparison: the second model's name on screen, what was cut, and the figures."""

    name: str
    n_cut: int
    figures: ModelComparison


def label_of(model: str) -> str:
    """How a model is called on screen."""
    return _WORDS if model == WORD_MODEL else model.removeprefix("sentence-transformers/")


def choose_model(collection: Collection, available: Sequence[str]) -> str | None:
    """The second model; None until one was asked for."""
    own = collection.spec.embedding.model_id
    others = [WORD_MODEL, *(name for name in available if name != own)]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        f"Compare {label_of(own)} with",
        others,
        format_func=label_of,
        accept_new_options=True,
        help="Word counts know nothing of meaning: what they keep apart, the embedding model has joined by meaning. "
        "Or type any sentence-transformers name, or ollama:NAME.",
    )
    key = f"{_KEY}-{collection.uid}"
    if right.button("Compare", type="primary", icon=":material/compare:", width="stretch"):
        task_board().forget(_task_key(collection, str(chosen)))
        st.session_state[key] = chosen
    asked: str | None = st.session_state.get(key)
    return asked


def _task_key(collection: Collection, model: str) -> str:
    return f"compare-{collection.uid}-{collection.generation()}-{model}"


def comparison_of(collection: Collection, model: str) -> Compared | None:
    """The comparison, made in the background with progress shown; None while it is not there."""
    key = _task_key(collection, model)
    board = task_board()
    view = board.view(key)
    if view is None:
        board.start(
            key, f"Embedding {collection.n_chunks():,} chunks by {label_of(model)}", partial(_work, collection, model)
        )
        view = board.view(key)
    show_task(key)
    layout = load_layout(collection, ProjectionParameters())
    if view is None or view.state != "done" or layout is None:
        return None
    second, figures = _figures(key, layout.xy.tobytes(), (collection, layout, model))
    return Compared(label_of(model), second.n_cut, figures)


def _work(collection: Collection, model: str, report: Report) -> None:
    """The second embeddings and both layouts, the collection's own where there is none yet; all are kept beside it."""
    parameters = ProjectionParameters()
    second = embed_again(collection, model, load_cached_embedder, lambda share: report(0.4 * share))
    warm_up_projection().join()
    if load_layout(collection, parameters) is None:
        make_layout(collection, parameters, lambda share: report(0.4 + 0.3 * share))
    layout_of(second, parameters, lambda share: report(0.7 + 0.3 * share))


@st.cache_resource(max_entries=4, show_spinner="Comparing neighbors")
def _figures(
    key: str, places: bytes, _parts: tuple[Collection, Projection, str]
) -> tuple[SecondEmbedding, ModelComparison]:
    collection, layout, model = _parts
    second = embed_again(collection, model, load_cached_embedder, lambda share: None)
    return second, compare(collection, second, layout, layout_of(second, ProjectionParameters()))


def show_most_changed(collection: Collection, compared: Compared) -> int | None:
    """The chunks on whose neighbors the models agree least; returns the row of the one that is ticked."""
    figures = compared.figures
    rows = figures.most_changed[:_ROWS].tolist()
    ids = [int(figures.chunk_ids[row]) for row in rows]
    wanted = {
        *ids,
        *figures.first_neighbors[rows, :1].ravel().tolist(),
        *figures.second_neighbors[rows, :1].ravel().tolist(),
    }
    chunks = {chunk.chunk_id: " ".join(chunk.text.split())[:200] for chunk in collection.chunks(sorted(wanted))}
    nearest = [
        {
            "shared": float(figures.chunk_overlap[row]),
            "chunk": chunks.get(chunk_id, ""),
            "nearest before": _nearest(chunks, figures.first_neighbors[row].tolist()),
            "nearest under the second": _nearest(chunks, figures.second_neighbors[row].tolist()),
        }
        for row, chunk_id in zip(rows, ids, strict=True)
    ]
    with st.expander(
        f"The {len(rows)} chunks whose neighbors changed most", expanded=False, icon=":material/swap_horiz:"
    ):
        st.caption("Tick one to see it on the map, with lines to its neighbors under the second model.")
        event = st.dataframe(
            pd.DataFrame(nearest), hide_index=True, on_select="rerun", selection_mode="single-row", height=300,
            key=f"changed-{collection.uid}-{compared.name}",
            column_config={
                "shared": st.column_config.ProgressColumn(
                    "neighbors shared", min_value=0.0, max_value=1.0, format="%.1f", width="small",
                    help=f"The share of its {figures.k} nearest that both models agree on.",
                ),
            },
        )  # fmt: skip
    ticked = event.selection.rows
    return rows[ticked[0]] if ticked else None


def _nearest(texts: dict[int, str], neighbors: Sequence[int]) -> str:
    return texts.get(neighbors[0], "") if neighbors else ""


def _colours(uid: str, table: ChunkTable, figures: ModelComparison) -> Colours:
    """By how far the models agree, or by what the chunks are: then one sees what the second model tears apart."""
    few = [name for name, values in table.columns.items() if 1 < len(set(values)) <= len(PALETTE)]
    choice = st.segmented_control(
        "Colour by", [_SHARED, *few, _DOCUMENT], default=_SHARED, key=f"compare-colour-{uid}", required=True
    )
    if choice == _SHARED:
        return value_colours("Neighbors both models share", figures.chunk_overlap)
    if choice == _DOCUMENT:
        return group_colours(choice, table.document_of_each())
    return column_colours(choice, table.columns[choice])


def show_morph(collection: Collection, compared: Compared, row: int | None) -> None:
    """The first map, and a slider that moves it into the second; coloured by how far the two agree."""
    figures = compared.figures
    table = chunk_table(collection)
    rows = sample_rows(len(figures.chunk_ids), _MOST_MOVING)
    if len(rows) < len(figures.chunk_ids):
        st.info(f"{len(rows):,} of {len(figures.chunk_ids):,} chunks are drawn, chosen by lot.", icon=":material/info:")
    ids = figures.chunk_ids[rows]
    place = {chunk_id: i for i, chunk_id in enumerate(ids.tolist())}
    focus = -1 if row is None else place.get(int(figures.chunk_ids[row]), -1)
    hits = [] if row is None else [place[i] for i in figures.second_neighbors[row].tolist() if i in place]
    scene = MapScene(
        chunk_ids=ids,
        xy=figures.first_xy[rows],
        other=figures.second_xy[rows],
        ends=(label_of(collection.spec.embedding.model_id), compared.name),
        colours=take(_colours(collection.uid, table, figures), rows),
        sources=table.documents[rows],
        source_names=table.document_names,
        title=f"{collection.spec.name} under two models",
        texts=previews(collection, ids) if len(ids) <= TEXT_LIMIT else None,
        marks=Marks(None, focus, hits),
    )
    show_map(scene, key=f"compare-{collection.uid}")
    st.caption(
        "Press Move, or drag the slider, to go from one model's map to the other's. The second map is turned and "
        "sized to lie on the first as well as it can. By agreement: yellow chunks keep their neighbors, dark ones have "
        "others."
    )
