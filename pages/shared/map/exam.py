"""A run of an exam on the map: the choice of the run, what its questions found, and the questions that failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.session.resources import embedder, index
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.exams.stored_runs import load_stored, search_names, when
from pages.shared.widgets.map_state import MapState
from pages.shared.widgets.wording import counted
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.collection_run import KEPT_HITS, CollectionRun
from rag.evaluation.coverage import Coverage, FailedQuestion, coverage_of, failed_questions
from rag.evaluation.stored.runs import run_paths
from rag.map.colours import GroupColours
from rag.map.placement import place_query
from rag.map.points import MapQuestion
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import IntArray

MARKS_TITLE = "Failed questions"
_MOST_RUNS = 20
_MOST_MARKS = 300
_NOT_FOUND, _FOUND, _HUB = "#D55E00", "#56B4E9", "#BF5FA8"
_MARKS = "map-failed"


@dataclass(frozen=True, slots=True)
class ExamOnMap:
    """A run of an exam with its `coverage` of the layout's chunks, and its failed questions.

    `marks` are the failed questions that are drawn; empty if they are switched off, or cannot be placed because of
    `problem`.
    """

    run: CollectionRun
    coverage: Coverage
    failed: tuple[FailedQuestion, ...]
    marks: tuple[MapQuestion, ...] = ()
    problem: ExplorerError | None = None

    def failed_question(self, question_id: str) -> FailedQuestion | None:
        """The failed question with this id, or None."""
        return next((one for one in self.failed if one.question.question_id == question_id), None)


def has_runs(collection: Collection) -> bool:
    """Whether a run of an exam is stored for the collection."""
    return bool(run_paths(config.data_dir(), collection.uid))


def exam_controls(collection: Collection, layout: Projection) -> ExamOnMap | None:
    """A popover with the choice of the run and the failed questions; None if no run can be read, which is said."""
    with st.popover("Exam", icon=":material/fact_check:"):
        run = _choose_run(collection)
        has_marks = st.toggle(
            "Mark failed questions", value=st.query_params.get("failed", "") != "off", key=_MARKS,
            help="A question failed if at least one search does not have its expected passage among the first k "
            "results, as on the Evaluate page. Click a mark to see what came instead.",
        )  # fmt: skip
        st.caption(
            "A failed question is a cross. Its position is estimated from the chunks most similar to it, like the star "
            "of a search."
        )
        st.page_link("pages/evaluate.py", label="Evaluate", icon=":material/fact_check:")
    if run is None:
        return None
    _keep_in_url(run, has_marks=has_marks)
    exam = ExamOnMap(run, coverage_of(run, layout.chunk_ids), failed_questions(run))
    if not has_marks:
        return exam
    try:
        return replace(exam, marks=_marks(collection, layout, run, exam.failed[:_MOST_MARKS]))
    except ExplorerError as error:
        return replace(exam, problem=error)


def forget_exam() -> None:
    """Remove the choices of this colouring from the URL, when another is chosen."""
    for name in ("run", "failed", "question"):
        st.query_params.pop(name, None)


def found_colours(title: str, coverage: Coverage) -> GroupColours:
    """Three groups: chunks that no question found, those that some found, and hubs."""
    import numpy as np

    codes = (coverage.counts > 0).astype(np.int16) + (coverage.counts >= coverage.hub_from).astype(np.int16)
    some = f"1 to {coverage.hub_from - 1} questions"
    names = ("no question", some, f"{coverage.hub_from} or more (hub)")
    return GroupColours(title, codes, names, (_NOT_FOUND, _FOUND, _HUB))


def explain_exam(collection: Collection, exam: ExamOnMap, chunk_ids: IntArray, state: MapState) -> None:
    """What the colours and marks say, and a button that selects the chunks that no question found."""
    coverage, conditions = exam.coverage, exam.run.conditions
    n = len(coverage.counts)
    k, n_searches = conditions.settings[0].k, len(conditions.settings)
    ways = "1 search" if n_searches == 1 else f"{n_searches} searches"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{counted(coverage.n_not_found, 'chunk')} of {n:,}** {'was' if coverage.n_not_found == 1 else 'were'} "
            f"found by no question. {_about_failed(exam)}",
            help=f"Found: among the first {k} results of any of {ways}, in the exam '{escaped(conditions.exam)}'. "
            f"Hubs are found by unusually many questions: {coverage.hub_from} or more, which is above the mean plus "
            "two standard deviations.",
        )
        if coverage.n_not_found:
            ids = tuple(chunk_ids[coverage.counts == 0].tolist())
            st.button(
                f"Select the {len(ids):,}", icon=":material/select_all:", on_click=_select, args=(state, ids),
                help="Lists the chunks that no question found, to make a question for them.",
            )  # fmt: skip
    if exam.problem:
        show_error(exam.problem)
    for note in _notes(collection, exam):
        st.caption(f":material/info: {note}")


def rank_words(run: CollectionRun, ranks: tuple[int | None, ...]) -> str:
    """The rank of the expected passage in each search: "Meaning 9, Words not in 20"."""
    said = [f"not in {KEPT_HITS}" if rank is None else f"{rank:,}" for rank in ranks]
    return ", ".join(f"{name} {rank}" for name, rank in zip(search_names(run), said, strict=True))


def _select(state: MapState, ids: tuple[int, ...]) -> None:
    state.selected = ids


def _about_failed(exam: ExamOnMap) -> str:
    n = len(exam.failed)
    if not any(one.is_answerable and one.question_id in exam.run.answers for one in exam.run.questions):
        return "No question asked so far has an expected passage, so none can fail."
    if not n:
        return "No question failed: every search found every expected passage."
    if not exam.marks:
        return f"{counted(n, 'question')} failed."
    shown = "" if len(exam.marks) == n else f" The {len(exam.marks):,} with the worst ranks are marked."
    return f"{counted(n, 'question')} failed (✕).{shown}"


def _notes(collection: Collection, exam: ExamOnMap) -> list[str]:
    """What limits this picture, as sentences."""
    notes = []
    if exam.run.conditions.generation != collection.generation():
        notes.append(
            "The documents have changed since this run. Chunks that were added later count as found by no question; "
            "run the exam again on the Evaluate page."
        )
    if not exam.run.is_complete:
        asked = f"{exam.coverage.n_asked:,} of {counted(len(exam.run.questions), 'question')}"
        notes.append(f"This run has asked {asked} so far.")
    return notes


def _choose_run(collection: Collection) -> CollectionRun | None:
    """The newest run that can be read and has answers, or the one of the link; a choice if there are several."""
    runs, problem = _readable(run_paths(config.data_dir(), collection.uid), st.query_params.get("run", ""))
    if not runs:
        st.warning(
            escaped(str(problem))
            if problem
            else "No question of an exam has been asked yet. Run one on the Evaluate page.",
            icon=":material/warning:",
        )
        return None
    linked = st.query_params.get("run", "")
    if linked and linked not in runs:
        st.caption(
            ":material/info: The run in the link is not one of this collection, was deleted or cannot be read. The "
            "newest one is shown."
        )
    key = f"map-run-{collection.uid}"
    if st.session_state.get(key) not in runs:
        st.session_state[key] = linked if linked in runs else next(iter(runs))
    chosen: str = st.selectbox(
        "Run", list(runs), format_func=lambda run_id: _label(runs[run_id]), key=key,
        help="The runs of the Evaluate page, the newest first.",
    )  # fmt: skip
    return runs[chosen]


def _readable(paths: list[Path], linked: str) -> tuple[dict[str, CollectionRun], ExplorerError | None]:
    """The newest runs with answers and the one with the id `linked`, by id, and the last error of a damaged one."""
    runs, problem = {}, None
    for path in [*paths[:_MOST_RUNS], *(path for path in paths[_MOST_RUNS:] if path.stem == linked)]:
        try:
            run = load_stored(path)
        except ExplorerError as error:
            problem = error
            continue
        if run.answers:
            runs[run.run_id] = run
    return runs, problem


def _label(run: CollectionRun) -> str:
    return f"{when(run)} · {run.conditions.exam}, {counted(len(run.questions), 'question')}"


def _keep_in_url(run: CollectionRun, *, has_marks: bool) -> None:
    st.query_params["run"] = run.run_id
    if has_marks:
        st.query_params.pop("failed", None)
    else:
        st.query_params["failed"] = "off"


def _marks(
    collection: Collection, layout: Projection, run: CollectionRun, failed: tuple[FailedQuestion, ...]
) -> tuple[MapQuestion, ...]:
    """The failed questions at their places on the map."""
    texts = tuple(one.question.text for one in failed)
    digest = layout.chunk_ids.tobytes(), layout.xy.tobytes()
    key = collection.location, collection.uid, collection.generation()
    places = _places(key, digest, texts, (collection, layout))
    return tuple(
        MapQuestion(
            one.question.question_id,
            one.question.text,
            f"Rank of the expected passage: {rank_words(run, one.ranks)}",
            place,
        )
        for one, place in zip(failed, places, strict=True)
        if place is not None
    )


@st.cache_data(max_entries=8, show_spinner="Placing the failed questions on the map")
def _places(
    key: tuple[str, str, int],
    digest: tuple[bytes, bytes],
    texts: tuple[str, ...],
    _parts: tuple[Collection, Projection],
) -> list[tuple[float, ...] | None]:
    collection, layout = _parts
    if not texts:
        return []
    vectors = embedder(collection.spec.embedding.model_id).encode_queries(list(texts))
    return [place_query(index(collection), vector[None, :], layout) for vector in vectors]
