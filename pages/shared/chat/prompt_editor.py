"""The wording of the prompt: read, changed, tried out, and put back."""

from __future__ import annotations

import streamlit as st

from pages.shared.widgets.common import escaped
from rag.answering.prompt import preview_prompt
from rag.answering.prompt_template import PromptTemplate, check, choose_prompt, chosen_prompt, default_template
from rag.errors import ExplorerError, PromptError
from rag.store.collection import Collection


def prompt_button(collection: Collection) -> PromptTemplate | None:
    """A button in the sidebar that opens the editor, and the wording chosen; None for the project's own."""
    try:
        template = chosen_prompt(collection)
    except PromptError as error:
        st.sidebar.caption(f":orange[:material/error:] {escaped(str(error))} Until then, the original is used.")
        template = None
    label = "Prompt (changed)" if template else "Prompt"
    if st.sidebar.button(
        label, icon=":material/edit_note:", width="stretch", help="What the model is told, word for word."
    ):
        _edit(collection, template or default_template("chat"))
    return template


@st.dialog("What the model is told", width="large")
def _edit(collection: Collection, template: PromptTemplate) -> None:
    st.caption(
        "The passages stand where {passages} is, the question where {question} is. Passages are fenced, and a sentence "
        "that is always added tells the model that they are material to read, never instructions."
    )
    own = f"prompt-{collection.uid}"
    system = st.text_area("System message", template.system, key=f"{own}-system", height=150)
    user = st.text_area("Question message", template.user, key=f"{own}-user", height=150)
    edited = PromptTemplate(system, user)
    try:
        check(edited)
        problem = ""
    except ExplorerError as error:
        problem = str(error)
        st.error(escaped(problem), icon=":material/error:")
    with st.container(horizontal=True):
        if st.button("Use it", type="primary", disabled=bool(problem)):
            choose_prompt(collection, edited)
            st.rerun()
        if st.button("Back to the original"):
            choose_prompt(collection, None)
            for name in ("system", "user"):
                st.session_state.pop(f"{own}-{name}", None)
            st.rerun()
    if not problem:
        st.markdown("**Preview**, with two made-up passages")
        for message in preview_prompt(edited):
            st.caption(message.role)
            st.code(message.content, language=None, wrap_lines=True)
