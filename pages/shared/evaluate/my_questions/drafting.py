"""Draft questions with an answering model: the controls, the progress in the background, and the drafts that wait."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import streamlit as st

from pages.shared.evaluate.clicks import guarded
from pages.shared.evaluate.my_questions.review import show_review
from pages.shared.session.model_servers import model_details
from pages.shared.session.resources import generator, task_board
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.exams.stored_questions import NO_QUESTIONS, my_questions, questions_version
from pages.shared.widgets.model_choice import answering_models, model_label
from pages.shared.widgets.server_watch import ServerWatch
from pages.shared.widgets.tasks import show_task
from pages.shared.widgets.wording import counted
from rag import config
from rag.conversations.recordings import RECORDED
from rag.errors import ExplorerError
from rag.evaluation.drafting.batch import Batch, draft_questions
from rag.evaluation.drafting.sample import sample_chunks
from rag.evaluation.drafting.waiting import (
    add_draft,
    drafts_path,
    drop_decided,
    set_aside_drafts,
    stored_drafts,
)
from rag.evaluation.questions import GoldSpan
from rag.evaluation.stored.runs import run_paths
from rag.generation.generators import OLLAMA_PREFIX
from rag.runtime.background import Report
from rag.store.collection import Collection

_MOST, _USUAL = 50, 10
_SECONDS = 1.0
_ABOUT = (
    "The model reads passages from all parts of the collection and writes one question for each. Nothing enters the "
    "exam before you approve it."
)
_BUILTIN = (
    "The built-in model is too small for this: about one in five of its questions makes sense. For better ones, start "
    "Ollama ('ollama serve'), download a chat model of at least a billion parameters on the Models page, and choose it "
    "here."
)
_BASE = (
    "A base model (no chat template): most of its questions make no sense. Choose a model that was trained to follow "
    'instructions; its name often has "instruct" or "it".'
)


@st.cache_resource(show_spinner=False)
def _outcomes() -> dict[str, Batch]:
    """How the last drafting of each collection ended, by its uid."""
    return {}


def show_drafting(collection: Collection) -> None:
    """An expander with the controls, and the drafts that wait for a decision, also from an earlier start of the app."""
    watch = ServerWatch()
    key = _task_key(collection)
    view = task_board().view(key)
    is_active = view is not None and view.is_active
    label = f"Draft questions with a model{_waiting_in_words(collection)}"
    with st.expander(label, expanded=is_active or _is_latest(collection), icon=":material/edit_note:"):
        st.caption(_ABOUT)
        is_undecided = _show_controls(collection, is_active=is_active)
        show_task(key)
        if not is_active:
            _show_outcome(collection)
        # While the model writes, drafts are shown as they come.
        st.fragment(_show_drafts, run_every=_SECONDS if is_active else None)(collection)
    if is_undecided:
        watch.rerun_when_answered()


def _waiting_in_words(collection: Collection) -> str:
    """How many drafts wait, for the label; nothing if there are none, or if they cannot be read, which is shown."""
    with suppress(ExplorerError):
        drafts = stored_drafts(config.data_dir(), collection.uid)
        if n := sum(one.decision == "waiting" for one in drafts):
            return f" ({n:,} waiting)"
    return ""


def _is_latest(collection: Collection) -> bool:
    """Whether no run was made since the drafts were changed: then they are what one works on, else the results are.

    So are they while there are no questions: only runs of other questions can have been made.
    """
    runs = run_paths(config.data_dir(), collection.uid)
    if not runs or questions_version(collection) == NO_QUESTIONS:
        return True
    try:
        drafted = drafts_path(config.data_dir(), collection.uid).stat().st_mtime_ns
        return drafted > max(path.stat().st_mtime_ns for path in runs)
    except OSError:
        # No draft yet, or a run that was deleted just now.
        return False


def _show_controls(collection: Collection, *, is_active: bool) -> bool:
    """The model, how many questions, and the button; returns whether a server has yet to say which models it has."""
    workspace = require_workspace()
    models = answering_models()
    names = [name for name in models.names if name != RECORDED]
    offered = workspace.generator if workspace.generator in names else models.default.name
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            "Answering model", names, index=names.index(offered), format_func=model_label, width=300,
            key=f"drafting-model-{collection.uid}-{hash(tuple(names))}",
            help="Writes the questions. A larger model asks better questions, in other words than the passage.",
        )  # fmt: skip
        n = st.number_input(
            "Questions", 1, _MOST, _USUAL, key=f"drafting-number-{collection.uid}", persist_state="session", width=130,
            help="How many to draft. Documents with more chunks get more, and passages that have a question get none.",
        )  # fmt: skip
        st.button(
            "Start drafting", icon=":material/play_arrow:", on_click=guarded,
            args=(partial(_start, collection, model, int(n)),), disabled=is_active or models.is_undecided,
            key=f"drafting-start-{collection.uid}",
        )  # fmt: skip
    if warning := _warning(model):
        st.caption(f":orange[:material/warning:] {escaped(warning)}")
    return models.is_undecided


def _warning(model: str) -> str:
    """What is wrong with this model for drafting, as sentences; empty if nothing is known to be."""
    if model == config.BUILTIN_GENERATOR:
        return _BUILTIN
    if not model.startswith(OLLAMA_PREFIX):
        return ""
    try:
        details = model_details(config.ollama_host(), model.removeprefix(OLLAMA_PREFIX))
    except ExplorerError:
        # The sidebar says that the server does not answer.
        return ""
    return "" if details.has_template else _BASE


def _show_outcome(collection: Collection) -> None:
    """How many passages gave no question when drafting last ended, and why."""
    outcome = _outcomes().get(collection.uid)
    if outcome is not None and outcome.n_failed:
        st.caption(
            f":material/info: {counted(outcome.n_drafted, 'question')} drafted; "
            f"{counted(outcome.n_failed, 'passage')} gave no usable question. The last reason: "
            f"{escaped(outcome.problem)}"
        )


def _show_drafts(collection: Collection) -> None:
    try:
        drafts = stored_drafts(config.data_dir(), collection.uid)
    except ExplorerError as error:
        show_error(error)
        st.button(
            "Put the file aside", on_click=guarded, key=f"drafts-aside-{collection.uid}",
            args=(partial(set_aside_drafts, config.data_dir(), collection.uid),),
            help="Renames the file and begins with no drafts. Nothing is deleted.",
        )  # fmt: skip
        return
    show_review(collection, drafts)


def _start(collection: Collection, model: str, n: int) -> None:
    folder, key = config.data_dir(), _task_key(collection)
    drop_decided(folder, collection.uid)
    known = my_questions(collection)
    waiting = [one.draft for one in stored_drafts(folder, collection.uid)]
    taken = [*(span for question in known for span in question.spans), *(draft.span for draft in waiting)]
    texts = [*(question.text for question in known), *(draft.text for draft in waiting)]
    stop = threading.Event()
    work = partial(_work, folder, collection, model, n, taken, texts, stop, _outcomes())
    _outcomes().pop(collection.uid, None)
    task_board().forget(key)
    task_board().start(key, f"{model_label(model)} drafts {counted(n, 'question')}", work, stop_requested=stop)


def _work(
    folder: Path, collection: Collection, model: str, n: int, taken: Sequence[GoldSpan], texts: Sequence[str],
    stop: threading.Event, outcomes: dict[str, Batch], report: Report,
) -> None:  # fmt: skip
    # Loaded here, because it may take a while.
    writer = generator(model, (config.ollama_host(), config.openai_url()))
    chunks = sample_chunks(collection, taken, seed=config.SEED + len(taken))
    outcomes[collection.uid] = draft_questions(
        chunks, collection.document_names(), writer, partial(add_draft, folder, collection.uid), n=n, known=texts,
        report=report, stop=stop,
    )  # fmt: skip


def _task_key(collection: Collection) -> str:
    return f"drafting-{collection.uid}"
