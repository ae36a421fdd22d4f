"""Model downloads from Ollama's library: choose a model, follow the progress, see the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.shared.session.model_servers import downloads, refresh_servers
from pages.shared.widgets.common import escaped
from pages.shared.widgets.wording import spoken
from rag.servers.downloads import DownloadView
from rag.servers.ollama import OllamaModel

_MEGABYTE = 1e6
_GIGABYTE = 1e9


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model of Ollama's library with its approximate size in bytes and its use."""

    name: str
    size: float
    good_for: str


SUGGESTIONS = (
    Suggestion("nomic-embed-text", 0.27e9, "embeddings of English text; any machine"),
    Suggestion("qwen3:0.6b", 0.52e9, "chat with reasoning; any machine"),
    Suggestion("gemma3:1b", 0.82e9, "chat; 4 GB of memory"),
    Suggestion("bge-m3", 1.2e9, "embeddings in many languages; 4 GB of memory"),
    Suggestion("llama3.2:1b", 1.3e9, "chat; 4 GB of memory"),
    Suggestion("llama3.2:3b", 2.0e9, "chat, clearly better; 8 GB of memory"),
    Suggestion("gemma3:4b", 3.3e9, "chat in many languages; 8 GB of memory, slow without a graphics card"),
)
_LABELS = {one.name: f"{one.name} · about {one.size / _GIGABYTE:.1f} GB · {one.good_for}" for one in SUGGESTIONS}


def show_get_model(host: str, models: Sequence[OllamaModel] | None) -> None:
    """A field for the name of a model with suggestions, the smallest first, and the downloads below it."""
    choose, get = st.columns([5, 1], vertical_alignment="bottom")
    name = choose.selectbox(
        "Model",
        [one.name for one in SUGGESTIONS],
        index=None,
        format_func=lambda name: _LABELS.get(name, name),
        accept_new_options=True,
        placeholder="Choose one, or type a name from ollama.com/library",
        key="model-to-get",
        help="Ollama saves the model on its disk. Larger models answer better and need more memory and time.",
    )
    wanted = (name or "").strip()
    cannot = models is None or not wanted
    if get.button("Download", type="primary", icon=":material/download:", disabled=cannot, width="stretch"):
        downloads().start(host, wanted, refresh_servers)
    st.caption(_advice(models))
    _show_downloads()


def _advice(models: Sequence[OllamaModel] | None) -> str:
    if models is None:
        return "Ollama downloads the models, so it has to run first."
    return (
        "Sizes and memory are approximate. A download continues when you leave this page; a stopped one can be resumed."
    )


def _show_downloads() -> None:
    """Each download, kept fresh while one is under way."""
    if any(view.task.is_active for view in downloads().views()):
        _fresh()
    else:
        _show_all()


@st.fragment(run_every=0.5)
def _fresh() -> None:
    if not any(view.task.is_active for view in downloads().views()):
        st.rerun()
    _show_all()


def _show_all() -> None:
    for view in downloads().views():
        said, act = st.columns([5, 1], vertical_alignment="center")
        with said:
            _show(view)
        key = view.task.key
        if view.task.is_active:
            act.button(
                "Stop", key=f"stop-{key}", icon=":material/stop_circle:", width="stretch",
                on_click=downloads().stop, args=(key,),
            )  # fmt: skip
        else:
            act.button(
                "Close", key=f"close-{key}", icon=":material/close:", width="stretch",
                on_click=downloads().forget, args=(key,),
            )  # fmt: skip


def _show(view: DownloadView) -> None:
    name = escaped(view.name)
    match view.task.state:
        case "waiting":
            st.progress(0.0, f"{name}: waiting for the previous download")
        case "running":
            st.progress(view.task.share, f"{name} · {escaped(progress_words(view))}")
        case "failed":
            st.error(escaped(view.task.error), icon=":material/error:")
        case "stopped":
            st.info(f"{name} was stopped. Download it again to resume.", icon=":material/info:")
        case "done":
            st.success(f"{name} is installed.", icon=":material/check_circle:")


def progress_words(view: DownloadView) -> str:
    """Bytes loaded, rate and time left; the server's status while the size is unknown."""
    if not view.total_bytes:
        return view.status or "asking Ollama"
    there = f"{_size(view.completed_bytes)} of {_size(view.total_bytes)}"
    if view.completed_bytes >= view.total_bytes:
        return f"{there} · {view.status}"
    speed = f" · {view.bytes_per_second / _MEGABYTE:.1f} MB/s" if view.bytes_per_second is not None else ""
    left = f" · about {spoken(view.seconds_left)} left" if view.seconds_left is not None else ""
    return there + speed + left


def _size(n_bytes: int) -> str:
    return f"{n_bytes / _GIGABYTE:.2f} GB" if n_bytes >= _GIGABYTE else f"{n_bytes / _MEGABYTE:.0f} MB"
