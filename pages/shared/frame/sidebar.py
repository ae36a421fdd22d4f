"""The sidebar: which collection, and how the models are."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.model_servers import ollama_models, openai_models
from pages.shared.session.workspace import choose_collection, require_workspace
from pages.shared.widgets.status_line import counted, show_status_line
from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX
from rag.errors import ExplorerError, ModelError
from rag.runtime.cpu import chosen_precision
from rag.store.collection import list_collections


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
    """A dot, a name and a sentence for the embedding model and for each server of models."""
    collection = require_workspace().collection
    st.subheader("Models", divider="gray")
    if collection:
        _show_embedding_model(collection.spec.embedding.model_id)
    try:
        has_chat_model = _show_ollama(config.ollama_host())
        _show_other_server(config.openai_url())
    except ExplorerError as error:
        show_status_line("orange", "Settings", str(error))
        return
    if not has_chat_model:
        st.page_link("pages/models.py", label="Set up models", icon=":material/dns:")


def _show_embedding_model(model_id: str) -> None:
    name = model_id.removeprefix("sentence-transformers/")
    try:
        how = "" if name.startswith(OLLAMA_PREFIX) else f", computed in {chosen_precision()}"
    except ExplorerError as error:
        show_status_line("orange", name, str(error))
        return
    show_status_line("green", name, f"turns this collection's text into embeddings{how}")


def _show_ollama(host: str) -> bool:
    """Whether it has a model for chat."""
    try:
        models = [model for model in ollama_models(host) if not model.embeds_only]
    except ModelError:
        sentence = f"does not answer at {host}. The tiny built-in model answers instead."
        show_status_line("gray", "Ollama", sentence)
        return False
    if models:
        show_status_line("green", "Ollama", f"answers, with {counted(len(models), 'model')} for chat")
    else:
        show_status_line("orange", "Ollama", "answers, but has no chat model. Run: ollama pull llama3.2")
    return bool(models)


def _show_other_server(url: str) -> None:
    """Nothing where no address is set."""
    if not url:
        return
    try:
        names = openai_models(url)
    except ModelError as error:
        show_status_line("orange", "OpenAI-compatible server", str(error))
        return
    sentence = f"answers, with {counted(len(names), 'model')}"
    show_status_line("green" if names else "orange", "OpenAI-compatible server", sentence)
