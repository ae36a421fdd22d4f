"""Export a question with its answers as one HTML report."""

from __future__ import annotations

import streamlit as st

from pages.shared.chat.answer_map import map_for
from pages.shared.widgets.model_choice import model_label
from rag.answering.types import Turn
from rag.report.html import to_html
from rag.store.collection import Collection


def offer_report(collection: Collection, turn: Turn, key_prefix: str, *, is_open: bool) -> None:
    """A button that downloads the report of a turn; disabled, and without a file, until its popover is open."""
    # The file is not made by a callback on click: while the page runs again the file's address changes, and a click
    # at that moment would be lost.
    st.download_button(
        "Export as HTML report",
        _report_of(collection, turn) if is_open else b"",
        file_name=f"{turn.question[:60]}.html",
        mime="application/octet-stream",
        key=f"{key_prefix}-report",
        icon=":material/download:",
        disabled=not is_open,
        on_click="ignore",
        help="Downloads one HTML file with the question, the answers, their sources, the prompt and the map. It opens "
        "in any browser, without this app and without a network.",
    )


def _report_of(collection: Collection, turn: Turn) -> bytes:
    """The report as a file, each answer with its position on the map."""
    maps = [map_for(one.answer, collection) for one in turn.answers]
    page = to_html(turn, collection_name=collection.spec.name, maps=maps, model_label=model_label)
    return page.encode()
