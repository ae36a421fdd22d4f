"""The workspace: the collection and the answering model that a session uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st

from pages.shared.session.person import is_editor, may_enter
from pages.shared.session.samples import ensure_sample
from rag import config
from rag.errors import ExplorerError
from rag.store.collection import Collection, list_collections
from rag.store.last_used import collection_to_open, note_used

_KEY = "workspace"
_WANTED = "wanted-page"


@dataclass(slots=True)
class Workspace:
    """The choices of a session; None if there is nothing to choose. `problem` is why a collection could not be opened.

    `only` are the ids of the chunks to search, in the collection with the uid `only_of`; empty for all chunks.
    """

    collection: Collection | None = None
    generator: str | None = None
    problem: ExplorerError | None = None
    only: frozenset[int] = frozenset()
    only_of: str = ""

    def ask_only(self, collection: Collection, chunk_ids: Iterable[int]) -> None:
        """Search only these chunks of the collection from now on; without any ids, all chunks."""
        self.only, self.only_of = frozenset(map(int, chunk_ids)), collection.uid

    def asked_only(self, collection: Collection) -> frozenset[int]:
        """The chunks of this collection to search; empty for all. Some may have been deleted."""
        return self.only if self.only_of == collection.uid else frozenset()


def open_workspace() -> Workspace:
    """The workspace of the session; its first run also prepares the sample collection."""
    if _KEY not in st.session_state:
        workspace = Workspace()
        try:
            ensure_sample()
        except ExplorerError as error:
            workspace.problem = error
        st.session_state[_KEY] = workspace
        choose_collection(st.query_params.get("collection"))
    return require_workspace()


def require_workspace() -> Workspace:
    """The workspace; app.py runs first if it did not (a link on a server that just started), or for a lost login."""
    if _KEY not in st.session_state or not may_enter():
        st.session_state[_WANTED] = urlsplit(st.context.url or "").path.rpartition("/")[2]
        st.switch_page("app.py", query_params=dict(st.query_params))
    workspace: Workspace = st.session_state[_KEY]
    return workspace


def follow_deep_link(pages: Sequence[st.Page]) -> None:
    """Open the page that a link named, now that there is a workspace."""
    linked = st.session_state.pop(_WANTED, "")
    for page in pages:
        if linked and page.url_path == linked:
            st.switch_page(page, query_params=dict(st.query_params))


def choose_collection(name: str | None) -> None:
    """Open this collection; if it does not exist, the last used one. An error while opening goes to `problem`."""
    folder = config.data_dir()
    chosen = name if name in list_collections(folder) else collection_to_open(folder)
    workspace: Workspace = st.session_state[_KEY]
    if chosen is None:
        workspace.collection = None
        return
    workspace.problem = None
    st.query_params["collection"] = chosen
    try:
        workspace.collection = Collection.open(folder, chosen).sampled()
        # An empty one has nothing to open the app with, and what a reader looks at is not for everybody.
        if workspace.collection.n_chunks() and is_editor():
            note_used(folder, chosen)
    except ExplorerError as error:
        workspace.collection, workspace.problem = None, error
