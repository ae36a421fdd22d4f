"""The index lab's parts: what to build, the measurements, the frontier, what each index lost, and the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd
import streamlit as st

from pages.shared.index_benchmark.diagrams import picture
from pages.shared.index_benchmark.settings import NAMES, settings_of
from pages.shared.session.resources import query_vector, task_board, vectors
from pages.shared.widgets.charts import frontier_figure
from pages.shared.widgets.common import escaped
from pages.shared.widgets.tasks import show_task
from rag.index.benchmark import ABOUT, IS_BEST_FLAT_BELOW, LabResult, Lost, exact, frontier, lost, sweep
from rag.index.benchmark_vectors import lab_vectors
from rag.index.kinds import SearchIndex, build
from rag.index.loading import choose_index, chosen_index
from rag.index.spec import KINDS, WITH_LISTS, IndexKind, IndexSpec, completed, default_spec, least_chunks
from rag.runtime.background import Report
from rag.store.collection import Collection

_SIZES = (20_000, 50_000, 100_000)


@dataclass(frozen=True, slots=True)
class LabPlan:
    """What to measure: the kinds with their settings, how many neighbors, and on how many vectors."""

    specs: tuple[IndexSpec, ...]
    k: int
    size: int


@dataclass(slots=True)
class LabRun:
    """The measurements so far, one list for each kind: a sweep over its search setting."""

    results: dict[IndexKind, list[LabResult]] = field(default_factory=dict)


@st.cache_resource(show_spinner=False)
def _runs() -> dict[str, LabRun]:
    return {}


def choose_plan(collection: Collection) -> LabPlan:
    """Kinds, neighbors, size; each kind's settings in a popover."""
    n = collection.n_chunks()
    size = n
    if n < IS_BEST_FLAT_BELOW:
        st.info(
            f"With {n:,} chunks, Flat is best: exact search answers in under a millisecond here, and nothing else is "
            "worth its misses. To see what the others are for, the lab fills up with made-up vectors between yours.",
            icon=":material/info:",
        )
        size = st.segmented_control(
            "Size of the lab", (n, *_SIZES), default=_SIZES[0], required=True, key=f"lab-size-{n}",
            format_func=lambda value: f"{value:,} vectors" + (" (yours alone)" if value == n else ""),
        )  # fmt: skip
    kinds = st.multiselect(
        "Kinds of index", list(KINDS), default=list(KINDS), format_func=NAMES.__getitem__, key="lab-kinds",
        help="Each is built over the same vectors and asked the same 200 queries.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        k = st.number_input("Neighbors (k)", 1, 100, 10, key="lab-k", help="Recall counts the true k nearest found.")
        with st.popover("Settings", icon=":material/tune:"):
            dimension = collection.spec.embedding.dimension
            specs = tuple(settings_of(default_spec(kind, size, dimension), size, dimension) for kind in kinds)
    return LabPlan(specs, int(k), int(size))


def run_of(collection: Collection, plan: LabPlan) -> LabRun | None:
    """The measurements of this plan, with progress while they are made; None before the first is asked for."""
    key = f"lab-{collection.uid}-{collection.generation()}-{plan!r}"
    asked = f"lab-asked-{collection.uid}"
    if st.button("Measure", type="primary", icon=":material/speed:", disabled=not plan.specs):
        st.session_state[asked] = key
        if key not in _runs():
            task_board().forget(key)
            _runs()[key] = LabRun()
            title = f"Building {len(plan.specs)} indexes over {plan.size:,} vectors"
            task_board().start(key, title, partial(_work, collection, plan, _runs()[key]))
    shown: str | None = st.session_state.get(asked)
    if shown is None:
        return None
    show_task(shown)
    return _runs().get(shown)


def _work(collection: Collection, plan: LabPlan, run: LabRun, report: Report) -> None:
    import numpy as np

    own, queries = lab_vectors(vectors(collection)[1], plan.size)
    ids = np.arange(len(own), dtype=np.int64)
    truth = exact(ids, own, queries, plan.k)[1]
    for done, spec in enumerate(plan.specs):
        report(done / len(plan.specs))
        if len(own) >= least_chunks(spec):
            results = run.results.setdefault(spec.kind, [])
            for one in sweep(spec, ids, own, queries, plan.k, truth):
                results.append(one)
                report(done / len(plan.specs))


def show_results(run: LabRun) -> None:
    """The frontier, and a table of the best setting of each kind that finds at least 95 %, else the most."""
    everything = [one for results in run.results.values() for one in results]
    if not everything:
        return
    best = frontier(everything)
    st.plotly_chart(
        frontier_figure({NAMES[kind]: results for kind, results in run.results.items()}, best), key="frontier",
        config={"displayModeBar": False},
    )  # fmt: skip
    st.caption(
        "Up and to the left is better. Each line is one index looking further and further (nprobe or efSearch "
        "doubling); ringed points are beaten by no other in both."
    )
    rows = [_row(_representative(results), best) for results in run.results.values() if results]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="lab-table")


def _representative(results: Sequence[LabResult]) -> LabResult:
    """The quickest that finds 95 % of the true neighbors; the one that finds most where none does."""
    good = [one for one in results if one.recall >= 0.95]
    return min(good, key=lambda one: one.p50_ms) if good else max(results, key=lambda one: one.recall)


def _row(one: LabResult, best: Sequence[LabResult]) -> dict[str, object]:
    return {
        "index": NAMES[one.spec.kind],
        "recall": round(one.recall, 3),
        "p50 (ms)": round(one.p50_ms, 2),
        "p99 (ms)": round(one.p99_ms, 2),
        "queries/s": round(one.queries_per_second),
        "bytes a vector": round(one.bytes_per_vector),
        "built in (s)": round(one.build_seconds, 1),
        "search setting": _search_setting(one.spec),
        "beaten by none": one in best,
    }


def _search_setting(spec: IndexSpec) -> str:
    if spec.kind in WITH_LISTS:
        return f"nprobe {spec.nprobe} of {spec.nlist}"
    return f"efSearch {spec.ef_search}" if spec.kind == "hnsw" else ""


def _fitting(plan: LabPlan, kind: IndexKind, collection: Collection) -> IndexSpec:
    """The plan's settings of a kind for the collection's own chunks: as they are where it was measured on those."""
    n, dimension = collection.n_chunks(), collection.spec.embedding.dimension
    planned = next((spec for spec in plan.specs if spec.kind == kind), None)
    if planned is None:
        return default_spec(kind, n, dimension)
    if plan.size == n:
        return planned
    spec = replace(default_spec(kind, n, dimension), nprobe=planned.nprobe, ef_search=planned.ef_search)
    return completed(spec, n, dimension)


def show_lost(collection: Collection, plan: LabPlan) -> None:
    """For one question over the collection's own chunks: the true neighbors that each index misses."""
    question = st.text_input(
        "A question", key="lab-question", placeholder="What would you look for?",
        help="Searched in your own chunks by each kind of index, and compared with exact search.",
    ).strip()  # fmt: skip
    if not question:
        return
    vector = query_vector(collection, question)[0]
    n = collection.n_chunks()
    for kind in (spec.kind for spec in plan.specs):
        spec = _fitting(plan, kind, collection)
        if n < least_chunks(spec):
            st.caption(f"{NAMES[kind]} needs {least_chunks(spec):,} chunks or more.")
            continue
        missed = lost(_built(spec, collection.uid, collection.generation(), collection), vector, plan.k)
        if not missed:
            st.markdown(f":material/check_circle: **{NAMES[kind]}** found all {min(plan.k, n)}.")
            continue
        _show_missed(collection, kind, missed)


def _show_missed(collection: Collection, kind: IndexKind, missed: Sequence[Lost]) -> None:
    chunks = collection.chunks([one.chunk_id for one in missed])
    texts = {chunk.chunk_id: " ".join(chunk.text.split())[:120] for chunk in chunks}
    st.markdown(f":material/error: **{NAMES[kind]}** lost {len(missed)}:")
    for one in missed:
        st.caption(f"rank {one.rank}, similarity {one.score:.2f}: {escaped(texts.get(one.chunk_id, ''))}")


@st.cache_resource(max_entries=6, show_spinner="Building the index")
def _built(spec: IndexSpec, uid: str, generation: int, _collection: Collection) -> SearchIndex:
    ids, own = vectors(_collection)
    return build(spec, ids, own)


def show_choice(collection: Collection, plan: LabPlan) -> None:
    """Which index searches this collection from now on, with the settings above."""
    now = chosen_index(collection)
    fitting = {kind: _fitting(plan, kind, collection) for kind in KINDS}
    possible = [kind for kind in KINDS if collection.n_chunks() >= least_chunks(fitting[kind])]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    kind = left.selectbox(
        "Search this collection with", possible, index=possible.index(now.kind) if now.kind in possible else 0,
        format_func=NAMES.__getitem__, key=f"lab-choice-{collection.uid}",
        help="Chat and search use it, with the settings above. Scores shown are always true cosines: the candidates "
        "are compared anew.",
    )  # fmt: skip
    if right.button("Use it", width="stretch"):
        choose_index(collection, fitting[kind])
        st.rerun()
    setting = _search_setting(now)
    st.caption(f"Now: {NAMES[now.kind]}{f', {setting}' if setting else ''}. The choice is kept in the collection.")


def show_kinds() -> None:
    """How each kind works, with a small picture."""
    for start in range(0, len(KINDS), 3):
        for column, kind in zip(st.columns(3), KINDS[start : start + 3], strict=False):
            with column.container(border=True):
                st.markdown(f"**{NAMES[kind]}**")
                st.image(picture(kind))
                st.caption(ABOUT[kind])
