"""Ingest jobs on a page: their progress, and the outcome of each file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd
import streamlit as st

from pages.shared.session.person import is_editor
from pages.shared.session.resources import embedder, ingest_jobs
from pages.shared.widgets.common import escaped
from pages.shared.widgets.wording import spoken
from rag.ingest.jobs import JobView
from rag.ingest.outcomes import IN_COLLECTION, Outcome
from rag.store.collection import Collection

_OUTCOMES: dict[Outcome, str] = {
    "failed": "not added",
    "empty": "no text found",
    "added": "added",
    "replaced": "replaced",
    "unchanged": "unchanged",
}
"""The words for each outcome, in the order in which they are listed."""
_NOT_ADDED: tuple[Outcome, ...] = ("unchanged", "empty", "failed")
_STAGES = {"reading": "Reading", "embedding": "Embedding", "storing": "Storing", "indexing": "Indexing the words of"}


def show_jobs(collection: Collection) -> None:
    """The newest job of the collection, updated while it runs; all tabs show the same."""
    jobs = ingest_jobs().of(collection.uid)
    if not jobs:
        return
    if any(job.task.is_active for job in jobs):
        _fresh(collection.uid)
        return
    show_job(jobs[0])
    if any(one.outcome in IN_COLLECTION for one in jobs[0].outcomes):
        _lead_on(collection)
    # The job has loaded the model, and only then is it known whether its cache of embeddings can be read.
    if problem := embedder(collection.spec.embedding.model_id).problem:
        st.warning(f"{problem} Nothing is lost: texts are embedded again.", icon=":material/warning:")


def _lead_on(collection: Collection) -> None:
    """Links to what can be done with the new documents."""
    where = {"collection": collection.spec.name}
    with st.container(horizontal=True):
        st.page_link("pages/map.py", label="Show on map", icon=":material/scatter_plot:", query_params=where)
        st.page_link("pages/chat.py", label="Ask a question", icon=":material/chat:", query_params=where)


@st.fragment(run_every=1.0)
def _fresh(collection_uid: str) -> None:
    jobs = ingest_jobs().of(collection_uid)
    for job in jobs:
        if job.task.is_active:
            show_job(job)
    if not any(job.task.is_active for job in jobs):
        st.rerun()


def show_job(job: JobView) -> None:
    """One job: its progress with a button to cancel it, or its result, and the outcome of each file."""
    task = job.task
    with st.container(border=True):
        st.markdown(f"**{_title(job)}** · {_state(job)}")
        if task.is_active:
            st.progress(task.share, _progress_text(job))
            # Not by a callback: that would run before it is known that the person may still make changes.
            if is_editor() and st.button(
                "Cancel", key=f"cancel-{task.key}", icon=":material/stop_circle:", disabled=task.is_stopping,
                help="Files already added are kept.",
            ):  # fmt: skip
                ingest_jobs().cancel(task.key)
        if task.error:
            st.error(escaped(task.error), icon=":material/error:")
        if job.outcomes:
            _show_outcomes(job)


def _title(job: JobView) -> str:
    """The job's task; once it is done, its result."""
    if job.task.state != "done":
        return escaped(job.task.title)
    if len(job.outcomes) == 1:
        return escaped(job.outcomes[0].path)
    n_added = sum(outcome.outcome in ("added", "replaced") for outcome in job.outcomes)
    return f"{n_added:,} of {len(job.outcomes):,} files added"


def _state(job: JobView) -> str:
    match job.task.state:
        case "waiting":
            return "waits for the job before it"
        case "running":
            found = _counts(job, _OUTCOMES)
            return f"{len(job.outcomes):,} of {job.n_files:,} files" + (f" ({found})" if found else "")
        case "stopped":
            return f"cancelled after {len(job.outcomes):,} of {job.n_files:,} files. Files already added are kept."
        case "failed":
            return _counts(job, _OUTCOMES) or "nothing was added"
        case "done":
            found = _OUTCOMES[job.outcomes[0].outcome] if len(job.outcomes) == 1 else _counts(job, _NOT_ADDED)
            return f"{found} · {spoken(job.task.seconds)}" if found else spoken(job.task.seconds)


def _counts(job: JobView, which: Iterable[Outcome]) -> str:
    """How many files had each of these outcomes: "8 added, 1 not added"."""
    counts = Counter(outcome.outcome for outcome in job.outcomes)
    return ", ".join(f"{counts[outcome]:,} {_OUTCOMES[outcome]}" for outcome in which if counts[outcome])


def _progress_text(job: JobView) -> str:
    """The present stage, the chunks per second and the time left, or what a cancelled job still waits for."""
    if job.task.is_stopping:
        return f"Cancelling. The present step is finished first: {_STAGES[job.stage].lower()} {escaped(job.name)}"
    seconds, left = job.task.seconds, job.task.seconds_left
    speed = f" · {job.chunks_embedded / seconds:,.0f} chunks/s" if seconds > 1 and job.chunks_embedded else ""
    remaining = f" · about {spoken(left)} left" if left is not None else ""
    pages = f", page {job.pages[0]:,} of {job.pages[1]:,}" if job.pages else ""
    return f"{_STAGES[job.stage]} {escaped(job.name)}{pages}{speed}{remaining}"


def _show_outcomes(job: JobView) -> None:
    order = list(_OUTCOMES)
    rows = [
        {"file": one.path, "outcome": _OUTCOMES[one.outcome], "chunks": one.chunks, "details": one.reason}
        for one in sorted(job.outcomes, key=lambda one: order.index(one.outcome))
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(38 + 35 * len(rows), 320),
        column_config={"details": st.column_config.TextColumn(width="large")},
        key=f"outcomes-{job.task.key}-{len(rows)}",
    )
