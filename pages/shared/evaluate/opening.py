"""What the Evaluate page opens with: a run, what it shows in a sentence, and further comparisons."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.evaluate.clicks import guarded
from pages.shared.evaluate.exams import (
    SAMPLE,
    STORED,
    STRUCTURE,
    UPLOAD,
    has_chosen,
    has_sample_exam,
    made_exam,
    select_exam,
)
from pages.shared.evaluate.results import measured
from pages.shared.evaluate.runs import k_key, select_run, start_run
from pages.shared.evaluate.wording import MODES, search_names
from pages.shared.session.person import is_editor
from pages.shared.widgets.common import escaped
from pages.shared.widgets.exams.stored_runs import load_stored
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.collection_exams import SAMPLE_NAME, STRUCTURE_NAME, CollectionExam
from rag.evaluation.collection_run import CollectionRun, Setting
from rag.evaluation.run_comparison import n_found
from rag.evaluation.stored.runs import run_paths
from rag.store.collection import Collection

COMPARED, SEARCHES, SETTINGS = "evaluate-what", "Searches", "Chunking and models"
"""The key of the control that says what is compared, and its two choices."""
MOST_CHUNKS = 10_000
"""A collection with more chunks has no run before it is asked for: its words may have to be indexed first."""
_MORE = 10
_MOST_CHIPS = 2


@st.cache_resource(max_entries=256, show_spinner=False)
def _first_opening(folder: str, uid: str) -> threading.Lock:
    """A lock that the first opening of the page for a collection takes and keeps, so that only one run begins."""
    return threading.Lock()


def choose_first_run(collection: Collection, below: DeltaGenerator) -> None:
    """Choose the exam of the newest run; for a collection without runs, start one of the documents' own questions.

    To be called before the exam is chosen. Nothing happens once a person or a link has chosen one.
    """
    if has_chosen(collection):
        return
    paths = run_paths(config.data_dir(), collection.uid)
    if not paths:
        _begin_first_run(collection, below)
        return
    with suppress(ExplorerError):  # A damaged run is named where runs are chosen.
        exam = load_stored(paths[0]).conditions.exam
        if exam == STRUCTURE_NAME:
            select_exam(collection, STRUCTURE)
        elif exam == SAMPLE_NAME and has_sample_exam(collection):
            select_exam(collection, SAMPLE)


def _begin_first_run(collection: Collection, below: DeltaGenerator) -> None:
    """Start a run of the questions from the documents' structure.

    That is done once while the app runs, so that deleted runs stay away. What goes wrong is shown with the errors of
    clicks; while the model is loaded, `below` says so.
    """
    folder = config.data_dir()
    if not is_editor() or not os.access(folder, os.W_OK):
        return
    if collection.n_chunks() > MOST_CHUNKS or not made_exam(collection, STRUCTURE).questions:
        return
    if _first_opening(str(folder), collection.uid).acquire(blocking=False):
        select_exam(collection, STRUCTURE)
        with below:
            settings = tuple(Setting(mode) for mode in MODES)
            guarded(partial(start_run, collection, made_exam(collection, STRUCTURE), settings))


@dataclass(frozen=True, slots=True)
class _Further:
    """A comparison that a chip offers: an exam made from the documents, and how many results count."""

    label: str
    kind: str
    exam: str
    k: int

    def is_shown_by(self, run: CollectionRun) -> bool:
        """Whether the run is this comparison."""
        return run.conditions.exam == self.exam and all(one.k == self.k for one in run.conditions.settings)


def show_opening(collection: Collection, run: CollectionRun) -> None:
    """What the run shows in one sentence; chips that compare the same searches otherwise, or other settings."""
    if found := _found(run):
        st.info(found, icon=":material/lightbulb:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Further comparisons:", width="content")
        for one in [one for one in _further(collection, run) if not one.is_shown_by(run)][:_MOST_CHIPS]:
            click = partial(guarded, partial(_compare, collection, run, one))
            st.button(one.label, key=f"evaluate-further-{one.kind}-{one.k}", type="tertiary", on_click=click)
        st.button("Other chunk sizes and models", key="evaluate-further-settings", type="tertiary", on_click=_to_grid)


def _found(run: CollectionRun) -> str:
    """How many questions the best and the worst searches find the expected passage of; empty without figures."""
    figures = measured(run).figures
    if not figures[0]:
        return ""
    counts, names = [n_found(one) for one in figures], search_names(run)
    best, worst, k = max(counts), min(counts), run.conditions.settings[0].k
    where = f"among the first {k} results" if k > 1 else "at rank 1"
    of_all = f"{best:,} of {counted(len(figures[0]), 'question')}"
    if len(names) == 1:
        said = f"**{names[0]}** has the expected passage {where} for {of_all}."
    elif best == worst:
        said = f"All searches have the expected passage {where} for {of_all}: here they do not differ."
    else:
        said = (
            f"{_joined(names, counts, best)} the expected passage {where} for {of_all}, "
            f"{_joined(names, counts, worst)} it for {worst:,}."
        )
    failures = " Below, each failed question shows what came instead." if worst < len(figures[0]) else ""
    return f"**What to see:** {said}{failures}"


def _joined(names: Sequence[str], counts: Sequence[int], count: int) -> str:
    having = [f"**{escaped(name)}**" for name, one in zip(names, counts, strict=True) if one == count]
    return f"{' and '.join(having)} {'has' if len(having) == 1 else 'have'}"


def _further(collection: Collection, run: CollectionRun) -> tuple[_Further, ...]:
    """The comparisons to offer; none for a run of questions that a person made, or to a person who may start none."""
    if run.conditions.exam not in (SAMPLE_NAME, STRUCTURE_NAME) or not is_editor():
        return ()
    k = config.DEFAULT_K
    return (
        _Further(f"The first {k} results", STRUCTURE, STRUCTURE_NAME, k),
        _Further("Only the first result", STRUCTURE, STRUCTURE_NAME, 1),
        _Further("The sample's own questions", SAMPLE, SAMPLE_NAME, k)
        if has_sample_exam(collection)
        else _Further(f"The first {_MORE} results", STRUCTURE, STRUCTURE_NAME, _MORE),
    )


def _compare(collection: Collection, shown: CollectionRun, wanted: _Further) -> None:
    """Show the stored run of this comparison, or start it, with the searches of the run that is shown."""
    exam = made_exam(collection, wanted.kind)
    settings = tuple(replace(one, k=wanted.k) for one in shown.conditions.settings)
    select_exam(collection, wanted.kind)
    st.session_state[k_key(collection)] = wanted.k
    stored = exam and _stored(collection, exam, settings)
    if stored:
        select_run(collection, stored)
    else:
        start_run(collection, exam, settings)


def _stored(collection: Collection, exam: CollectionExam, settings: tuple[Setting, ...]) -> CollectionRun | None:
    """The newest complete run of these questions over the present documents with these settings."""
    for path in run_paths(config.data_dir(), collection.uid):
        try:
            run = load_stored(path)
        except ExplorerError:
            # A damaged run is named where runs are chosen.
            continue
        has_same = run.questions == exam.questions and run.conditions.settings == settings
        if has_same and run.is_complete and run.conditions.generation == collection.generation():
            return run
    return None


def _to_grid() -> None:
    st.session_state[COMPARED] = SETTINGS


def show_without_questions(collection: Collection) -> None:
    """Why no question could be made, and the two ways to go on."""
    st.info(
        "No question could be made: what was read has no headings, question lists, terms or captions from which one "
        "follows. Make questions yourself or with a local model, or upload a file of questions.",
        icon=":material/info:",
    )
    with st.container(horizontal=True):
        st.button(
            "Make questions", type="primary", icon=":material/edit:", on_click=select_exam, args=(collection, STORED)
        )
        st.button("Upload questions", icon=":material/upload:", on_click=select_exam, args=(collection, UPLOAD))
