"""Model servers: their URLs, set on the page, and whether they answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from pages.shared.session.model_servers import (
    NotYetKnown,
    ask_state,
    ollama_models,
    ollama_version,
    openai_models,
    refresh_servers,
)
from pages.shared.session.person import is_editor
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.status_line import show_status_line
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError, ModelError
from rag.servers.ollama import OllamaModel
from rag.settings import check_host, check_url, load_settings, save_settings

_KEY = "EXPLORER_OPENAI_KEY"
_URL = "EXPLORER_OPENAI_URL"
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _UrlField:
    """The labels of the field for a server URL, and the function that checks the typed URL."""

    label: str
    connect: str
    reset: str
    placeholder: str
    help: str
    check: Callable[[str], str]


_OLLAMA = _UrlField(
    "Ollama URL",
    "Connect",
    "Reset",
    "http://127.0.0.1:11434",
    "Where Ollama runs: on this machine or on another one. Questions and passages are sent there.",
    check_host,
)
_OTHER = _UrlField(
    "Server URL",
    "Connect to server",
    "Remove",
    "http://localhost:8080/v1",
    "Adds the models of this server to the Chat page. Questions and passages are sent there.",
    check_url,
)


@dataclass(frozen=True, slots=True)
class Found:
    """The models of the Ollama server: None if it does not answer, or, while `is_checking`, has not yet answered."""

    models: list[OllamaModel] | None
    is_checking: bool = False


def show_ollama(host: str) -> Found:
    """The status and the URL of Ollama; returns its models."""
    saved = load_settings(config.data_dir())
    found = _show_ollama_status(host)
    if (typed := _typed_url(_OLLAMA, host, is_saved=bool(saved.ollama_host))) is not None:
        save_settings(config.data_dir(), replace(saved, ollama_host=typed))
        st.rerun()
    st.caption(_origin(saved.ollama_host, "OLLAMA_HOST", "Default address."))
    return found


def _show_ollama_status(host: str) -> Found:
    status, refresh = st.columns([5, 1], vertical_alignment="center")
    refresh.button(
        "Refresh",
        icon=":material/refresh:",
        help="Checks again whether the servers answer and which models they have.",
        on_click=refresh_servers,
        width="stretch",
    )
    with status:
        try:
            models = ollama_models(host)
            ask_state(host)
        except NotYetKnown:
            show_status_line("gray", "Ollama", f"Checking {host}")
            return Found(None, is_checking=True)
        except ModelError as error:
            show_status_line("gray", "Ollama", str(error))
            return Found(None)
        none = f"no model yet{': download one below' if is_editor() else ''}"
        number = counted(len(models), "model") if models else none
        show_status_line("green" if models else "orange", _name(host), f"Connected to {host}, {number}")
    return Found(models)


def _name(host: str) -> str:
    """Ollama with its version, if the server tells it."""
    try:
        return f"Ollama {ollama_version(host)}"
    except ModelError:
        return "Ollama"


def show_first_step() -> None:
    """What to do if no Ollama server answers."""
    st.info(
        "For better answers than the built-in model gives, install Ollama from ollama.com, run `ollama serve` in a "
        "terminal, and press Refresh. If Ollama runs on another machine, enter its URL above.",
        icon=":material/info:",
    )


def show_other_server() -> None:
    """The status and the URL of an OpenAI-compatible server."""
    saved = load_settings(config.data_dir())
    url = config.openai_url()
    _show_other_status(url)
    if (typed := _typed_url(_OTHER, url, is_saved=bool(saved.openai_url))) is not None:
        save_settings(config.data_dir(), replace(saved, openai_url=typed))
        st.rerun()
    origin = _origin(saved.openai_url, _URL, "No server is set.")
    about_key = f"The API key is read from the environment variable {_KEY} only and is never saved."
    st.caption(escaped(f"{origin} {about_key} {_whether_key_is_sent(url)}"))


def _whether_key_is_sent(url: str) -> str:
    if not os.environ.get(_KEY, "").strip():
        return "No key is set; local servers seldom need one."
    if config.openai_key_for(url):
        return "A key is set."
    if not url:
        return "A key is set, and is sent nowhere."
    given_for = os.environ.get(_URL, "").strip()
    if not given_for:
        return f"A key is set, but not sent: {_URL} has to name the server that it is for."
    return (
        f"A key is set, but not sent to this server: it was given for {given_for} ({_URL}). To use it here, set {_URL} "
        "to this address and start the app again."
    )


def _show_other_status(url: str) -> None:
    if not url:
        show_status_line("gray", "Not connected", "For example llama.cpp's server, LM Studio or vLLM.")
        return
    try:
        names = openai_models(url)
    except NotYetKnown:
        show_status_line("gray", "OpenAI-compatible server", f"Checking {url}")
        return
    except ModelError as error:
        show_status_line("orange", "OpenAI-compatible server", str(error))
        return
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    listed = f": {', '.join(names[:_NAMES_SHOWN])}{more}" if names else ""
    sentence = f"Connected to {url}, {counted(len(names), 'model')}{listed}"
    show_status_line("green" if names else "orange", "OpenAI-compatible server", sentence)


def _typed_url(about: _UrlField, address: str, *, is_saved: bool) -> str | None:
    """The URL just entered; "" after a reset; None if no button was pressed or the URL is invalid."""
    is_off = config.servers_are_fixed() or not is_editor()
    # The key contains the URL, so that the field shows a new URL as soon as it is in use.
    with st.form(f"form-{about.label}", border=False):
        field, buttons = st.columns([2, 1], vertical_alignment="bottom")
        typed = field.text_input(
            about.label, address, key=f"{about.label}-{address}", placeholder=about.placeholder, help=about.help,
            disabled=is_off,
        )  # fmt: skip
        with buttons.container(horizontal=True):
            connects = st.form_submit_button(about.connect, disabled=is_off, width="stretch")
            resets = st.form_submit_button(about.reset, disabled=is_off or not is_saved, width="stretch")
    if resets:
        return ""
    try:
        return about.check(typed) if connects else None
    except ExplorerError as error:
        show_error(error)
        return None


def _origin(saved: str, variable: str, otherwise: str) -> str:
    """A sentence on where a URL comes from: this page, an environment variable, or `otherwise`."""
    if config.servers_are_fixed():
        return f"Fixed by the environment ({variable}, EXPLORER_FIXED_SERVERS): it cannot be changed here."
    if saved:
        return "Set on this page and saved."
    if os.environ.get(variable, "").strip():
        return f"From the environment variable {variable}."
    return otherwise
