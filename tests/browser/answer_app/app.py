"""A page with one answer on it and something below, for the tests of how an answer is drawn."""

from dataclasses import replace

import streamlit as st

from pages.shared.chat.answer_text import show_answer_text
from pages.shared.session.workspace import Workspace
from rag.answering.types import Support
from tests.pages.support.hand_made_answer import MARKDOWN, NINE, SENTENCES, TEXT, made_answer

st.session_state.setdefault("workspace", Workspace())
start = TEXT.index(NINE)


def show() -> None:
    if "markdown" in st.query_params:
        show_markdown()
        return
    show_answer_text(made_answer(), key="answer", differing=[(start, start + len(NINE))])
    st.text("below")
    st.button("Again")


def show_markdown() -> None:
    places = [(MARKDOWN.index(one), MARKDOWN.index(one) + len(one)) for one in SENTENCES]
    supports = tuple(Support(start, end, "supported", (0.9, 0.1), 1, (8, 58)) for start, end in places)
    show_answer_text(replace(made_answer(), text=MARKDOWN, supports=supports), key="markdown")


st.navigation([st.Page(show, title="Answer", default=True), st.Page("pages/documents.py")]).run()
