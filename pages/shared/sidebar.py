"""The sidebar: which collection, and how the models are."""

from __future__ import annotations

import streamlit as st

from pages.shared.resources import ollama_models
from pages.shared.workspace import choose_collection, require_workspace
from rag import config
from rag.collection import list_collections
from rag.cpu import chosen_precision
from rag.embedding import OLLAMA_PREFIX
from rag.errors import ExplorerError, OllamaError


def show_sidebar() -> None:
    """The collection picker on top, the models' status below."""
    workspace = require_workspace()
    with st.sidebar:
        names = list_collections(config.data_dir())
        current = workspace.collection.spec.name if workspace.collection else st.query_params.get("collection")
        if names:
            chosen = st.selectbox(
                "Collection",
                names,
                index=names.index(current) if current in names else 0,
                help="Everything you see comes from this collection of documents.",
            )
            choose_collection(chosen)
        show_status()


def show_status() -> None:
    """A dot, a name and a sentence for the embedding model and for Ollama."""
    collection = require_workspace().collection
    st.subheader("Models", divider="gray")
    if collection:
        _show_embedding_model(collection.spec.embedding.model_id)
    host = config.ollama_host()
    try:
        models = [model for model in ollama_models(host) if not model.embeds_only]
    except OllamaError:
        _status("gray", "Ollama", f"does not answer at {host}. The tiny built-in model answers instead.")
        return
    if models:
        _status("green", "Ollama", f"answers, with {len(models)} model{'s' * (len(models) > 1)} for chat")
    else:
        _status("orange", "Ollama", "answers, but has no chat model. Run: ollama pull llama3.2")


def _show_embedding_model(model_id: str) -> None:
    name = model_id.removeprefix("sentence-transformers/")
    try:
        how = "" if name.startswith(OLLAMA_PREFIX) else f", computed in {chosen_precision()}"
    except ExplorerError as error:
        _status("orange", name, str(error))
        return
    _status("green", name, f"turns this collection's text into embeddings{how}")


def _status(color: str, name: str, sentence: str) -> None:
    dot = {"green": ":material/check_circle:", "orange": ":material/error:", "gray": ":material/circle:"}[color]
    st.markdown(f":{color}[{dot}] **{name}**")
    st.caption(sentence)
