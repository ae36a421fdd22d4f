"""Reckoning with texts: one minus another plus a third, and the way from one to another."""

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


def show_found(collection: Collection, near: Neighbors) -> None:
    """The nearest chunks as cards."""
    for hit in hits_of(collection, near.ids.tolist(), near.scores.tolist(), DenseRetriever.name):
        show_small_hit(hit)


def show_sum(collection: Collection) -> None:
    """Text A - text B + text C, and the chunks nearest to the result."""
    first, second, third = st.columns(3)
    text = first.text_input("Text A", key="sum-a", placeholder="a loan from the bank", help="Where the sum begins.")
    minus = second.text_input("minus text B", key="sum-b", placeholder="money", help="Its direction is taken away.")
    plus = third.text_input("plus text C", key="sum-c", placeholder="books", help="Its direction is added.")
    if not text.strip():
        st.info("Type a text A, then take away and add others. Try: a loan from the bank - money + books.")
        return
    ids, unit = vectors(collection)
    result = text_arithmetic(embedder(collection.spec.embedding.model_id), text, minus, plus)
    said = f"{text} − {minus}" if minus.strip() else text
    st.markdown(f"**Nearest to {escaped(f'{said} + {plus}' if plus.strip() else said)}**")
    show_found(collection, find(ids, unit, result, config.DEFAULT_K))
    st.caption(
        "With sentences this works less neatly than with single words: an embedding of a sentence mixes its subject, "
        "its style and its length."
    )


def show_way(collection: Collection) -> None:
    """The way from text A to text B: the chunks that one passes."""
    left, right = st.columns(2)
    start = left.text_input("From", key="way-a", placeholder="planets and stars", help="Where the way begins.")
    end = right.text_input("To", key="way-b", placeholder="cooking dinner", help="Where it ends.")
    if not start.strip() or not end.strip():
        st.info("Type two texts, and move the slider along the line between their embeddings.")
        return
    ids, unit = vectors(collection)
    steps = walk(query_vector(collection, start)[0], query_vector(collection, end)[0], ids, unit, n_steps=_STEPS, k=3)
    place = st.slider("How far along", 0, 100, 0, 100 // (_STEPS - 1), format="%d %%", key="way-share")
    show_found(collection, steps[round(place / 100 * (_STEPS - 1))].neighbors)
    passed = list(dict.fromkeys(int(chunk_id) for step in steps for chunk_id in step.neighbors.ids[:1].tolist()))
    st.caption(f"On the whole way, {len(passed)} different chunks are nearest in turn.")


require_workspace()
st.title("Arithmetic")
collection = require_chunks()
st.caption(
    "Embeddings are numbers, so texts can be added and subtracted. What comes out is near to some of your chunks."
)
views = {"A − B + C": show_sum, "From A to B": show_way}
view = st.segmented_control("What to do", list(views), default="A − B + C", required=True, label_visibility="collapsed")
try:
    views[view](collection)
except ExplorerError as error:
    show_error(error)
