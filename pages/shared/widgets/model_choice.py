"""The answering model in the sidebar: which models there are, their names on screen, and their options."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class AnsweringModels:
    """The models that can answer, by name, and the one that answers until a person chooses.

    `names` are the servers' models, the fittest first, then the built-in one and, for the sample, the recorded answers.
    `is_undecided` is true while a server that may have a fitter model than `default` has not yet told of its models.
    """

    names: tuple[str, ...]
    default: Default
    is_undecided: bool


def answering_models(workspace: Workspace | None = None) -> AnsweringModels:
    """What the servers have told so far; recorded answers only with the workspace of the sample."""
    host = config.ollama_host()
    candidates, others, is_undecided = _candidates(host)
    memory = memory_of(host)
    names = [*(one.name for one in ranked(candidates, memory)), *others, config.BUILTIN_GENERATOR]
    collection = workspace.collection if workspace else None
    if collection and collection.spec.name == SAMPLE and has_recordings():
        names.append(RECORDED)
    return AnsweringModels(tuple(names), default_of(candidates, memory), is_undecided)


def _candidates(host: str) -> tuple[list[Candidate], list[str], bool]:
    """The servers' models that are known, the names of those that are not described, and whether more may be told."""
    candidates: list[Candidate] = []
    others: list[str] = []
    is_undecided = False
    # If a server does not answer, the status in the sidebar says so.
    try:
        listed = [model for model in ollama_models(host) if not model.embeds_only]
    except ModelError as error:
        listed, is_undecided = [], isinstance(error, NotYetKnown)
    for model in listed:
        name = OLLAMA_PREFIX + model.name
        try:
            candidates.append(Candidate(name, model.size, model_details(host, model.name).has_template))
        except ModelError as error:
            others.append(name)
            is_undecided |= isinstance(error, NotYetKnown)
    try:
        candidates += [Candidate(OPENAI_PREFIX + name) for name in openai_models(config.openai_url())]
    except ModelError as error:
        is_undecided |= isinstance(error, NotYetKnown)
    return candidates, others, is_undecided


def choose_generator(workspace: Workspace, models: AnsweringModels) -> str:
    """Show the choice of the answering model in the sidebar; returns its name."""
    offered = workspace.generator if workspace.generator in models.names else models.default.name
    name: str = st.sidebar.selectbox(
        "Answering model",
        models.names,
        index=models.names.index(offered),
        format_func=model_label,
        help="Writes the answer from the retrieved passages. It is not the model that computes the embeddings.",
    )
    if name != offered:
        workspace.generator = name
    if note := _note(name):
        st.sidebar.caption(note)
    return name


def show_reason(workspace: Workspace, models: AnsweringModels, name: str) -> None:
    """Say why this model answers instead of a server's, with a button for that one; nothing after a person's choice."""
    default = models.default
    if not default.reason or name != default.name or workspace.generator is not None:
        return
    other = next((one for one in models.names if one not in (name, config.BUILTIN_GENERATOR, RECORDED)), None)
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
