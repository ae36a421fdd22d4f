"""What a page says where it reads a sample of the chunks, because the collection is larger than a page should hold."""

from __future__ import annotations

import streamlit as st

from rag import config
from rag.store.collection import Collection


def sample_words(collection: Collection) -> str:
    """The sample in words, "a random sample of 300,000 of the 900,000 chunks (seed 42)"; empty if it is all chunks."""
    n, n_sampled = collection.n_chunks(), collection.n_sampled()
    return "" if n_sampled == n else f"a random sample of {n_sampled:,} of the {n:,} chunks (seed {config.SEED})"


def show_sample_note(collection: Collection, what: str) -> None:
    """A sentence on the sample on which `what`, such as "The figures of this page", rest; none if it is all chunks."""
    if words := sample_words(collection):
        st.info(f"{what} rest on {words}. Search and neighbors use all chunks.", icon=":material/info:")
