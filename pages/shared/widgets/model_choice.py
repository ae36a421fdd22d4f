"""The answering model in the sidebar: which models there are, their names on screen, and their options."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import streamlit as st

from pages.shared.session.model_servers import NotYetKnown, model_details, ollama_models, openai_models
from pages.shared.session.resources import has_recordings
from pages.shared.session.samples import SAMPLE
from pages.shared.session.workspace import Workspace
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from rag import config
from rag.conversations.recordings import RECORDED
from rag.errors import ExplorerError, ModelError
from rag.generation.generators import OLLAMA_PREFIX, OPENAI_PREFIX
from rag.generation.ranking import Candidate, Default, default_of, memory_of, ranked
from rag.generation.types import AnsweringOptions

_BUILTIN_LABEL = "Built-in (tiny demo model)"
_RECORDED_LABEL = "Sample answers (prerecorded)"
_WINDOWS = (2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072)
_KEEP_ALIVE = {"0": "do not keep", "5m": "5 minutes", "1h": "1 hour", "-1": "until Ollama stops"}


def model_label(name: str) -> str:
    """A model's name on screen."""
    names = {config.BUILTIN_GENERATOR: _BUILTIN_LABEL, RECORDED: _RECORDED_LABEL}
    return names.get(name, name.removeprefix(OLLAMA_PREFIX).removeprefix(OPENAI_PREFIX))


def generator_choices(workspace: Workspace | None = None) -> list[str]:
    """Names of the models that can answer: the servers', the fittest first, the built-in one, and, for the sample, the
    recorded answers."""
    candidates, others = _candidates()
    choices = [*(one.name for one in ranked(candidates, memory_of(config.ollama_host()))), *others]
    choices.append(config.BUILTIN_GENERATOR)
    collection = workspace.collection if workspace else None
    if collection and collection.spec.name == SAMPLE and has_recordings():
        choices.append(RECORDED)
    return choices


def _candidates() -> tuple[list[Candidate], list[str]]:
    """The answering models of the servers, and the names of those of which the server has not yet told more."""
    candidates: list[Candidate] = []
    others: list[str] = []
    host = config.ollama_host()
    # If a server does not answer, the status in the sidebar says so.
    with suppress(ModelError):
        for model in (one for one in ollama_models(host) if not one.embeds_only):
            name = OLLAMA_PREFIX + model.name
            try:
                candidates.append(Candidate(name, model.size, model_details(host, model.name).has_template))
            except ModelError:
                others.append(name)
    with suppress(ModelError):
        candidates += [Candidate(OPENAI_PREFIX + name) for name in openai_models(config.openai_url())]
    return candidates, others


def is_undecided(workspace: Workspace) -> bool:
    """Whether a server that may have the fittest model has not told of its models yet, and nobody has chosen one."""
    if workspace.generator is not None:
        return False
    host = config.ollama_host()
    questions: list[Callable[[], object]] = [partial(openai_models, config.openai_url()), partial(ollama_models, host)]
    with suppress(ModelError):
        questions += [partial(model_details, host, one.name) for one in ollama_models(host) if not one.embeds_only]
    return any(map(_is_unanswered, questions))


def _is_unanswered(question: Callable[[], object]) -> bool:
    try:
        question()
    except NotYetKnown:
        return True
    except ModelError:
        return False
    return False


def default_model() -> Default:
    """The model that answers until a person chooses one, and why a server's model was passed over."""
    return default_of(_candidates()[0], memory_of(config.ollama_host()))


def choose_generator(workspace: Workspace) -> str:
    """Show the choice of the answering model in the sidebar; returns its name."""
    choices, default = generator_choices(workspace), default_model().name
    offered = workspace.generator if workspace.generator in choices else default
    name: str = st.sidebar.selectbox(
        "Answering model",
        choices,
        index=choices.index(offered),
        format_func=model_label,
        help="Writes the answer from the retrieved passages. It is not the model that computes the embeddings.",
    )
    if name != offered:
        workspace.generator = name
    if note := _note(name):
        st.sidebar.caption(note)
    return name


def show_reason(workspace: Workspace, name: str) -> None:
    """Say why this model answers instead of a server's, with a button for that one; nothing after a person's choice."""
    default = default_model()
    if not default.reason or name != default.name or workspace.generator is not None:
        return
    other = next((one for one in generator_choices() if one != name), None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/info: {escaped(model_label(name))} answers. {escaped(default.reason)}")
        if other:
            st.button(f"Use {escaped(model_label(other))}", on_click=_use, args=(workspace, other))


def _use(workspace: Workspace, name: str) -> None:
    workspace.generator = name


def _note(name: str) -> str:
    """A sentence about the limits of this model, or an empty text."""
    if name == config.BUILTIN_GENERATOR:
        return "SmolLM2-135M, a tiny demo model inside this app. It makes mistakes; start Ollama for better answers."
    if name == RECORDED:
        return "Answers that were recorded for the questions about the sample. No model is asked."
    if not name.startswith(OLLAMA_PREFIX):
        return ""
    try:
        details = model_details(config.ollama_host(), name.removeprefix(OLLAMA_PREFIX))
    except ExplorerError:
        return ""
    if details.has_template:
        return ""
    return (
        ":orange[:material/warning:] A base model (no chat template): it continues text instead of answering. "
        'Choose a model that was trained to answer (its name often has "instruct" or "it").'
    )


def choose_options(model: str) -> AnsweringOptions:
    """Show a popover in the sidebar with the options of the answering model; returns them."""
    if model in (config.BUILTIN_GENERATOR, RECORDED):
        return AnsweringOptions()
    with st.sidebar.popover("Model settings", icon=":material/tune:", width="stretch"):
        temperature = st.slider(
            "Temperature", 0.0, 1.5, 0.0, 0.1, key="answering-temperature", persist_state="session",
            help=help_for("temperature"),
        )  # fmt: skip
        window = st.select_slider(
            "Context window", _WINDOWS, 4096, format_func="{:,} tokens".format,
            key="answering-window", persist_state="session",
            help=f"{help_for('context window')} A larger one fits more passages and takes more memory and time.",
        )  # fmt: skip
        longest = st.select_slider(
            "Max. answer length", (64, 128, 256, 512, 1024), 256, format_func="{:,} tokens".format,
            key="answering-longest", persist_state="session",
            help="A longer answer is cut off here. These tokens are reserved in the context window.",
        )  # fmt: skip
        keep_alive = "5m"
        if model.startswith(OLLAMA_PREFIX):
            keep_alive = st.selectbox(
                "Keep in memory", list(_KEEP_ALIVE), index=1, format_func=_KEEP_ALIVE.__getitem__,
                key="answering-keep", persist_state="session",
                help="How long Ollama keeps the model in memory after an answer. Loading it again takes time.",
            )  # fmt: skip
    return AnsweringOptions(temperature, window, longest, keep_alive)
