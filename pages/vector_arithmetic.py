"""The Vector arithmetic page: add and subtract the embeddings of texts, and interpolate between two texts."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import embedder, query_vector, vectors
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped, require_chunks, show_error, show_small_hit
from rag import config
from rag.errors import ExplorerError
from rag.neighbors.arithmetic import text_arithmetic, walk
from rag.neighbors.search import Neighbors, find
from rag.retrieval.retrievers import DenseRetriever, hits_of
from rag.store.collection import Collection

_STEPS = 11


def show_nearest(collection: Collection, neighbors: Neighbors) -> None:
    """The nearest chunks as cards."""
    for hit in hits_of(collection, neighbors.ids.tolist(), neighbors.scores.tolist(), DenseRetriever.name):
        show_small_hit(hit)


def show_arithmetic(collection: Collection) -> None:
    """Text A - text B + text C, and the chunks nearest to the result."""
    first, second, third = st.columns(3)
    text = first.text_input("Text A", key="sum-a", placeholder="a loan from the bank", help="The text to start from.")
    minus = second.text_input("− B", key="sum-b", placeholder="money", help="The embedding of this text is subtracted.")
    plus = third.text_input("\\+ C", key="sum-c", placeholder="books", help="The embedding of this text is added.")
    if not text.strip():
        st.info("Type text A, then subtract B and add C. Try: a loan from the bank − money + books.")
        return
    ids, unit = vectors(collection)
    result = text_arithmetic(embedder(collection.spec.embedding.model_id), text, minus, plus)
    difference = f"{text} − {minus}" if minus.strip() else text
    formula = f"{difference} + {plus}" if plus.strip() else difference
    st.markdown(f"**Nearest to {escaped(formula)}**")
    show_nearest(collection, find(ids, unit, result, config.DEFAULT_K))
    st.caption(
        "This works better with single words than with sentences: the embedding of a sentence mixes its topic, style "
        "and length."
    )


def show_interpolation(collection: Collection) -> None:
    """The chunks nearest to points on the straight line from the embedding of text A to that of text B."""
    left, right = st.columns(2)
    start = left.text_input("Text A", key="way-a", placeholder="planets and stars", help="The text at position 0 %.")
    end = right.text_input("Text B", key="way-b", placeholder="cooking dinner", help="The text at position 100 %.")
    if not start.strip() or not end.strip():
        st.info("Type two texts, then move the slider between them. Try: planets and stars, cooking dinner.")
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
views = {"A − B + C": show_arithmetic, "Interpolate A to B": show_interpolation}
view = st.segmented_control("View", list(views), default="A − B + C", required=True, label_visibility="collapsed")
try:
    views[view](collection)
except ExplorerError as error:
    show_error(error)
