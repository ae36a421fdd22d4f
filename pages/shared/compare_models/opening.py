"""What the Compare models page opens with: a chunk and its nearest one by meaning and by words, and further chunks."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.resources import vectors
from pages.shared.widgets.common import escaped
from pages.shared.widgets.passage.html import show_passage
from rag.answering.grounding import supporting_words
from rag.map.words_and_meaning import MOST_CHUNKS, TwoNeighbors, WordsAndMeaning, words_and_meaning
from rag.store.collection import Collection

_LABEL = 36


@st.cache_resource(max_entries=4, show_spinner="Comparing meaning and words")
def _computed(path: str, uid: str, generation: int, _collection: Collection) -> WordsAndMeaning | None:
    return words_and_meaning(_collection.chunks(), vectors(_collection)[1])


def show_opening(collection: Collection) -> None:
    """The neighbors of one chunk by meaning and by words; nothing for a large collection, which would take seconds."""
    if collection.n_sampled() > MOST_CHUNKS:
        return
    found = _computed(collection.location, collection.uid, collection.generation(), collection)
    if found is None or not found.examples:
        return
    key = f"compare-example-{collection.uid}"
    number = min(int(st.session_state.get(key, 0)), len(found.examples) - 1)
    texts = _texts(collection, found.examples)
    st.info(
        f"**Example:** {found.in_words()} This chunk has another nearest neighbor by meaning than by words. "
        "Highlighted: words that both texts have.",
        icon=":material/lightbulb:",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Examples:", width="content")
        for other, one in enumerate(found.examples):
            if other != number:
                label = " ".join(texts[one.chunk_id].split())[:_LABEL]
                st.button(
                    f"{escaped(label)} …", key=f"{key}-{other}", type="tertiary", on_click=_open, args=(key, other)
                )
    _show(found.examples[number], texts)


def _open(key: str, number: int) -> None:
    st.session_state[key] = number


def _texts(collection: Collection, examples: tuple[TwoNeighbors, ...]) -> dict[int, str]:
    ids = {i for one in examples for i in (one.chunk_id, one.by_meaning, one.by_words)}
    return {chunk.chunk_id: chunk.text for chunk in collection.chunks(sorted(ids))}


def _show(one: TwoNeighbors, texts: dict[int, str]) -> None:
    with st.container(border=True):
        st.markdown("**Chunk**")
        show_passage(texts[one.chunk_id])
    nearest = (("meaning", one.by_meaning, one.meaning_score), ("words", one.by_words, one.words_score))
    for column, (name, chunk_id, score) in zip(st.columns(2), nearest, strict=True):
        with column.container(border=True):
            st.markdown(f"**Nearest by {name}**, similarity {score:.2f}")
            show_passage(texts[chunk_id], supporting_words(texts[one.chunk_id], texts[chunk_id]))
