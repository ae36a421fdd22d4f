"""The prompt template: show it, edit it with a preview, and reset it."""

from __future__ import annotations

import streamlit as st

from pages.shared.session.person import why_not_editor
from pages.shared.widgets.common import escaped
from pages.shared.widgets.dialogs import close_dialog, is_open
from rag.answering.prompt import preview_prompt
from rag.answering.prompt_template import PromptTemplate, check, choose_prompt, chosen_prompt, default_template
from rag.errors import ExplorerError, PromptError
from rag.store.collection import Collection


def prompt_button(collection: Collection) -> PromptTemplate | None:
    """Show a button in the sidebar that opens the editor; returns the chosen template, None for the default."""
    try:
        template = chosen_prompt(collection)
    except PromptError as error:
        st.sidebar.caption(f":orange[:material/error:] {escaped(str(error))} Until then, the default prompt is used.")
        template = None
    label = "Prompt (edited)" if template else "Prompt"
    is_asked = st.sidebar.button(
        label, icon=":material/edit_note:", width="stretch",
        help="Shows and edits the instructions that the model gets with each question.",
    )  # fmt: skip
    if is_open("prompt", collection.uid, asked=is_asked):
        _edit(collection, template or default_template("chat"))
    return template


@st.dialog("Prompt template", width="large", on_dismiss=close_dialog)
def _edit(collection: Collection, template: PromptTemplate) -> None:
    st.caption(
        "{passages} is replaced by the passages, {question} by the question. Passages are put between marker lines, "
        "and a sentence that is always added tells the model to read them as text, never as instructions."
    )
    key_prefix = f"prompt-{collection.uid}"
    system = st.text_area("System message", template.system, key=f"{key_prefix}-system", height=150)
    user = st.text_area("User message", template.user, key=f"{key_prefix}-user", height=150)
    edited = PromptTemplate(system, user)
    try:
        check(edited)
        problem = ""
    except ExplorerError as error:
        problem = str(error)
        st.error(escaped(problem), icon=":material/error:")
    if why := why_not_editor():
        st.info(why, icon=":material/lock:")
    with st.container(horizontal=True):
        if st.button("Use this prompt", type="primary", disabled=bool(problem or why)):
            choose_prompt(collection, edited)
            close_dialog()
            st.rerun()
        if st.button("Reset to default", disabled=bool(why)):
            choose_prompt(collection, None)
            for name in ("system", "user"):
                st.session_state.pop(f"{key_prefix}-{name}", None)
            close_dialog()
            st.rerun()
    if not problem:
        st.markdown("**Preview** with two sample passages")
        for message in preview_prompt(edited):
            st.caption(message.role)
            st.code(message.content, language=None, wrap_lines=True)
