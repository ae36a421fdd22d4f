"""What a page says where it reads a sample of the chunks, because the collection is larger than a page should hold."""

from __future__ import annotations

import streamlit as st

from rag import config
from rag.store.collection import Collection


def among_words(collection: Collection) -> str:
    """What a page calls the chunks that it has read: the collection or the sample."""
    return "this collection" if collection.n_sampled() == collection.n_chunks() else "this sample"


def drawn_words(collection: Collection) -> str:
    """How many chunks a map draws."""
    n, n_sampled = collection.n_chunks(), collection.n_sampled()
    if n == n_sampled:
        return f"{n:,} chunks"
    return f"A random sample of {n_sampled:,} of the {n:,} chunks (seed {config.SEED})"


def show_sample_note(collection: Collection, what: str) -> None:
    """A sentence on the sample on which `what`, such as "The figures of this page", rest; none if it is all chunks."""
    n, n_sampled = collection.n_chunks(), collection.n_sampled()
    if n_sampled < n:
        st.info(
            f"{what} rest on a random sample of {n_sampled:,} of the {n:,} chunks (seed {config.SEED}). Search and "
            "neighbors use all chunks.",
            icon=":material/info:",
        )
