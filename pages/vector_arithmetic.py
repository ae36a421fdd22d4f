"""The Vector arithmetic page: add and subtract the embeddings of texts, and interpolate between two texts."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import embedder, query_vector, vectors
from pages.shared.session.resources import table as chunk_table
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import escaped, show_error, show_small_hit
from pages.shared.widgets.sample_note import show_sample_note
from rag import config
from rag.errors import ExplorerError
from rag.neighbors.arithmetic import text_arithmetic, walk
from rag.neighbors.search import Neighbors, find
from rag.neighbors.showcases import MOST_READ
from rag.neighbors.sum_examples import (
    SAMPLE_SUMS,
    SAMPLE_WAY,
    Groups,
    SumExample,
    computed_sums,
    groups_of,
    has_sample,
)
from rag.retrieval.retrievers import DenseRetriever, hits_of
from rag.store.collection import Collection

_STEPS = 11


def show_nearest(collection: Collection, neighbors: Neighbors) -> None:
    """The nearest chunks as cards."""
    for hit in hits_of(collection, neighbors.ids.tolist(), neighbors.scores.tolist(), DenseRetriever.name):
        show_small_hit(hit)


@st.cache_resource(max_entries=4, show_spinner=False)
def _groups(path: str, uid: str, generation: int, _collection: Collection) -> Groups:
    return groups_of(chunk_table(_collection))


def chunk_groups(collection: Collection) -> Groups:
    """The groups of the collection's chunks."""
    return _groups(collection.location, collection.uid, collection.generation(), collection)


@st.cache_resource(max_entries=4, show_spinner=False)
def _examples(path: str, uid: str, generation: int, _collection: Collection) -> tuple[SumExample, ...]:
    table = chunk_table(_collection)
    if len(table) <= MOST_READ and has_sample(chunk.text for chunk in _collection.chunks()):
        return SAMPLE_SUMS

    def text_of(row: int) -> str:
        return _collection.chunks([int(table.chunk_ids[row])])[0].text

    return computed_sums(chunk_groups(_collection), text_of)


def examples_of(collection: Collection) -> tuple[SumExample, ...]:
    """The sums that the page offers for this collection, the first one to begin with."""
    return _examples(collection.location, collection.uid, collection.generation(), collection)


def choose_sum(collection: Collection) -> SumExample:
    """The three fields, which begin with an example, and buttons for others; returns what is in them."""
    offered = examples_of(collection)
    keys = [f"sum-{name}-{collection.uid}" for name in "abc"]
    opening = offered[0] if offered else SumExample("", "", "")
    first, second, third = st.columns(3)
    text = first.text_input("Text A", opening.text, key=keys[0], help="The text to start from.")
    minus = second.text_input("− B", opening.minus, key=keys[1], help="The embedding of this text is subtracted.")
    plus = third.text_input("\\+ C", opening.plus, key=keys[2], help="The embedding of this text is added.")
    typed = SumExample(text, minus, plus)
    others = [one for one in offered if one.label != typed.label][:3]
    with st.container(horizontal=True, vertical_alignment="center"):
        if others:
            st.caption("Examples:", width="content")
        for number, one in enumerate(others):
            st.button(escaped(one.label), key=f"sum-example-{number}", type="tertiary", on_click=fill, args=(keys, one))
    return next((one for one in offered if one.label == typed.label), typed)


def fill(keys: list[str], example: SumExample) -> None:
    """Put an example into the fields."""
    for key, text in zip(keys, (example.text, example.minus, example.plus), strict=True):
        st.session_state[key] = text


def show_arithmetic(collection: Collection) -> None:
    """Text A - text B + text C, and the chunks nearest to the result."""
    chosen = choose_sum(collection)
    if not chosen.text.strip():
        st.info("Type text A, then subtract B and add C.")
        return
    ids, unit = vectors(collection)
    result = text_arithmetic(embedder(collection.spec.embedding.model_id), chosen.text, chosen.minus, chosen.plus)
    nearest = find(ids, unit, result, config.DEFAULT_K)
    show_example(collection, chosen, nearest)
    difference = f"{chosen.text} − {chosen.minus}" if chosen.minus.strip() else chosen.text
    formula = f"{difference} + {chosen.plus}" if chosen.plus.strip() else difference
    st.markdown(f"**Nearest to {escaped(formula)}**")
    show_nearest(collection, nearest)
    st.caption(
        "This works better with single words than with sentences: the embedding of a sentence mixes its topic, style "
        "and length."
    )


def show_example(collection: Collection, chosen: SumExample, nearest: Neighbors) -> None:
    """What an example shows: its sentence, or how many of the nearest chunks are in the group that was added."""
    if chosen not in examples_of(collection):
        return
    if chosen.saying:
        saying = chosen.said_of(collection.chunks(nearest.ids[:1].tolist())[0].text)
    else:
        ids, unit = vectors(collection)
        before = find(ids, unit, query_vector(collection, chosen.text)[0], len(nearest.ids))
        groups = chunk_groups(collection)
        n_before, n_after = (groups.count(found.rows.tolist(), chosen.plus) for found in (before, nearest))
        saying = (
            f"chunks of '{chosen.plus}' among the {len(nearest.ids)} nearest: {n_after}. For text A alone: {n_before}."
        )
    if saying:
        st.info(f"**Example:** {escaped(saying)}", icon=":material/lightbulb:")


def ends_of(collection: Collection) -> tuple[str, str]:
    """Two texts to interpolate between: the names of the two largest groups of chunks."""
    offered = examples_of(collection)
    if offered == SAMPLE_SUMS:
        return SAMPLE_WAY
    return (offered[0].minus, offered[0].plus) if offered else ("", "")


def show_interpolation(collection: Collection) -> None:
    """The chunks nearest to points on the straight line from the embedding of text A to that of text B."""
    left, right = st.columns(2)
    ends = ends_of(collection)
    start = left.text_input("Text A", ends[0], key=f"way-a-{collection.uid}", help="The text at position 0 %.")
    end = right.text_input("Text B", ends[1], key=f"way-b-{collection.uid}", help="The text at position 100 %.")
    if not start.strip() or not end.strip():
        st.info("Type two texts, then move the slider between them.")
        return
    ids, unit = vectors(collection)
    steps = walk(query_vector(collection, start)[0], query_vector(collection, end)[0], ids, unit, n_steps=_STEPS, k=3)
    position = st.slider(
        "Position between A and B", 0, 100, 0, 100 // (_STEPS - 1), format="%d %%", key="way-share",
        help="The chunks nearest to this point between the two embeddings are listed.",
    )  # fmt: skip
    show_nearest(collection, steps[round(position / 100 * (_STEPS - 1))].neighbors)
    nearest = {int(chunk_id) for step in steps for chunk_id in step.neighbors.ids[:1].tolist()}
    st.caption(f"{len(nearest)} different chunks are nearest along the way.")


require_workspace()
st.title("Vector arithmetic")
collection = require_chunks()
st.caption("Embeddings are vectors: add and subtract texts and see which chunks the result is closest to.")
show_sample_note(collection, "The results of this page")
views = {"A − B + C": show_arithmetic, "Interpolate A to B": show_interpolation}
view = st.segmented_control("View", list(views), default="A − B + C", required=True, label_visibility="collapsed")
try:
    views[view](collection)
except ExplorerError as error:
    show_error(error)
