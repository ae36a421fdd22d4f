"""Chapter 7, onto the map and into an answer: what lies near a question, and what it changes in the answering model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, show_figure, show_needs_documents
from pages.shared.session.resources import (
    clusters,
    embedder,
    index,
    previews,
    query_vector,
    retriever,
    table,
    task_board,
    warm_up_projection,
)
from pages.shared.session.samples import SAMPLE
from pages.shared.widgets.common import escaped, show_error, show_small_hit
from pages.shared.widgets.map_chart import show_map
from pages.shared.widgets.tasks import show_task
from rag.answer import Equipment, Request, prompt_for
from rag.answering.prompt_template import without_context
from rag.errors import ExplorerError
from rag.generation.builtin import BuiltinGenerator
from rag.generation.next_words import AnswerWord, NextWords, Prediction, next_words
from rag.map.colours import PALETTE, column_colours
from rag.map.layout import load_layout, make_layout
from rag.map.placement import place_query
from rag.map.points import MapLabel
from rag.map.projection_settings import ProjectionParameters
from rag.map.scene import TEXT_LIMIT, MapScene, Marks
from rag.map.view import present, sample_rows
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Hit, Projection

_QUESTION = "How many days of paid leave do full-time staff have?"
_NEAREST = 5
_MOST_POINTS = 20_000
_MOST_WORDS = 24
_CANDIDATES = 6


def show(scene: Scene) -> None:
    """A question on the map, its nearest chunks, and the answering model's next words without and with them."""
    collection = scene.collection
    if collection is None or not collection.n_chunks():
        show_needs_documents()
        return
    start = _QUESTION if collection.spec.name == SAMPLE else ""
    question = st.text_input(
        "Question", start, key=f"anatomy-question-{collection.uid}", placeholder="Ask something about your documents",
        help="Its embedding is placed on the map; the nearest chunks go into the prompt.",
    )  # fmt: skip
    if not question.strip():
        st.info("Type a question about your documents.", icon=":material/edit:")
        return
    hits = retriever(collection).retrieve(question, _NEAREST)
    drawn, near = st.columns([3, 2])
    with drawn:
        _show_on_map(collection, question, hits)
    with near:
        st.markdown("**The nearest chunks**")
        for hit in hits[:3]:
            show_small_hit(hit)
    st.divider()
    try:
        generator = BuiltinGenerator.load()
        _show_two_models(scene, generator)
        _show_next_words(collection, question, hits)
    except ExplorerError as error:
        show_error(error)


def _show_on_map(collection: Collection, question: str, hits: Sequence[Hit]) -> None:
    layout = _layout(collection)
    if layout is None:
        return
    layout, chunk_table = present(layout, table(collection))
    star = place_query(index(collection), query_vector(collection, question), layout)
    rows = sample_rows(len(layout.chunk_ids), _MOST_POINTS)
    ids = layout.chunk_ids[rows]
    row_of = {chunk_id: row for row, chunk_id in enumerate(ids.tolist())}
    named = clusters(collection, layout)
    names = named.names_by_label()
    colours = column_colours(
        "document", [chunk_table.document_names[one] for one in chunk_table.documents[rows].tolist()]
    )
    show_map(
        MapScene(
            chunk_ids=ids,
            xy=layout.xy[rows],
            colours=colours,
            sources=chunk_table.documents[rows],
            source_names=chunk_table.document_names,
            title=f"{collection.spec.name} with the question",
            texts=previews(collection, ids) if len(ids) <= TEXT_LIMIT else None,
            labels=[MapLabel(one.label, names[one.label], one.x, one.y) for one in named.summaries],
            marks=Marks(star, -1, [row_of[hit.chunk.chunk_id] for hit in hits if hit.chunk.chunk_id in row_of]),
        ),
        key=f"anatomy-map-{collection.uid}",
    )
    st.caption("The star is the question, at the mean of its nearest chunks; rings mark the five nearest.")


def _layout(collection: Collection) -> Projection | None:
    """The default 2D layout; where there is none, it is computed in the background."""
    parameters = ProjectionParameters()
    layout = load_layout(collection, parameters)
    if layout is None:
        key = f"anatomy-layout-{collection.uid}-{collection.generation()}"
        if task_board().view(key) is None:
            task_board().start(key, "Computing the map", partial(_compute, collection, parameters))
        show_task(key)
    return layout


def _compute(collection: Collection, parameters: ProjectionParameters, report: Report) -> None:
    warm_up_projection().join()
    make_layout(collection, parameters, report)


def _show_two_models(scene: Scene, generator: BuiltinGenerator) -> None:
    st.markdown("**Two models, two jobs**")
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown(f":material/hub: **{escaped(scene.name)}** finds")
        inside = scene.inside
        size = f"{inside.n_layers} layers, {inside.n_vocabulary:,} tokens. " if inside else ""
        st.caption(
            f"{size}Turns a text into {scene.model.spec.dimension} numbers, once for each chunk. It cannot write. "
            "Changing it means embedding all documents again."
        )
    with right, st.container(border=True):
        st.markdown(":material/chat: **SmolLM2-135M** writes")
        st.caption(
            f"{generator.n_layers} layers, {generator.n_vocabulary:,} tokens, a token table of its own. Reads the "
            "prompt and predicts one token after another. It never sees the embeddings, and can be exchanged at any "
            "time."
        )


def _show_next_words(collection: Collection, question: str, hits: Sequence[Hit]) -> None:
    st.markdown("**What the passages change inside the answering model**")
    key = (collection.uid, collection.generation(), question)
    found = _inside(key, tuple(hits), collection)
    if not found.words:
        st.info("The built-in model wrote nothing for this question. Try another one.", icon=":material/info:")
        return
    st.markdown(f"The answer with the passages: **{escaped(found.answer)}**")
    words = list(found.words[:_MOST_WORDS])
    show_figure(_words_figure(words), _in_words(words), key="anatomy-next-words")
    st.caption(
        f"{escaped(_in_words(words))} Each bar is the probability of the word after the words before it. The model did "
        "not learn from the passages: the same numbers in it compute something else, because they read another prompt."
    )
    strongest = max(range(len(words)), key=lambda row: words[row].with_passages - words[row].without)
    chosen = st.selectbox(
        "Look at one word", range(len(words)), index=strongest, format_func=lambda row: words[row].text,
        key=f"anatomy-one-word-{question}", help="The tokens that the model would write in this place.",
    )  # fmt: skip
    token = words[chosen].tokens[0]
    left, right = st.columns(2)
    with left:
        _show_candidates("Without passages", token.without)
    with right:
        _show_candidates("With passages", token.with_passages)


@st.cache_resource(max_entries=8, show_spinner="The built-in model reads the question without and with the passages")
def _inside(key: tuple[str, int, str], _hits: tuple[Hit, ...], _collection: Collection) -> NextWords:
    """The words of the built-in model's answer, with both prompts as the Chat page would send them."""
    request, generator = Request(key[2]), BuiltinGenerator.load()
    equipment = Equipment(retriever(_collection), embedder(_collection.spec.embedding.model_id), generator)
    without = prompt_for(request, (), equipment, without_context(generator.style))
    return next_words(without.messages, prompt_for(request, _hits, equipment, None).messages)


def _in_words(words: Sequence[AnswerWord]) -> str:
    word = max(words, key=lambda one: one.with_passages - one.without)
    return (
        f"The largest change is at '{word.text}': {word.without:.1%} without the passages, {word.with_passages:.1%} "
        "with them."
    )


def _words_figure(words: Sequence[AnswerWord]) -> go.Figure:
    places = list(range(len(words)))
    figure = go.Figure()
    for name, colour, values in (
        ("without passages", PALETTE[1], [100 * one.without for one in words]),
        ("with passages", PALETTE[0], [100 * one.with_passages for one in words]),
    ):
        figure.add_bar(
            x=places, y=values, name=name, marker={"color": colour}, hovertemplate="%{y:.1f} %<extra></extra>",
            text=[f"{value:.0f}" for value in values], textposition="outside", cliponaxis=False,
        )  # fmt: skip
    figure.update_layout(height=300, barmode="group", legend={"orientation": "h", "y": 1.15, "x": 0})
    figure.update_xaxes(tickvals=places, ticktext=[one.text for one in words])
    figure.update_yaxes(title="probability, %", range=[0, 108])
    return figure


def _show_candidates(title: str, prediction: Prediction) -> None:
    st.markdown(f"**{title}**")
    top = prediction.top[:_CANDIDATES]
    rows = [{"next token": repr(one.text)[1:-1], "probability": 100 * one.probability} for one in top]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key=f"anatomy-next-{title}",
        column_config={"probability": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100)},
        alt=f"{title}: " + ", ".join(f"{one.text.strip()} {one.probability:.1%}" for one in top),
    )  # fmt: skip
