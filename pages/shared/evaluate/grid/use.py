"""Use a setting: another search at once, or a copy of the collection with other chunks or another model."""

from __future__ import annotations

import streamlit as st

from pages.shared.evaluate.grid.controls import present_point
from pages.shared.evaluate.grid.wording import short_model, whole_name
from pages.shared.evaluate.wording import MODES
from pages.shared.session.person import is_editor
from pages.shared.session.resources import embedder
from pages.shared.session.workspace import choose_collection
from pages.shared.widgets.collections.copying import NAME_HELP, start_copy
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.dialogs import close_dialog, is_open
from pages.shared.widgets.retrieval_settings import use_mode
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.grid.plan import GridPoint
from rag.store.collection import Collection
from rag.store.names import free_name

_SAID = "grid-used"


def show_use(collection: Collection, point: GridPoint, label: str) -> None:
    """The button that uses a setting, and afterwards a sentence that says what was done."""
    present = present_point(collection)
    if point == present:
        st.button("Use this setting", disabled=True, help="This collection is already searched so.")
    elif point.storage == present.storage:
        st.button(
            "Use this setting", type="primary", icon=":material/check:", on_click=_use_mode, args=(collection, point),
            help=f"Search and Chat then search this collection by '{MODES[point.mode]}', until you close the app.",
        )  # fmt: skip
    else:
        is_asked = st.button(
            "Use this setting", type="primary", icon=":material/content_copy:", disabled=not is_editor(),
            help="Makes a new collection with these chunks and this model. This collection does not change.",
        )  # fmt: skip
        if is_open("use-setting", collection.uid, label, asked=is_asked):
            _copy(collection, point, label)
    if said := st.session_state.pop(_SAID, ""):
        st.success(said, icon=":material/check_circle:")


def _use_mode(collection: Collection, point: GridPoint) -> None:
    use_mode(collection, point.mode)
    st.session_state[_SAID] = (
        f"In this session, Search and Chat now search '{escaped(collection.spec.name)}' by **{MODES[point.mode]}**. "
        "'Search settings' there changes it again."
    )


@st.dialog("Use this setting", on_dismiss=close_dialog)
def _copy(collection: Collection, point: GridPoint, label: str) -> None:
    st.write(
        f"The stored documents are split and embedded again into a new collection, as in this setting: "
        f"{escaped(whole_name(point))}. '{escaped(collection.spec.name)}' does not change."
    )
    name = st.text_input("Name of the new collection", _proposed(collection, point), help=NAME_HELP)
    if not st.button("Make the copy", type="primary", icon=":material/content_copy:"):
        return
    try:
        copy = start_copy(collection, name, embedder(point.model_id), point.chunking)
    except ExplorerError as error:
        show_error(error)
        return
    use_mode(copy, point.mode)
    choose_collection(name)
    st.switch_page("pages/documents.py", query_params={"collection": name})


def _proposed(collection: Collection, point: GridPoint) -> str:
    """A free name that says how the copy differs: "Sample 80 tokens"."""
    present = collection.spec
    parts = [collection.spec.name[:30].rstrip(" .")]
    if point.model_id != present.embedding.model_id:
        parts.append("".join(one if one.isalnum() or one in "-_." else "-" for one in short_model(point.model_id)))
    if point.chunking.strategy != present.chunking.strategy:
        parts.append(point.chunking.strategy)
    if point.chunking.max_tokens != present.chunking.max_tokens:
        parts.append(f"{point.chunking.max_tokens} tokens")
    if len(parts) == 1:
        parts.append("copy")
    return free_name(config.data_dir(), " ".join(parts)[:60].rstrip(" ."))
