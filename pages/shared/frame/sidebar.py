"""The sidebar: the choice of a collection, and the status of the models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from pages.shared.session.model_servers import ServerStates, server_states
from pages.shared.session.workspace import choose_collection, require_workspace
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.status_line import show_status_line
from pages.shared.widgets.storage_notes import show_read_only
from pages.shared.widgets.wording import counted
from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX
from rag.errors import ExplorerError, ModelError, OllamaAbsent
from rag.runtime.cpu import chosen_precision
from rag.runtime.last_known import Known
from rag.servers.ollama import OllamaModel
from rag.store.collection import list_collections

Item = TypeVar("Item")

_CHECKING = "Checking again."


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
        show_read_only(workspace.collection)
        _show_status()


def _show_status() -> None:
    """A status line for the embedding model and for each model server."""
    collection = require_workspace().collection
    st.subheader("Models", divider="gray")
    if collection:
        _show_embedding_model(collection.spec.embedding.model_id)
    try:
        host, url = config.ollama_host(), config.openai_url()
    except ExplorerError as error:
        show_status_line("orange", "Settings", str(error))
        return
    states = server_states(host, url)
    if not states.is_checking:
        _show_servers(host, states)
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
    _show_servers(host, states)


def _show_embedding_model(model_id: str) -> None:
    name = model_id.removeprefix("sentence-transformers/")
    try:
        precision = "" if name.startswith(OLLAMA_PREFIX) else f" Computed in {chosen_precision()}."
    except ExplorerError as error:
        show_status_line("orange", name, str(error))
        return
    show_status_line("green", name, "Embedding model", help=help_for("embedding model") + precision)


def _show_servers(host: str, states: ServerStates) -> None:
    """The status lines of the servers, and a link to the Models page if none of them can answer."""
    others = _found(states.other)
    chat_models = [model for model in _found(states.ollama) if not model.embeds_only]
    is_builtin_alone = not (chat_models or others or states.is_checking)
    _show_ollama(host, states.ollama, chat_models, is_builtin_alone=is_builtin_alone)
    if states.other:
        _show_other_server(states.other)
    if is_builtin_alone:
        st.page_link("pages/models.py", label="Set up models", icon=":material/dns:")


def _show_ollama(
    host: str, known: Known[list[OllamaModel]], chat_models: Sequence[OllamaModel], *, is_builtin_alone: bool
) -> None:
    again = f" {_CHECKING}" if known.is_checking else ""
    instead = " The built-in model answers instead." if is_builtin_alone else ""
    match known.answer:
        case None:
            show_status_line("gray", "Ollama", f"Checking {host}")
        case OllamaAbsent():
            show_status_line("gray", "Ollama", f"Not connected: no answer at {host}.{instead}{again}")
        case ModelError() as error:
            show_status_line("orange", "Ollama", f"{error}{instead}{again}")
        case _ if chat_models:
            show_status_line("green", "Ollama", f"Connected, {counted(len(chat_models), 'chat model')}{_dot(again)}")
        case _:
            show_status_line("orange", "Ollama", f"Connected, no chat model. Run: ollama pull llama3.2{_dot(again)}")


def _show_other_server(known: Known[list[str]]) -> None:
    """The status line of the OpenAI-compatible server."""
    again = f" {_CHECKING}" if known.is_checking else ""
    name = "OpenAI-compatible server"
    match known.answer:
        case None:
            show_status_line("gray", name, "Checking")
        case ModelError() as error:
            show_status_line("orange", name, f"{error}{again}")
        case names:
            sentence = f"Connected, {counted(len(names), 'model')}{_dot(again)}"
            show_status_line("green" if names else "orange", name, sentence)


def _found(known: Known[list[Item]] | None) -> list[Item]:
    """The models that the server has; empty while that is unknown."""
    return known.answer if known and isinstance(known.answer, list) else []


def _dot(again: str) -> str:
    return f".{again}" if again else ""
