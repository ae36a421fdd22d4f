"""Chat over retrieved context."""

from __future__ import annotations

import streamlit as st

from pages.shared.answer_view import show_answer
from pages.shared.components import escaped, require_chunks, show_error
from pages.shared.generators import choose_generator
from pages.shared.resources import embedder, generator
from pages.shared.retrieval_view import choose_settings, retriever_for
from pages.shared.samples import NAME as SAMPLE
from pages.shared.workspace import Workspace, require_workspace
from rag import config
from rag.answer import answer_question
from rag.chat_types import Answer
from rag.collection import Collection
from rag.errors import ExplorerError
from rag.retrieval_settings import NothingFound, RetrievalSettings

_WHATEVER = "ask-whatever-is-found"


def chosen_chunks(workspace: Workspace, collection: Collection) -> frozenset[int] | None:
    """The chunks selected on the map, as far as they are still there, with a way back to all; None for all."""
    selected = workspace.asked_only(collection)
    if not selected:
        return None
    left = selected.intersection(collection.chunk_ids().tolist())
    counted = "the 1 chunk" if len(left) == 1 else f"the {len(left):,} chunks"
    with st.container(horizontal=True, vertical_alignment="center"):
        if left:
            st.caption(f"Answers come from {counted} selected on the map.")
        else:
            st.warning("The chunks selected on the map are not in the collection any more.", icon=":material/warning:")
        if st.button("Use all chunks"):
            workspace.ask_only(collection, ())
            st.rerun()
    return left


def ask(
    collection: Collection, question: str, model: str, only: frozenset[int] | None, settings: RetrievalSettings,
    *, whatever: bool,
) -> Answer | None:  # fmt: skip
    """Stream an answer into a placeholder; an error is shown in its place, with what was streamed kept.

    Where no passage is similar enough, no model is asked, unless the person wants an answer `whatever` is found.
    """
    text = ""
    placeholder = st.empty()
    try:
        pieces = answer_question(
            question,
            retriever=retriever_for(collection, settings, only),
            embedder=embedder(collection.spec.embedding.model_id),
            generator=generator(model, config.ollama_host()),
            k=settings.k,
            minimum=None if whatever else settings.minimum or None,
        )
        with st.spinner("Reading the passages", show_time=True):
            for piece in pieces:
                if isinstance(piece, Answer):
                    placeholder.empty()
                    return piece
                text += piece
                placeholder.text(text)
    except NothingFound as error:
        st.info(escaped(str(error)), icon=":material/search_off:")
        st.button("Ask the model all the same", on_click=_ask_again, args=(question,))
    except ExplorerError as error:
        show_error(error)
    return None


def _ask_again(question: str) -> None:
    st.session_state[_WHATEVER] = question


def was_counted(collection: Collection, answer: Answer) -> bool:
    """Count the chunks that the model was shown as retrieved; where that fails, show why, below the answer."""
    try:
        collection.count_retrieved([hit.chunk.chunk_id for hit in answer.prompt.hits])
    except ExplorerError as error:
        show_answer(answer)
        show_error(error)
        return False
    return True


workspace = require_workspace()
st.title("Chat")
collection = require_chunks()
st.caption("Ask about your documents. The nearest passages are given to a model, and the answer shows its sources.")
model = choose_generator(workspace)
settings = choose_settings(collection)
only = chosen_chunks(workspace, collection)
history: list[Answer] = st.session_state.setdefault(f"answers-{collection.uid}", [])
for answer in history:
    with st.chat_message("user"):
        st.text(answer.question)
    with st.chat_message("assistant"):
        show_answer(answer)
if not history and collection.spec.name == SAMPLE:
    st.info("Try: How many days of paid leave do full-time staff have?", icon=":material/lightbulb:")
typed = st.chat_input("Ask the collection", disabled=only is not None and not only)
again = st.session_state.pop(_WHATEVER, None)
if question := typed or again:
    with st.chat_message("user"):
        st.text(question)
    with st.chat_message("assistant"):
        if answer := ask(collection, question, model, only, settings, whatever=typed is None):
            history.append(answer)
            if was_counted(collection, answer):
                st.rerun()
