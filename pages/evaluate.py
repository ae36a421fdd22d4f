"""The Evaluate page: ask an exam's questions with several searches, and see which finds the answers, and where not."""

from __future__ import annotations

import streamlit as st

from pages.shared.evaluate.coverage import show_coverage
from pages.shared.evaluate.exams import choose_exam, show_exam
from pages.shared.evaluate.minimum import show_minimum
from pages.shared.evaluate.questions import show_questions
from pages.shared.evaluate.results import show_results
from pages.shared.evaluate.runs import choose_run, choose_settings, show_progress, start_button
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import require_chunks, show_error
from rag.errors import ExplorerError

require_workspace()
st.title("Evaluate")
collection = require_chunks()
st.caption(
    "Did a change help? An exam asks questions whose answers are known, and measures how often, and how high up, each "
    "search finds the passage with the answer. No answering model is used."
)
try:
    row, below = st.container(horizontal=True, vertical_alignment="bottom"), st.container()
    with row:
        exam = choose_exam(collection, below)
        settings = choose_settings(collection)
        start_button(collection, exam, settings, below)
    if exam is not None:
        show_exam(collection, exam, settings)
    run = choose_run(collection)
    if run is not None and not show_progress(collection, run) and run.answers:
        show_results(run)
        show_questions(collection, run)
        show_minimum(run)
        show_coverage(collection, run)
except ExplorerError as error:
    show_error(error)
