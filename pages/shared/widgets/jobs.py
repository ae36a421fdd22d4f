"""Background ingests on a page: how far they are, and what became of each file."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from pages.shared.session.resources import embedder, job_board
from pages.shared.widgets.common import escaped
from rag.ingest_jobs import JobView
from rag.store.collection import Collection

_WORDS = {"reading": "Reading", "embedding": "Embedding", "storing": "Storing"}


def show_jobs(collection: Collection) -> None:
    """The newest job of the collection, kept fresh while it runs; another tab shows the same."""
    jobs = job_board().of(collection.uid)
    if not jobs:
        return
    if any(job.is_active for job in jobs):
        _fresh(collection.uid)
        return
    _show(jobs[0])
    # The job has loaded the model, and what it remembers of earlier texts may have been unusable.
    if problem := embedder(collection.spec.embedding.model_id).problem:
        st.warning(f"{problem} Nothing is lost: texts are embedded anew.", icon=":material/warning:")


@st.fragment(run_every=1.0)
def _fresh(collection_uid: str) -> None:
    jobs = job_board().of(collection_uid)
    for job in jobs:
        if job.is_active:
            _show(job)
    if not any(job.is_active for job in jobs):
        st.rerun()


def _show(job: JobView) -> None:
    with st.container(border=True):
        st.markdown(f"**{escaped(job.title)}** · {_state(job)}")
        if job.is_active:
            share = job.bytes_done / job.bytes_total if job.bytes_total else 0.0
            st.progress(min(share, 1.0), _doing(job))
            if st.button(
                "Cancel", key=f"cancel-{job.job_id}", icon=":material/stop_circle:", help="What is in stays in."
            ):
                job_board().cancel(job.job_id)
        if job.error:
            st.error(escaped(job.error), icon=":material/error:")
        if job.outcomes:
            _show_outcomes(job)


def _state(job: JobView) -> str:
    counts = Counter(outcome.outcome for outcome in job.outcomes)
    found = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())
    match job.state:
        case "waiting":
            return "waits for the job before it"
        case "running":
            return f"{len(job.outcomes):,} of {job.n_files:,} files" + (f" ({found})" if found else "")
        case "cancelled":
            return f"cancelled after {len(job.outcomes):,} of {job.n_files:,} files. What is in stays in."
        case _:
            return f"{found or 'nothing to do'} in {spoken(job.seconds)}"


def _doing(job: JobView) -> str:
    """What is being done now, how quickly, and for how much longer."""
    speed = f" · {job.chunks_embedded / job.seconds:,.0f} chunks/s" if job.seconds > 1 and job.chunks_embedded else ""
    left = f" · about {spoken(job.seconds_left)} left" if job.seconds_left is not None else ""
    return f"{_WORDS[job.stage]} {escaped(job.name)}{speed}{left}"


def spoken(seconds: float) -> str:
    """A duration as people say it: "0.4 s", "12 s", "3 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _show_outcomes(job: JobView) -> None:
    rows = [
        {"file": one.path, "outcome": one.outcome, "chunks": one.chunks, "what to know": one.reason}
        for one in sorted(job.outcomes, key=lambda one: one.outcome not in ("failed", "empty"))
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(38 + 35 * len(rows), 320),
        column_config={"what to know": st.column_config.TextColumn(width="large")},
        key=f"outcomes-{job.job_id}-{len(rows)}",
    )
