"""A collection from before context lines: propose a copy with them."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared.session.resources import embedder
from pages.shared.session.workspace import choose_collection
from pages.shared.widgets.collections.copying import start_copy
from pages.shared.widgets.common import show_error
from pages.shared.widgets.glossary import help_for
from rag import config
from rag.errors import ExplorerError
from rag.store.collection import Collection
from rag.store.names import free_name

_HEADING = 6
"""The position of the headings in a row of a chunk."""


@st.cache_resource(max_entries=8, show_spinner=False)
def _has_headings(path: str, uid: str, generation: int, _collection: Collection) -> bool:
    return any(row[_HEADING] for row in _collection.chunk_properties())


def offer_context_lines(collection: Collection) -> None:
    """If the chunks have headings but no context lines: a sentence, and a button that makes a copy with them."""
    if collection.spec.chunking.context:
        return
    if not _has_headings(collection.location, collection.uid, collection.generation(), collection):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            ":material/short_text: The chunks of this collection have no context lines, so the model does not read "
            "the headings above them.",
            help=help_for("context line"),
        )
        label = "Copy with context lines"
        if st.button(label, icon=":material/content_copy:", help="This collection does not change."):
            name = free_name(config.data_dir(), f"{collection.spec.name} with context")
            try:
                chunking = replace(collection.spec.chunking, context=True)
                start_copy(collection, name, embedder(collection.spec.embedding.model_id), chunking)
                choose_collection(name)
                st.rerun()
            except ExplorerError as error:
                show_error(error)
