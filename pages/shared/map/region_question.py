"""A form that makes a question for a chunk or a region of the map, written by a person or drafted by a model."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from pages.shared.session.person import is_editor
from pages.shared.session.resources import generator, task_board, vectors
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.exams.stored_questions import EXAM, MY_QUESTIONS
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.model_choice import answering_models, model_label
from pages.shared.widgets.passage.html import show_passage
from pages.shared.widgets.tasks import show_task
from pages.shared.widgets.wording import counted
from rag import config
from rag.conversations.recordings import RECORDED
from rag.errors import ExplorerError
from rag.evaluation.collection_exams import STORED_NAME
from rag.evaluation.drafting.copied import copied_words
from rag.evaluation.drafting.draft import Draft, as_question, draft_question
from rag.evaluation.region_question import by_centrality, written_question
from rag.evaluation.stored.questions import add_questions, stored_questions
from rag.generation.types import Generator
from rag.map.scene import preview
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Chunk

_MOST_OFFERED = 50
_PREVIEW = 70
_MUCH_COPIED = 0.6


@dataclass(frozen=True, slots=True)
class _Form:
    """The passage of the form, and the names under which the session keeps its text, its draft and its outcome."""

    collection: Collection
    chunk: Chunk
    document: str

    @property
    def key(self) -> str:
        return f"region-question-{self.collection.uid}-{self.chunk.chunk_id}"

    @property
    def text_key(self) -> str:
        return f"{self.key}-text"

    @property
    def task(self) -> str:
        session: str = st.session_state.setdefault("region-question-session", secrets.token_hex(8))
        return f"{self.key}-{session}"


@st.cache_resource(show_spinner=False)
def _drafts() -> dict[str, Draft]:
    """Drafts that a background task has written and no page has shown yet, by the key of the task."""
    return {}


def question_form(collection: Collection, chunk_ids: Sequence[int]) -> None:
    """For editors, an expander: choose the passage among these chunks, write or draft a question, and save it."""
    if not is_editor():
        return
    is_one = len(chunk_ids) == 1
    label = "Make a question for this chunk" if is_one else "Make a question for this region"
    with st.expander(label, icon=":material/add_comment:"):
        chunk = _choose_chunk(collection, chunk_ids)
        if chunk is None:
            st.caption("These chunks no longer exist. Select others.")
            return
        form = _Form(collection, chunk, collection.document_names([chunk.document_id]).get(chunk.document_id, ""))
        if not is_one:
            with st.container(height=160):
                show_passage(chunk.text)
        _take_draft(form)
        st.text_area(
            "Question that this passage answers", key=form.text_key, height=80, persist_state="session",
            placeholder="As someone would ask who does not know the passage",
        )  # fmt: skip
        _say_about_text(form)
        _show_buttons(form)
        show_task(form.task)
        _show_outcome(form)


def _choose_chunk(collection: Collection, chunk_ids: Sequence[int]) -> Chunk | None:
    """The only chunk, or a choice among the most central ones; None if none exists any more."""
    offered = _central(collection, chunk_ids) if len(chunk_ids) > 1 else list(chunk_ids)
    chunks = {chunk.chunk_id: chunk for chunk in collection.chunks(offered)}
    offered = [chunk_id for chunk_id in offered if chunk_id in chunks]
    if len(offered) < 2:
        return chunks[offered[0]] if offered else None
    more = f" The {_MOST_OFFERED} most central are offered." if len(chunk_ids) > _MOST_OFFERED else ""
    # Another selection is another control, so that its most central chunk is chosen at first.
    chosen = st.selectbox(
        "Passage", offered, format_func=lambda one: preview(chunks[one].text)[:_PREVIEW],
        key=f"region-passage-{collection.uid}-{hash(tuple(chunk_ids))}",
        help=f"The first is the most central: on average, the most similar to the others of the region.{more}",
    )  # fmt: skip
    return chunks[chosen]


def _central(collection: Collection, chunk_ids: Sequence[int]) -> list[int]:
    """The most central of these chunks, the most central first."""
    import numpy as np

    ids, unit = vectors(collection)
    rows = np.flatnonzero(np.isin(ids, np.array(chunk_ids, dtype=np.int64)))
    order: list[int] = ids[rows[by_centrality(unit[rows])[:_MOST_OFFERED]]].tolist()
    return order


def _take_draft(form: _Form) -> None:
    """Put a draft that is ready into the text field, before the field is drawn; forget one whose text was cleared."""
    if draft := _drafts().pop(form.task, None):
        st.session_state[f"{form.key}-draft"], st.session_state[form.text_key] = draft, draft.text
    elif not st.session_state.get(form.text_key, "").strip():
        st.session_state.pop(f"{form.key}-draft", None)


def _say_about_text(form: _Form) -> None:
    """Who drafted the question, and how many of its words are copied from the passage."""
    draft: Draft | None = st.session_state.get(f"{form.key}-draft")
    if draft is not None:
        st.caption(escaped(f"Drafted by {model_label(draft.model)}. Check it, and change it as you like."))
    text: str = st.session_state.get(form.text_key, "")
    if text.strip() and (share := copied_words(text, form.chunk.text).share) >= _MUCH_COPIED:
        st.markdown(
            f":orange-badge[{100 * share:.0f} % of its words are in the passage] Easy for search by words: use other "
            "words.",
            help=help_for("copied words"),
        )


def _show_buttons(form: _Form) -> None:
    models = [name for name in answering_models().names if name not in (config.BUILTIN_GENERATOR, RECORDED)]
    model = _choose_model(models)
    view = task_board().view(form.task)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Save question", type="primary", icon=":material/save:", key=f"{form.key}-save", on_click=_save,
            args=(form,), help=f"Adds it to the exam '{STORED_NAME}' of this collection. {help_for('exam')}",
        )  # fmt: skip
        st.button(
            "Draft with model", icon=":material/edit_note:", key=f"{form.key}-start",
            on_click=_start, args=(form, model), disabled=not model or (view is not None and view.is_active),
            help="The model reads the passage and writes a question; you check it before it is saved."
            if model
            else "Needs a chat model on a server, for example in Ollama. Start it with 'ollama serve'.",
        )  # fmt: skip
    if not model:
        st.caption("To draft questions, start a chat model on a server, for example in Ollama ('ollama serve').")


def _choose_model(models: Sequence[str]) -> str:
    """The server's model that drafts: the one chosen for the chat, unless another is chosen here; "" without any."""
    if len(models) < 2:
        return models[0] if models else ""
    chosen = require_workspace().generator
    model: str = st.selectbox(
        "Answering model", models, index=models.index(chosen) if chosen in models else 0, format_func=model_label,
        key="region-question-model", persist_state="session", help="Drafts the question.",
    )  # fmt: skip
    return model


def _start(form: _Form, model: str) -> None:
    """Let the model write a question in the background."""
    st.session_state.pop(f"{form.key}-outcome", None)
    stop = threading.Event()
    try:
        writer = generator(model, (config.ollama_host(), config.openai_url()))
    except ExplorerError as error:
        st.session_state[f"{form.key}-outcome"] = error
        return
    task_board().forget(form.task)
    work = partial(_draft, form.task, _drafts(), (form.chunk, form.document), writer, stop)
    task_board().start(form.task, f"{model_label(model)} writes a question", work, stop_requested=stop)


def _draft(
    key: str, drafts: dict[str, Draft], passage: tuple[Chunk, str], writer: Generator, stop: threading.Event, _: Report
) -> None:
    drafts[key] = draft_question(*passage, writer, stop)


def _save(form: _Form) -> None:
    """Store the question, or keep the error for the form."""
    text = st.session_state.get(form.text_key, "").strip()
    draft: Draft | None = st.session_state.get(f"{form.key}-draft")
    if not text:
        st.session_state[f"{form.key}-outcome"] = "Write a question first."
        return
    question = as_question(draft, text) if draft else written_question(form.chunk, form.document, text)
    folder, uid = config.data_dir(), form.collection.uid
    try:
        add_questions(folder, uid, [question])
        st.session_state[f"{form.key}-outcome"] = len(stored_questions(folder, uid))
    except ExplorerError as error:
        st.session_state[f"{form.key}-outcome"] = error
        return
    task_board().forget(form.task)
    st.session_state.pop(f"{form.key}-draft", None)
    st.session_state[form.text_key] = ""


def _show_outcome(form: _Form) -> None:
    """What came of the last click on a button of the form; a number is how many questions are stored now."""
    outcome = st.session_state.get(f"{form.key}-outcome")
    if st.session_state.get(form.text_key, "").strip() and not isinstance(outcome, ExplorerError):
        st.session_state.pop(f"{form.key}-outcome", None)
        return
    match outcome:
        case int(n):
            st.success(f"Saved to '{STORED_NAME}', which has {counted(n, 'question')} now.", icon=":material/check:")
            where = {"collection": form.collection.spec.name, EXAM: MY_QUESTIONS}
            st.page_link("pages/evaluate.py", label="Open Evaluate", icon=":material/fact_check:", query_params=where)
        case str(said):
            st.info(said, icon=":material/info:")
        case ExplorerError() as error:
            show_error(error)
