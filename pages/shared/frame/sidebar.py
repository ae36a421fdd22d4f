"""The sidebar: the choice of a collection, and the status of the models."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.model_servers import ollama_models, openai_models
from pages.shared.session.workspace import choose_collection, require_workspace
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.status_line import show_status_line
from pages.shared.widgets.wording import counted
from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX
from rag.errors import ExplorerError, ModelError
from rag.runtime.cpu import chosen_precision
from rag.store.collection import list_collections


def show_sidebar() -> None:
    """The collection picker on top, the status of the models below."""
    workspace = require_workspace()
    with st.sidebar:
        names = list_collections(config.data_dir())
        current = workspace.collection.spec.name if workspace.collection else st.query_params.get("collection")
        if names:
            chosen = st.selectbox(
                "Collection",
                names,
                index=names.index(current) if current in names else 0,
                help=f"{help_for('collection')} All pages show this one.",
            )
            choose_collection(chosen)
        _show_status()


def _show_status() -> None:
    """A status line for the embedding model and for each model server."""
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
        precision = "" if name.startswith(OLLAMA_PREFIX) else f" Computed in {chosen_precision()}."
    except ExplorerError as error:
        show_status_line("orange", name, str(error))
        return
    show_status_line("green", name, "Embedding model", help=help_for("embedding model") + precision)


def _show_ollama(host: str) -> bool:
    """The status line of Ollama; returns whether it has a chat model."""
    try:
        models = [model for model in ollama_models(host) if not model.embeds_only]
    except ModelError:
        sentence = f"Not connected: no answer at {host}. The built-in model answers instead."
        show_status_line("gray", "Ollama", sentence)
        return False
    if models:
        show_status_line("green", "Ollama", f"Connected, {counted(len(models), 'chat model')}")
    else:
        show_status_line("orange", "Ollama", "Connected, no chat model. Run: ollama pull llama3.2")
    return bool(models)


def _show_other_server(url: str) -> None:
    """The status line of the OpenAI-compatible server, if a URL is set."""
    if not url:
        return
    try:
        names = openai_models(url)
    except ModelError as error:
        show_status_line("orange", "OpenAI-compatible server", str(error))
        return
    sentence = f"Connected, {counted(len(names), 'model')}"
    show_status_line("green" if names else "orange", "OpenAI-compatible server", sentence)
