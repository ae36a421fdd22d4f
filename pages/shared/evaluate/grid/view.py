"""Compare chunkings and models: the controls, the progress, and the results of one comparison."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.evaluate.clicks import show_problem
from pages.shared.evaluate.grid.controls import choose_plan
from pages.shared.evaluate.grid.grids import choose_grid, show_progress, start_button
from pages.shared.evaluate.grid.results import show_results
from pages.shared.evaluate.grid.setting import show_setting
from pages.shared.widgets.common import escaped
from rag.evaluation.collection_exams import CollectionExam
from rag.store.collection import Collection


def show_grid(collection: Collection, exam: CollectionExam | None) -> None:
    """Everything below the choice of the exam, which is None if there is none yet; why not was shown.

    Raises:
        ExplorerError: the collection or a result cannot be read.
    """
    if exam is not None:
        for note in exam.notes:
            st.caption(f":material/info: {escaped(note)}")
        choose_plan(collection, exam, partial(start_button, collection, exam))
    show_problem()
    loaded = choose_grid(collection)
    if loaded is None or show_progress(collection, loaded):
        return
    shown = show_results(loaded)
    if shown is not None:
        show_setting(collection, shown)
