"""The one typed object a session keeps: which collection and which answering model it looks through."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.shared.samples import ensure_sample
from rag import config
from rag.collection import Collection, list_collections

_KEY = "workspace"


@dataclass(slots=True)
class Workspace:
    """The session's choices; None where there is nothing to choose."""

    collection: Collection | None = None
    generator: str | None = None


def open_workspace() -> Workspace:
    """The session's workspace, made on its first run: the sample collection is ready after it."""
    if _KEY not in st.session_state:
        ensure_sample()
        st.session_state[_KEY] = Workspace()
        choose_collection(st.query_params.get("collection"))
    return require_workspace()


def require_workspace() -> Workspace:
    """The workspace; a page opened without the frame (a deep link on a cold server) is sent to the frame first."""
    if _KEY not in st.session_state:
        st.switch_page("app.py", query_params=dict(st.query_params))
    workspace: Workspace = st.session_state[_KEY]
    return workspace


def choose_collection(name: str | None) -> None:
    """Look at this collection; at the first there is where it does not exist."""
    names = list_collections(config.data_dir())
    chosen = name if name in names else next(iter(names), None)
    workspace: Workspace = st.session_state[_KEY]
    workspace.collection = Collection.open(config.data_dir(), chosen) if chosen else None
    if chosen:
        st.query_params["collection"] = chosen
