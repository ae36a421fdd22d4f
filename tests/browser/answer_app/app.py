"""A page with one answer on it and something below, for the tests of how an answer is drawn."""

import streamlit as st

from pages.shared.chat.answer_text import show_answer_text
from pages.shared.session.workspace import Workspace
from tests.pages.support.hand_made_answer import NINE, TEXT, made_answer

st.session_state.setdefault("workspace", Workspace())
start = TEXT.index(NINE)


def show() -> None:
    show_answer_text(made_answer(), key="answer", differing=[(start, start + len(NINE))])
    st.text("below")
    st.button("Again")


st.navigation([st.Page(show, title="Answer", default=True), st.Page("pages/documents.py")]).run()
