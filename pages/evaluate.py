"""The Evaluate page: ask an exam's questions with several searches, or with other chunks and models, and compare."""

from __future__ import annotations

import streamlit as st

from pages.shared.evaluate.coverage import show_coverage
from pages.shared.evaluate.exams import choose_exam, is_my_questions, show_exam, show_notes
from pages.shared.evaluate.grid.view import show_grid
from pages.shared.evaluate.minimum import show_minimum
from pages.shared.evaluate.my_questions.drafting import show_drafting
from pages.shared.evaluate.my_questions.exam import show_my_questions
from pages.shared.evaluate.opening import (
    COMPARED,
    SEARCHES,
    SETTINGS,
    choose_first_run,
    show_opening,
    show_without_questions,
)
from pages.shared.evaluate.questions import show_questions
from pages.shared.evaluate.results import show_results
from pages.shared.evaluate.runs import choose_run, choose_settings, show_progress, start_button
from pages.shared.session.person import why_not_editor
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import show_error
from rag.errors import ExplorerError

require_workspace()
st.title("Evaluate")
collection = require_chunks()
st.caption(
    "Did a change help? An exam asks questions whose answers are known, and measures how often, and how high up, each "
    "search finds the passage with the answer. No model writes answers here."
)
if why := why_not_editor():
    st.caption(f":material/lock: {why}")
st.session_state.setdefault(COMPARED, SEARCHES)
what = st.segmented_control(
    "Compare", [SEARCHES, SETTINGS], required=True, key=COMPARED, persist_state="session",
    help="Searches: the ways to search this collection as it is. Chunking and models: also other chunk sizes, "
    "strategies and embedding models, each on a temporary copy.",
)  # fmt: skip
try:
    row, below = st.container(horizontal=True, vertical_alignment="bottom"), st.container()
    if what == SEARCHES:
        choose_first_run(collection, below)
    with row:
        exam = choose_exam(collection, below)
        if what == SEARCHES:
            settings = choose_settings(collection)
            start_button(collection, exam, settings, below)
    if what == SETTINGS:
        show_grid(collection, exam)
        st.stop()
    if is_my_questions(collection):
        show_my_questions(collection, exam, settings)
        if not why:
            show_drafting(collection)
    elif exam is not None and exam.questions:
        show_exam(collection, exam, settings)
    elif exam is not None:
        show_notes(exam)
        show_without_questions(collection)
    can_start = exam is not None and bool(exam.questions) and bool(settings) and not why
    run = choose_run(collection, can_start=can_start)
    if run is not None and not show_progress(collection, run) and run.answers:
        show_opening(collection, run)
        show_results(run)
        show_questions(collection, run)
        show_minimum(run)
        show_coverage(collection, run)
except ExplorerError as error:
    show_error(error)
