"""A question, its answers and what they were made of, as one file to send around."""

from __future__ import annotations

import streamlit as st

from pages.shared.chat.answer_map import map_for
from pages.shared.widgets.model_choice import model_label
from rag.answering.types import Turn
from rag.report.story import story_html
from rag.store.collection import Collection


def offer_story(collection: Collection, turn: Turn, own: str, *, is_seen: bool) -> None:
    """A button that saves the story of a turn; while it is not seen the file is not made, and nothing can be saved."""
    # Not a function that makes the file on a click: while the page runs again its name is another one, and a click
    # in that moment is lost without a word.
    st.download_button(
        "Save story", story_of(collection, turn) if is_seen else b"", file_name=f"{turn.question[:60]}.html",
        mime="application/octet-stream", key=f"{own}-story", icon=":material/download:", disabled=not is_seen,
        on_click="ignore", help="One HTML file with question, answer, citations, prompt and map. It works without "
        "this app and a network.",
    )  # fmt: skip


def story_of(collection: Collection, turn: Turn) -> bytes:
    """The file: each answer of the turn with its place on the map."""
    maps = [map_for(one.answer, collection) for one in turn.answers]
    page = story_html(turn, collection_name=collection.spec.name, maps=maps, model_label=model_label)
    return page.encode()
