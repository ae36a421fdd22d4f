"""Comparison of two embedding models on one collection: the second map, and the chunks whose neighbors change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from pages.shared.session.person import is_editor
from pages.shared.session.resources import previews, task_board, warm_up_projection
from pages.shared.session.resources import table as chunk_table
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.map_chart import show_map
from pages.shared.widgets.tasks import show_task
from rag.embedding.cached import load_cached_embedder
from rag.map.colours import PALETTE, Colours, column_colours, numbered_colours, take, value_colours
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
_WORDS = "Word counts (no meaning)"
_SHARED, _DOCUMENT = "Shared neighbors", "Document"
_MOST_MOVING = 20_000
_ROWS = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """A finished comparison: name of the second model, number of chunks it read only in part, and the measures."""

    name: str
    n_cut: int
    figures: ModelComparison


def _label_of(model: str) -> str:
    """The name of a model on screen."""
    return _WORDS if model == WORD_MODEL else model.removeprefix("sentence-transformers/")


def choose_model(collection: Collection, available: Sequence[str]) -> str | None:
    """The select box for the second model; returns the model, or None until "Compare" was pressed."""
    first = collection.spec.embedding.model_id
    others = [WORD_MODEL, *(name for name in available if name != first)]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        f"Compare {_label_of(first)} with",
        others,
        format_func=_label_of,
        accept_new_options=is_editor(),
        help=f"{help_for('word counts')} You can also type a sentence-transformers name, ollama:NAME or openai:NAME.",
    )
    key = f"{_KEY}-{collection.uid}"
    right.button(
        "Compare", type="primary", icon=":material/compare:", width="stretch", on_click=_begin,
        args=(collection, str(chosen)),
    )  # fmt: skip
    second: str | None = st.session_state.get(key)
    return second


def _begin(collection: Collection, model: str) -> None:
    """Compare with this model. A callback runs before the page, so that a rerun meanwhile cannot lose the click."""
    task_board().forget(_task_key(collection, model))
    st.session_state[f"{_KEY}-{collection.uid}"] = model


def _task_key(collection: Collection, model: str) -> str:
    return f"compare-{collection.uid}-{collection.generation()}-{model}"


def comparison_of(collection: Collection, model: str) -> Compared | None:
    """The comparison, computed in the background with progress; None until it is done."""
    key = _task_key(collection, model)
    board = task_board()
    view = board.view(key)
    if view is None:
        board.start(
            key,
            f"Embedding {collection.n_sampled():,} chunks with {_label_of(model)}",
            partial(_work, collection, model),
        )
        view = board.view(key)
    show_task(key)
    layout = load_layout(collection, ProjectionParameters())
    if view is None or view.state != "done" or layout is None:
        return None
    second, figures = _figures(key, layout.xy.tobytes(), (collection, layout, model))
    return Compared(_label_of(model), second.n_cut, figures)


def _work(collection: Collection, model: str, report: Report) -> None:
    """Compute the second embeddings and both layouts, and save them in the cache folder of the collection."""
    parameters = ProjectionParameters()
    second = embed_again(collection, model, load_cached_embedder, lambda share: report(0.4 * share))
    warm_up_projection().join()
    if load_layout(collection, parameters) is None:
        make_layout(collection, parameters, lambda share: report(0.4 + 0.3 * share))
    layout_of(second, parameters, lambda share: report(0.7 + 0.3 * share))


@st.cache_resource(max_entries=4, show_spinner="Comparing neighbors")
def _figures(
    key: str, positions: bytes, _parts: tuple[Collection, Projection, str]
) -> tuple[SecondEmbedding, ModelComparison]:
    collection, layout, model = _parts
    second = embed_again(collection, model, load_cached_embedder, lambda share: None)
    return second, compare(collection, second, layout, layout_of(second, ProjectionParameters()))


def show_most_changed(collection: Collection, compared: Compared) -> int | None:
    """The chunks with the fewest shared neighbors; returns the row of the selected one, or None."""
    figures = compared.figures
    rows = figures.most_changed[:_ROWS].tolist()
    ids = [int(figures.chunk_ids[row]) for row in rows]
    shown = {
        *ids,
        *figures.first_neighbors[rows, :1].ravel().tolist(),
        *figures.second_neighbors[rows, :1].ravel().tolist(),
    }
    chunks = {chunk.chunk_id: " ".join(chunk.text.split())[:200] for chunk in collection.chunks(sorted(shown))}
    nearest = [
        {
            "shared": float(figures.chunk_overlap[row]),
            "chunk": chunks.get(chunk_id, ""),
            "nearest (first model)": _nearest(chunks, figures.first_neighbors[row].tolist()),
            "nearest (second model)": _nearest(chunks, figures.second_neighbors[row].tolist()),
        }
        for row, chunk_id in zip(rows, ids, strict=True)
    ]
    with st.expander(
        f"The {len(rows)} chunks whose neighbors changed most", expanded=False, icon=":material/swap_horiz:"
    ):
        st.caption("Select a row to see it on the map, with lines to its neighbors in the second model.")
        event = st.dataframe(
            pd.DataFrame(nearest), hide_index=True, on_select="rerun", selection_mode="single-row", height=300,
            key=f"changed-{collection.uid}-{compared.name}",
            column_config={
                "shared": st.column_config.ProgressColumn(
                    "shared neighbors", min_value=0.0, max_value=1.0, format="%.1f", width="small",
                    help=f"The share of its {figures.k} nearest neighbors that both models have in common.",
                ),
            },
        )  # fmt: skip
    selected = event.selection.rows
    return rows[selected[0]] if selected else None


def _nearest(texts: dict[int, str], neighbors: Sequence[int]) -> str:
    return texts.get(neighbors[0], "") if neighbors else ""


def _colours(uid: str, table: ChunkTable, figures: ModelComparison) -> Colours:
    """The colours by shared neighbors, by document or by a column; the last two show which groups are split up."""
    few = [name for name, values in table.columns.items() if 1 < len(set(values)) <= len(PALETTE)]
    choice = st.segmented_control(
        "Colour by", [_SHARED, *few, _DOCUMENT], default=_SHARED, key=f"compare-colour-{uid}", required=True,
        help="Points with the same value get the same colour; shared neighbors get a colour scale.",
    )  # fmt: skip
    if choice == _SHARED:
        return value_colours("Shared neighbors", figures.chunk_overlap)
    if choice == _DOCUMENT:
        return numbered_colours(choice, table.documents, table.document_names)
    return column_colours(choice, table.columns[choice])


def show_morph(collection: Collection, compared: Compared, row: int | None) -> None:
    """The first map with a slider that moves its points to the second map."""
    figures = compared.figures
    table = chunk_table(collection)
    rows = sample_rows(len(figures.chunk_ids), _MOST_MOVING)
    if len(rows) < len(figures.chunk_ids):
        st.info(
            f"{len(rows):,} of {len(figures.chunk_ids):,} chunks are drawn: a random sample.", icon=":material/info:"
        )
    ids = figures.chunk_ids[rows]
    place = {chunk_id: i for i, chunk_id in enumerate(ids.tolist())}
    focus = -1 if row is None else place.get(int(figures.chunk_ids[row]), -1)
    hits = [] if row is None else [place[i] for i in figures.second_neighbors[row].tolist() if i in place]
    scene = MapScene(
        chunk_ids=ids,
        xy=figures.first_xy[rows],
        other=figures.second_xy[rows],
        ends=(_label_of(collection.spec.embedding.model_id), compared.name),
        colours=take(_colours(collection.uid, table, figures), rows),
        sources=table.documents[rows],
        source_names=table.document_names,
        title=f"{collection.spec.name} under two models",
        texts=previews(collection, ids) if len(ids) <= TEXT_LIMIT else None,
        marks=Marks(None, focus, hits),
    )
    show_map(scene, key=f"compare-{collection.uid}")
    st.caption(
        "Press Play, or drag the slider, to move from the map of one model to that of the other. The second map is "
        "rotated and scaled to match the first. Coloured by shared neighbors, yellow chunks keep their neighbors and "
        "dark ones get new ones."
    )
