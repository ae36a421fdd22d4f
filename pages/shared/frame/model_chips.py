"""The state of the models as two chips: the one that turns text into vectors, and those that answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from pages.shared.session.model_servers import ServerStates, server_states
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.status_line import ICONS, Colour
from pages.shared.widgets.wording import counted
from rag import config
from rag.embedding.embedder import server_of
from rag.errors import ExplorerError, ModelError, OllamaAbsent
from rag.runtime.device import Device, known_device, precision_on
from rag.runtime.last_known import Known
from rag.servers.ollama import OllamaModel

Item = TypeVar("Item")
_DEVICES: dict[Device, str] = {"cpu": "the processor", "cuda": "the GPU (cuda)", "mps": "the GPU (mps)"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A state in a word or two, and in a sentence: shown on hover, below the chip if something is to be done."""

    colour: Colour
    label: str
    sentence: str


def show_model_chips() -> None:
    """The chips; while a server is asked, what is known of it, followed until it answers."""
    collection = require_workspace().collection
    if collection:
        _show(_embedding_chip(collection.spec.embedding.model_id))
    try:
        host, url = config.ollama_host(), config.openai_url()
    except ExplorerError as error:
        _show(Chip("orange", "Settings", str(error)))
        return
    states = server_states(host, url)
    if not states.is_checking:
        _show(answering_chip(host, states))
    elif states.ollama.answer is None or (states.other and states.other.answer is None):
        _follow_first(host, url, states.answers)
    else:
        _follow_again(host, url, states.answers)


@st.fragment(run_every=0.5)
def _follow_first(host: str, url: str, drawn: tuple[str, str]) -> None:
    """The status of servers that have not answered yet."""
    _follow(host, url, drawn)


@st.fragment(run_every=2.5)
def _follow_again(host: str, url: str, drawn: tuple[str, str]) -> None:
    """The last known status of servers that are asked again, which takes at most two seconds."""
    _follow(host, url, drawn)


def _follow(host: str, url: str, drawn: tuple[str, str]) -> None:
    states = server_states(host, url)
    if states.answers != drawn:
        st.rerun()
    _show(answering_chip(host, states))


def _show(chip: Chip) -> None:
    st.badge(escaped(chip.label), icon=ICONS[chip.colour], color=chip.colour, help=escaped(chip.sentence))
    if chip.colour == "orange":
        st.caption(escaped(chip.sentence))


def _embedding_chip(model_id: str) -> Chip:
    name = model_id.removeprefix("sentence-transformers/")
    try:
        if server := server_of(model_id):
            return Chip("green", name, f"{help_for('embedding model')} Computed on the server at {server}.")
        device = known_device()
        precision = precision_on(device or "cpu")
    except ExplorerError as error:
        return Chip("orange", name, str(error))
    place = _DEVICES[device] if device else "the processor, or on a GPU if PyTorch finds one"
    label = name if device in (None, "cpu") else f"{name} (GPU)"
    return Chip("green", label, f"{help_for('embedding model')} Computed in {precision} on {place}.")


def answering_chip(host: str, states: ServerStates) -> Chip:
    """Which models answer: those of the servers; if there are none, the built-in one, and why."""
    chat_models = [model for model in _found(states.ollama) if not model.embeds_only]
    n_models = len(chat_models) + len(_found(states.other))
    said = " ".join(filter(None, (_about_ollama(host, states.ollama, chat_models), _about_other(states.other))))
    if not n_models and not states.is_checking:
        said = f"{said} The built-in model answers instead."
    elif states.is_checking and "Checking" not in said:
        said = f"{said} Checking again."
    label = counted(n_models, "chat model")
    if _has_error(states):
        return Chip("orange", label if n_models else "Model server: error", said)
    if n_models:
        return Chip("green", label, said)
    return Chip("gray", "Checking the servers" if states.is_checking else "Built-in model answers", said)


def _has_error(states: ServerStates) -> bool:
    """Whether a server answered with an error; one that does not run is none."""
    answers = [states.ollama.answer, states.other.answer if states.other else None]
    return any(isinstance(answer, ModelError) and not isinstance(answer, OllamaAbsent) for answer in answers)


def _about_ollama(host: str, known: Known[list[OllamaModel]], chat_models: Sequence[OllamaModel]) -> str:
    match known.answer:
        case None:
            return f"Checking Ollama at {host}."
        case OllamaAbsent():
            return f"Ollama is not connected: no answer at {host}."
        case ModelError() as error:
            return str(error)
        case _ if chat_models:
            return f"Ollama: connected, {counted(len(chat_models), 'chat model')}."
        case _:
            return "Ollama: connected, no chat model. Run: ollama pull llama3.2."


def _about_other(known: Known[list[str]] | None) -> str:
    match known.answer if known else []:
        case None:
            return "Checking the OpenAI-compatible server."
        case ModelError() as error:
            return str(error)
        case names if known:
            return f"OpenAI-compatible server: connected, {counted(len(names), 'model')}."
        case _:
            return ""


def _found(known: Known[list[Item]] | None) -> list[Item]:
    """The models that the server has; empty while that is unknown."""
    return known.answer if known and isinstance(known.answer, list) else []
