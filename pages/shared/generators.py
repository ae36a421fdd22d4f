"""Which models can answer, how they are called, and the choice among them."""

from __future__ import annotations

import streamlit as st

from pages.shared.resources import ollama_models
from pages.shared.workspace import Workspace
from rag import config
from rag.errors import OllamaError

_BUILTIN_LABEL = "Built-in (tiny demo model)"


def model_label(name: str) -> str:
    """How a model is called on screen."""
    return _BUILTIN_LABEL if name == config.BUILTIN_GENERATOR else name.removeprefix("ollama:")


def generator_choices() -> list[str]:
    """Ollama's chat models first, the built-in one last."""
    try:
        models = ollama_models(config.ollama_host())
    except OllamaError:
        return [config.BUILTIN_GENERATOR]
    return [f"ollama:{model.name}" for model in models if not model.embeds_only] + [config.BUILTIN_GENERATOR]


def choose_generator(workspace: Workspace) -> str:
    """The model that answers."""
    choices = generator_choices()
    index = choices.index(workspace.generator) if workspace.generator in choices else 0
    workspace.generator = st.sidebar.selectbox(
        "Answering model",
        choices,
        index=index,
        format_func=model_label,
        help="Writes the answer from the retrieved passages. It need not be the model that makes the embeddings.",
    )
    if workspace.generator == config.BUILTIN_GENERATOR:
        st.sidebar.caption(
            "SmolLM2-135M, a tiny demo model that runs in this app. It makes mistakes; start Ollama for better answers."
        )
    return workspace.generator
