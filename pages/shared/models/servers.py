"""Where the servers of models are, set by hand, and whether they answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from pages.shared.session.model_servers import ask_anew, ollama_models, ollama_version, openai_models
from pages.shared.widgets.common import show_error
from pages.shared.widgets.status_line import counted, show_status_line
from rag import config
from rag.errors import ExplorerError, ModelError
from rag.servers.ollama import OllamaModel
from rag.settings import check_host, check_url, load_settings, save_settings

_KEY = "EXPLORER_OPENAI_KEY"
_URL = "EXPLORER_OPENAI_URL"
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _AddressField:
    """What the field for a server's address says, and how what is typed there is checked."""

    label: str
    use: str
    back: str
    placeholder: str
    help: str
    check: Callable[[str], str]


_OLLAMA = _AddressField(
    "Address of Ollama",
    "Use this host",
    "Back to the default",
    "http://127.0.0.1:11434",
    "Where Ollama listens: on this machine, or on a stronger one. Questions and passages are sent there.",
    check_host,
)
_OTHER = _AddressField(
    "Address of the server",
    "Use this server",
    "Do without it",
    "http://localhost:8080/v1",
    "Its models are then among the choices on the Chat page. Questions and passages are sent there.",
    check_url,
)


def show_ollama(host: str) -> list[OllamaModel] | None:
    """Ollama's address and how it is; returns its models, None where no server answers."""
    saved = load_settings(config.data_dir())
    models = _show_ollama_status(host)
    if (typed := _typed_address(_OLLAMA, host, is_saved=bool(saved.ollama_host))) is not None:
        save_settings(config.data_dir(), replace(saved, ollama_host=typed))
        st.rerun()
    st.caption(_origin(saved.ollama_host, "OLLAMA_HOST", "This is where Ollama listens by itself."))
    return models


def _show_ollama_status(host: str) -> list[OllamaModel] | None:
    status, refresh = st.columns([5, 1], vertical_alignment="center")
    refresh.button(
        "Refresh", icon=":material/refresh:", help="Ask the servers again.", on_click=ask_anew, width="stretch"
    )
    with status:
        try:
            models = ollama_models(host)
            version = ollama_version(host)
        except ModelError as error:
            show_status_line("gray", "Ollama", str(error))
            return None
        has = f"with {counted(len(models), 'model')}" if models else "but has no model yet: get one below"
        show_status_line("green" if models else "orange", f"Ollama {version}", f"answers at {host}, {has}")
    return models


def show_first_step() -> None:
    """What to do where no Ollama answers."""
    st.info(
        "To have better answers than the built-in model gives: install Ollama from ollama.com, run `ollama serve` in a "
        "terminal, and press Refresh. If it runs on another machine, type that machine's address above.",
        icon=":material/info:",
    )


def show_other_server() -> None:
    """The address of a server that speaks OpenAI's API, and whether it answers."""
    saved = load_settings(config.data_dir())
    url = config.openai_url()
    _show_other_status(url)
    if (typed := _typed_address(_OTHER, url, is_saved=bool(saved.openai_url))) is not None:
        save_settings(config.data_dir(), replace(saved, openai_url=typed))
        st.rerun()
    has_key = "A key is set." if config.openai_key() else "No key is set; a server of your own seldom needs one."
    origin = _origin(saved.openai_url, _URL, "No server is set.")
    st.caption(f"{origin} Its key comes from the environment variable {_KEY} only and is never saved. {has_key}")


def _show_other_status(url: str) -> None:
    if not url:
        show_status_line("gray", "No other server", "llama.cpp's server, LM Studio and vLLM speak OpenAI's API.")
        return
    try:
        names = openai_models(url)
    except ModelError as error:
        show_status_line("orange", "OpenAI-compatible server", str(error))
        return
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    listed = f": {', '.join(names[:_NAMES_SHOWN])}{more}" if names else ""
    sentence = f"answers at {url}, with {counted(len(names), 'model')}{listed}"
    show_status_line("green" if names else "orange", "OpenAI-compatible server", sentence)


def _typed_address(about: _AddressField, address: str, *, is_saved: bool) -> str | None:
    """The address that someone just chose, "" for the default, None where nothing was chosen or it is none."""
    # The key holds the address, so that the field shows a new one as soon as it counts.
    with st.form(f"form-{about.label}", border=False):
        field, buttons = st.columns([2, 1], vertical_alignment="bottom")
        typed = field.text_input(
            about.label, address, key=f"{about.label}-{address}", placeholder=about.placeholder, help=about.help
        )
        with buttons.container(horizontal=True):
            is_used = st.form_submit_button(about.use, width="stretch")
            goes_back = st.form_submit_button(about.back, disabled=not is_saved, width="stretch")
    if goes_back:
        return ""
    try:
        return about.check(typed) if is_used else None
    except ExplorerError as error:
        show_error(error)
        return None


def _origin(saved: str, variable: str, otherwise: str) -> str:
    """Where an address comes from."""
    if saved:
        return "Set on this page, and kept when the app starts again."
    if os.environ.get(variable, "").strip():
        return f"From the environment variable {variable}."
    return otherwise
