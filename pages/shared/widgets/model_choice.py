"""Which models can answer, how they are called, and how the chosen one is asked to."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.shared.session.model_servers import model_details, ollama_models, openai_models
from pages.shared.session.resources import has_recordings
from pages.shared.session.samples import NAME as SAMPLE
from pages.shared.session.workspace import Workspace
from rag import config
from rag.conversations.recordings import RECORDED
from rag.errors import ExplorerError, ModelError
from rag.generation.generators import OLLAMA_PREFIX, OPENAI_PREFIX
from rag.generation.types import AnsweringOptions

_BUILTIN_LABEL = "Built-in (tiny demo model)"
_RECORDED_LABEL = "Recorded answers (no model)"
_WINDOWS = (2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072)
_KEEP_ALIVE = {"0": "not at all", "5m": "5 minutes", "1h": "1 hour", "-1": "until Ollama ends"}


def model_label(name: str) -> str:
    """How a model is called on screen."""
    names = {config.BUILTIN_GENERATOR: _BUILTIN_LABEL, RECORDED: _RECORDED_LABEL}
    return names.get(name, name.removeprefix(OLLAMA_PREFIX).removeprefix(OPENAI_PREFIX))


def generator_choices(workspace: Workspace | None = None) -> list[str]:
    """Ollama's chat models first, then those of another server, then the built-in one; for the sample, recordings."""
    choices: list[str] = []
    # Where a server does not answer, the sidebar's status says so.
    with suppress(ModelError):
        models = ollama_models(config.ollama_host())
        choices += [OLLAMA_PREFIX + model.name for model in models if not model.embeds_only]
    with suppress(ModelError):
        choices += [OPENAI_PREFIX + name for name in openai_models(config.openai_url())]
    choices.append(config.BUILTIN_GENERATOR)
    collection = workspace.collection if workspace else None
    if collection and collection.spec.name == SAMPLE and has_recordings():
        choices.append(RECORDED)
    return choices


def choose_generator(workspace: Workspace) -> str:
    """The model that answers."""
    choices = generator_choices(workspace)
    index = choices.index(workspace.generator) if workspace.generator in choices else 0
    workspace.generator = st.sidebar.selectbox(
        "Answering model",
        choices,
        index=index,
        format_func=model_label,
        help="Writes the answer from the retrieved passages. It need not be the model that makes the embeddings.",
    )
    if note := _note(workspace.generator):
        st.sidebar.caption(note)
    return workspace.generator


def _note(name: str) -> str:
    """What one should know of a model before one trusts it."""
    if name == config.BUILTIN_GENERATOR:
        return "SmolLM2-135M, a tiny demo model inside this app. It makes mistakes; start Ollama for better answers."
    if name == RECORDED:
        return "Answers that were written and kept beforehand, for the sample's own questions. No model is asked."
    if not name.startswith(OLLAMA_PREFIX):
        return ""
    try:
        details = model_details(config.ollama_host(), name.removeprefix(OLLAMA_PREFIX))
    except ExplorerError:
        return ""
    if details.has_template:
        return ""
    return (
        ":orange[:material/warning:] A base model, without a chat template: it continues a text rather than answers. "
        'Choose one that was trained to answer (often called "instruct" or "it").'
    )


def choose_options(model: str) -> AnsweringOptions:
    """A popover in the sidebar with everything that decides how the model is asked."""
    if model in (config.BUILTIN_GENERATOR, RECORDED):
        return AnsweringOptions()
    with st.sidebar.popover("Answering", icon=":material/tune:", width="stretch"):
        temperature = st.slider(
            "Temperature", 0.0, 1.5, 0.0, 0.1, key="answering-temperature", persist_state="session",
            help="0 takes the likeliest word each time, so the same question gets the same answer. More is freer.",
        )  # fmt: skip
        window = st.select_slider(
            "Context window", _WINDOWS, 4096, format_func="{:,} tokens".format,
            key="answering-window", persist_state="session",
            help="Prompt and answer together. More passages and history fit; the model needs more memory and time.",
        )  # fmt: skip
        longest = st.select_slider(
            "Longest answer", (64, 128, 256, 512, 1024), 256, format_func="{:,} tokens".format,
            key="answering-longest", persist_state="session",
            help="An answer is cut there. The room is taken from the context window.",
        )  # fmt: skip
        keep_alive = "5m"
        if model.startswith(OLLAMA_PREFIX):
            keep_alive = st.selectbox(
                "Keep in memory", list(_KEEP_ALIVE), index=1, format_func=_KEEP_ALIVE.__getitem__,
                key="answering-keep", persist_state="session",
                help="How long Ollama keeps the model loaded after an answer. Loading it again takes time.",
            )  # fmt: skip
    return AnsweringOptions(temperature, window, longest, keep_alive)
