"""The questions of a collection that people made or judged, read once for all sessions."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag import config
from rag.evaluation.questions import ExamQuestion
from rag.evaluation.stored.questions import questions_path, stored_questions
from rag.store.collection import Collection

EXAM = "exam"
"""The parameter of the Evaluate page's address that chooses an exam."""
MY_QUESTIONS = "my-questions"
"""Its value for these questions."""
NO_QUESTIONS = (0, 0)
"""The version of the questions before there are any."""


def my_questions(collection: Collection) -> tuple[ExamQuestion, ...]:
    """The questions as they are stored; read again only if their file has changed. Raises ExamError if damaged."""
    return _read(str(config.data_dir()), collection.uid, questions_version(collection))


def questions_version(collection: Collection) -> tuple[int, int]:
    """What changes when the file of questions does, also in another tab: when it was written, and its size."""
    try:
        stat = questions_path(config.data_dir(), collection.uid).stat()
    except OSError:
        return NO_QUESTIONS
    return stat.st_mtime_ns, stat.st_size


@st.cache_resource(max_entries=8, show_spinner=False)
def _read(folder: str, uid: str, version: tuple[int, int]) -> tuple[ExamQuestion, ...]:
    return stored_questions(Path(folder), uid)
