"""Chapter 10, choosing a model: an adviser, the catalogue, what models cost here, and what smaller vectors lose."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, show_figure
from pages.shared.session.model_servers import embedding_models
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.resources import vectors
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.wording import spoken
from rag import config
from rag.anatomy.advice import Situation, advise
from rag.anatomy.compression import Compression, compressions, truncation_note
from rag.anatomy.cost import Speed, cost, costs, measure
from rag.embedding.catalogue import CatalogueEntry, about_scores, catalogue, installed
from rag.errors import ExplorerError
from rag.map.colours import PALETTE
from rag.map.view import sample_rows
from rag.store.collection import Collection
from rag.types import Embedder

if TYPE_CHECKING:
    from rag.types import FloatArray

_GIGABYTE = 1e9
_MOST_TRIED = 20_000
_MOST_MEASURED = 300


def show(scene: Scene) -> None:
    """Advice for this collection, the table of models, costs, and compressed vectors."""
    here = embedding_models(config.ollama_host())
    if scene.collection is not None and scene.collection.n_chunks():
        _show_advice(scene.collection, here)
    _show_catalogue(scene, here)
    if scene.collection is None or not scene.collection.n_chunks():
        st.info("Add documents to see what models cost and lose on them.", icon=":material/info:")
        return
    _show_costs(scene, scene.collection)
    st.divider()
    _show_compressions(scene.collection)


def _show_advice(collection: Collection, here: list[str]) -> None:
    with st.container(border=True):
        heading, choice = st.columns([3, 1], vertical_alignment="center")
        heading.markdown(":material/assistant: **For this collection**")
        has_hub = choice.toggle(
            "Downloads are possible", key="anatomy-hub", help="Also considers models that would have to be downloaded."
        )
        languages = Counter(one.language for one in collection.documents())
        lengths = chunk_table(collection).n_tokens
        longest = int(lengths.max()) if len(lengths) else 0
        advice = advise(Situation(languages, longest, has_hub, here))
        st.markdown(escaped(" ".join(advice.sentences)))


def _show_catalogue(scene: Scene, here: list[str]) -> None:
    about = about_scores()
    many = st.toggle("Only models for many languages", key="anatomy-many", help="Hides models trained on English only.")
    entries = [one for one in catalogue() if one.is_multilingual or not many]
    rows = [_row(one, scene, here) for one in sorted(entries, key=lambda one: -(one.mteb_v2 or one.beir or 0))]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key="anatomy-catalogue", height=420,
        column_config={
            "retrieval": st.column_config.ProgressColumn(
                format="%.1f", min_value=0, max_value=70, help=about.mteb_v2
            ),
            "BEIR": st.column_config.NumberColumn(format="%.1f", help=about.beir),
            "GB for 1 million": st.column_config.NumberColumn(format="%.1f", help="Vectors in float32."),
        },
        alt=f"{len(rows)} embedding models with their published retrieval scores, sizes and licences.",
    )  # fmt: skip
    st.caption(
        f"Retrieval: {escaped(about.mteb_v2)}. Scores from {escaped(about.results)}, {about.date:%Y-%m-%d}. "
        f"{escaped(about.baseline.name)}, which only compares words, has {about.baseline.mteb_v2:.1f}. "
        f"{escaped(about.note)}"
    )


def _row(entry: CatalogueEntry, scene: Scene, here: list[str]) -> dict[str, object]:
    owner, _, name = entry.model_id.rpartition("/")
    languages = "English" if not entry.is_multilingual else str(entry.languages or "many")
    is_used = entry.model_id == scene.model.spec.model_id
    return {
        "model": name,
        "here": "in use" if is_used else "installed" if installed(entry, here) else "",
        "retrieval": entry.mteb_v2,
        "BEIR": entry.beir,
        "numbers": entry.dimension,
        "reads tokens": entry.max_tokens,
        "million parameters": round(entry.parameters / 1e6),
        "languages": languages,
        "licence": entry.licence,
        "GB for 1 million": cost(entry.model_id, entry.dimension, None, 1_000_000, 100).vector_bytes / _GIGABYTE,
        "question prefix": entry.query_prefix or "",
        "publisher": owner,
    }


def _show_costs(scene: Scene, collection: Collection) -> None:
    st.markdown("**What embedding costs on this machine**")
    lengths = chunk_table(collection).n_tokens
    mean = float(lengths.mean())
    key = f"anatomy-speed-{collection.uid}-{scene.model.spec.model_id}"
    if st.button(f"Measure {escaped(scene.name)} for two seconds", icon=":material/timer:"):
        st.session_state[key] = _measured(scene.model, collection)
    speed: Speed | None = st.session_state.get(key)
    if speed is None:
        st.caption(f"Your {collection.n_chunks():,} chunks have {mean:.0f} tokens on average. Measure to see times.")
        return
    st.caption(
        f"{speed.chunks_per_second:.0f} chunks a second, {speed.tokens_per_second:,.0f} tokens a second, measured on "
        f"{speed.n_chunks} of your chunks. Times of other models are estimates by their parameters, and may be off by "
        "a factor of two."
    )
    rows = []
    ours = scene.model.spec
    models = {ours.model_id: ours.dimension} | {one.model_id: one.dimension for one in catalogue()}
    for model_id, dimension in models.items():
        found = costs(model_id, dimension, speed, collection.n_chunks(), mean)
        if found[0].seconds is not None:
            names = ("this collection", "1 million chunks", "100 million chunks")
            times = {name: _time(one.seconds or 0.0) for name, one in zip(names, found, strict=True)}
            rows.append(
                {
                    "model": model_id.rpartition("/")[2],
                    "time is": "estimated" if found[0].is_estimate else "measured",
                    **times,
                    "GB for 100 million": round(found[-1].vector_bytes / _GIGABYTE),
                }
            )
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="anatomy-costs", height=300, alt="Times and sizes by model.")


def _time(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return spoken(seconds)


def _measured(model: Embedder, collection: Collection) -> Speed:
    ids = collection.chunk_ids()
    rows = sample_rows(len(ids), _MOST_MEASURED)
    texts = [chunk.embedded_text for chunk in collection.chunks(ids[rows].tolist())]
    with st.spinner("Measuring for two seconds"):
        return measure(model, texts)


def _show_compressions(collection: Collection) -> None:
    st.markdown("**Smaller vectors: memory saved, neighbors lost**")
    _, unit = vectors(collection)
    rows = sample_rows(len(unit), _MOST_TRIED)
    try:
        tried = _compressions((collection.location, collection.uid, collection.generation()), unit[rows])
    except ExplorerError as error:
        show_error(error)
        return
    if len(rows) < len(unit):
        st.caption(f"Tried on a random sample of {len(rows):,} of {len(unit):,} chunks.")
    small = next(one for one in tried if one.method == "int8")
    words = (
        f"With int8, a vector takes {small.bytes_per_vector:,} bytes instead of {tried[0].bytes_per_vector:,}, and "
        f"{small.recall:.1%} of the true 10 nearest neighbors are still found."
    )
    show_figure(_compression_figure(tried), words, key="anatomy-compressions")
    st.caption(
        f"{words} Binary keeps one bit for each number; rescored, it orders 40 candidates by their full vectors. "
        f"{escaped(truncation_note(collection.spec.embedding.model_id))}"
    )


@st.cache_data(max_entries=4, show_spinner="Trying smaller vectors on this collection")
def _compressions(key: tuple[str, str, int], _unit: FloatArray) -> tuple[Compression, ...]:
    return compressions(_unit)


def _compression_figure(tried: tuple[Compression, ...]) -> go.Figure:
    names = [f"{one.method}, {one.dimension}" if one.method == "truncated" else one.method for one in tried]
    figure = go.Figure()
    figure.add_bar(
        x=[100 * one.recall for one in tried], y=names, orientation="h",
        marker={"color": [PALETTE[0] if one.recall >= 0.95 else PALETTE[1] for one in tried]},
        text=[f"{one.recall:.1%} kept, {one.bytes_per_vector:,} bytes" for one in tried], textposition="auto",
        hoverinfo="skip",
    )  # fmt: skip
    figure.update_layout(height=60 + 32 * len(tried))
    figure.update_xaxes(title="true neighbors kept, % (blue: 95 or more)", range=[0, 100])
    figure.update_yaxes(autorange="reversed")
    return figure
