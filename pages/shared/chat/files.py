"""Files dropped on the chat box: they are added to the collection, and then the question is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.chat.asking import AnswerSettings, Question, ask, problems_shown_later
from pages.shared.chat.state import Chat
from pages.shared.session.resources import ingest_jobs
from pages.shared.widgets.adding.uploads import start_ingest, uploads_of
from pages.shared.widgets.jobs import show_job
from rag.ingest.jobs import JobView
from rag.ingest.outcomes import IN_COLLECTION


@dataclass(frozen=True, slots=True)
class DroppedFiles:
    """Files on their way into a collection: the key of their job, and the question to ask then; empty for none."""

    job: str
    question: str


def add_files(chat: Chat, files: Sequence[UploadedFile], question: str) -> None:
    """Start to add the files; `show_files` asks the question when they are there. Called from callbacks.

    A stored document with the name of a file is kept: nobody was asked whether to replace it. A file that is stored
    already is not added again.
    """
    with problems_shown_later(chat):
        stored = {document.sha256 for document in chat.collection.documents()}
        uploads = [
            replace(one, keeps_both=hashlib.sha256(one.content).hexdigest() not in stored)
            for one in uploads_of(files, {})
        ]
        job = start_ingest(chat.collection, uploads)
        st.session_state[_key(chat)] = DroppedFiles(job, question)


def is_adding(chat: Chat) -> bool:
    """Whether files of this session are being added to the collection."""
    found = _dropped(chat)
    return found is not None and found[1].task.is_active


def show_files(chat: Chat, settings: AnswerSettings) -> None:
    """The question and the progress of the files before it; when they are there, ask, and show each file's outcome."""
    if (found := _dropped(chat)) is None:
        return
    dropped, job = found
    if job.task.is_active:
        if dropped.question:
            with st.chat_message("user"):
                st.text(dropped.question)
        _follow(chat)
        return
    if dropped.question and any(one.outcome in IN_COLLECTION for one in job.outcomes):
        st.session_state[_key(chat)] = DroppedFiles(dropped.job, "")
        ask(Question(chat, settings, dropped.question))
        st.rerun()
    show_job(job)
    if dropped.question:
        st.info("No file was added, so the question was not asked.", icon=":material/info:")
        st.button("Ask it without the files", on_click=_ask_anyway, args=(chat, settings, dropped.question))


def forget_files(chat: Chat) -> None:
    """Stop showing the outcomes of the last files."""
    if not is_adding(chat):
        st.session_state.pop(_key(chat), None)


@st.fragment(run_every=0.5)
def _follow(chat: Chat) -> None:
    found = _dropped(chat)
    if found is None or not found[1].task.is_active:
        st.rerun()
    else:
        show_job(found[1])


def _ask_anyway(chat: Chat, settings: AnswerSettings, question: str) -> None:
    forget_files(chat)
    ask(Question(chat, settings, question))


def _dropped(chat: Chat) -> tuple[DroppedFiles, JobView] | None:
    """The last dropped files and their job; None if there are none, or the job is forgotten."""
    dropped: DroppedFiles | None = st.session_state.get(_key(chat))
    if dropped is None:
        return None
    jobs = ingest_jobs().of(chat.collection.uid)
    return next(((dropped, job) for job in jobs if job.task.key == dropped.job), None)


def _key(chat: Chat) -> str:
    return f"dropped-files-{chat.collection.uid}"
