"""The index benchmark: its settings and measurements, the missed neighbors, and the index of the collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd
import streamlit as st

from pages.shared.index_benchmark.diagrams import picture, picture_text
from pages.shared.index_benchmark.settings import NAMES, settings_of
from pages.shared.session.person import is_editor, why_not_editor
from pages.shared.session.resources import query_vector, suggestions, task_board, vectors
from pages.shared.session.samples import SAMPLE
from pages.shared.widgets.charts import frontier_figure
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.tasks import show_task
from rag.index.benchmark import (
    ABOUT,
    IS_BEST_FLAT_BELOW,
    BenchmarkResult,
    MissedNeighbor,
    exact,
    frontier,
    missed_neighbors,
    sweep,
)
from rag.index.benchmark_vectors import benchmark_vectors
from rag.index.kinds import SearchIndex, build
from rag.index.loading import choose_index, chosen_index
from rag.index.spec import KINDS, WITH_LISTS, IndexKind, IndexSpec, completed, default_spec, least_chunks
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.store.sampling import whole_or_sample

_SIZES = (20_000, 50_000, 100_000)
_SAMPLE_QUESTION = "planets around the sun"
_BUILT_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class BenchmarkPlan:
    """What to measure: the index types with their settings, `k` neighbors, and the number of vectors `size`."""

    specs: tuple[IndexSpec, ...]
    k: int
    size: int


@dataclass(slots=True)
class BenchmarkRun:
    """The measurements so far: for each index type a list, one entry for each value of its search setting.

    `task` is the key of the task that measures; it is empty before the first.
    """

    task: str = ""
    results: dict[IndexKind, list[BenchmarkResult]] = field(default_factory=dict)


@st.cache_resource(show_spinner=False, max_entries=8)
def last_run(uid: str, generation: int) -> BenchmarkRun:
    """The last measurements of a collection; they outlive the session, so that a reload shows them again."""
    return BenchmarkRun()


def choose_plan(collection: Collection) -> BenchmarkPlan:
    """The controls: index types, number of neighbors, number of vectors; the settings of each type in a popover."""
    n = collection.n_sampled()
    size = n
    if n < IS_BEST_FLAT_BELOW:
        st.info(
            f"With {n:,} chunks, Flat is best: exact search answers in under a millisecond, and approximate indexes "
            "bring no benefit. To show their use, the benchmark adds synthetic vectors interpolated from yours.",
            icon=":material/info:",
        )
        size = st.segmented_control(
            "Number of vectors", (n, *_SIZES), default=_SIZES[0], required=True, key=f"lab-size-{n}",
            format_func=lambda value: f"{value:,}" + (f" ({whole_or_sample(collection)})" if value == n else ""),
            help="Above the size of this collection, synthetic vectors are added.",
        )  # fmt: skip
    kinds = st.multiselect(
        "Index types", list(KINDS), default=list(KINDS), format_func=NAMES.__getitem__, key="lab-kinds",
        help="Each is built over the same vectors and searched with the same 200 queries.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        k = st.number_input("Neighbors (k)", 1, 100, 10, key="lab-k", help=help_for("recall"))
        with st.popover("Settings", icon=":material/tune:"):
            dimension = collection.spec.embedding.dimension
            specs = tuple(settings_of(default_spec(kind, size, dimension), size, dimension) for kind in kinds)
    return BenchmarkPlan(specs, int(k), int(size))


def run_of(collection: Collection, plan: BenchmarkPlan) -> BenchmarkRun | None:
    """The last measurements of this collection, with progress while they run; None before the first benchmark."""
    run = last_run(collection.uid, collection.generation())
    # A callback runs before the page, so that a rerun in the meantime cannot lose the click.
    st.button(
        "Run benchmark", type="primary", icon=":material/speed:", disabled=not plan.specs, on_click=_start,
        args=(collection, plan, run),
    )  # fmt: skip
    if not run.task:
        return None
    show_task(run.task)
    return run


def _start(collection: Collection, plan: BenchmarkPlan, run: BenchmarkRun) -> None:
    """Measure this plan; nothing happens while the same is being measured, and a different measurement is stopped."""
    key = f"lab-{collection.uid}-{collection.generation()}-{plan!r}"
    view = task_board().view(run.task)
    if view is not None and view.is_active:
        if run.task == key:
            return
        task_board().stop(run.task)
        task_board().wait(run.task)
    task_board().forget(key)
    run.task, run.results = key, {}
    title = f"Building {len(plan.specs)} indexes over {plan.size:,} vectors"
    task_board().start(key, title, partial(_work, collection, plan, run.results))


def _work(
    collection: Collection, plan: BenchmarkPlan, into: dict[IndexKind, list[BenchmarkResult]], report: Report
) -> None:
    import numpy as np

    unit, queries = benchmark_vectors(vectors(collection)[1], plan.size)
    ids = np.arange(len(unit), dtype=np.int64)
    truth = exact(ids, unit, queries, plan.k)[1]
    for done, spec in enumerate(plan.specs):
        report(done / len(plan.specs))
        if len(unit) >= least_chunks(spec):
            results = into.setdefault(spec.kind, [])
            for one in sweep(spec, ids, unit, queries, plan.k, truth):
                results.append(one)
                report(done / len(plan.specs))


def show_results(run: BenchmarkRun) -> None:
    """Recall against time as a chart, and a table with the fastest setting of each index type with 95 % recall."""
    measured = {kind: list(results) for kind, results in list(run.results.items()) if results}
    if not measured:
        return
    best = frontier([one for results in measured.values() for one in results])
    st.plotly_chart(
        frontier_figure({NAMES[kind]: results for kind, results in measured.items()}, best), key="frontier",
        config={"displayModeBar": False}, alt=_in_words(measured),
    )  # fmt: skip
    st.caption(
        "Up and to the left is better. Each line is one index type that searches more and more (nprobe or efSearch "
        "doubles). Ringed points are best: no other is both faster and more exact."
    )
    rows = [_row(_representative(results), best) for results in measured.values()]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="lab-table")


def _in_words(measured: Mapping[IndexKind, Sequence[BenchmarkResult]]) -> str:
    """The chart as text: for each index type, recall and time of its fastest setting with 95 % recall."""
    best = {NAMES[kind]: _representative(results) for kind, results in measured.items()}
    parts = [f"{name}: recall {one.recall:.3f} in {one.p50_ms:.2f} ms" for name, one in best.items()]
    return f"Recall against the median time of one query. {'; '.join(parts)}."


def _representative(results: Sequence[BenchmarkResult]) -> BenchmarkResult:
    """The fastest measurement with at least 95 % recall; if there is none, the one with the highest recall."""
    good = [one for one in results if one.recall >= 0.95]
    return min(good, key=lambda one: one.p50_ms) if good else max(results, key=lambda one: one.recall)


def _row(one: BenchmarkResult, best: Sequence[BenchmarkResult]) -> dict[str, object]:
    return {
        "index": NAMES[one.spec.kind],
        "recall": round(one.recall, 3),
        "p50 (ms)": round(one.p50_ms, 2),
        "p99 (ms)": round(one.p99_ms, 2),
        "queries/s": round(one.queries_per_second),
        "bytes per vector": round(one.bytes_per_vector),
        "build time (s)": round(one.build_seconds, 1),
        "search setting": _search_setting(one.spec),
        "best": one in best,
    }


def _search_setting(spec: IndexSpec) -> str:
    if spec.kind in WITH_LISTS:
        return f"nprobe {spec.nprobe} of {spec.nlist}"
    return f"efSearch {spec.ef_search}" if spec.kind == "hnsw" else ""


def _fitting(plan: BenchmarkPlan, kind: IndexKind, collection: Collection) -> IndexSpec:
    """The settings of an index type, fitted to the number of chunks in the collection."""
    n, dimension = collection.n_sampled(), collection.spec.embedding.dimension
    planned = next((spec for spec in plan.specs if spec.kind == kind), None)
    if planned is None:
        return default_spec(kind, n, dimension)
    if plan.size == n:
        return planned
    spec = replace(default_spec(kind, n, dimension), nprobe=planned.nprobe, ef_search=planned.ef_search)
    return completed(spec, n, dimension)


def show_missed(collection: Collection, plan: BenchmarkPlan) -> None:
    """For one question: the true nearest neighbors in the collection that each index misses."""
    n = collection.n_sampled()
    example = _SAMPLE_QUESTION if collection.spec.name == SAMPLE else suggestions(collection)[0].topic
    question = st.text_input(
        # Building the indexes of a large collection takes seconds, so there nothing is searched before a question.
        "Question or phrase", example if n <= _BUILT_AT_ONCE else "", key=f"lab-question-{collection.uid}",
        placeholder=example,
        help="Each index searches this collection for it; the results are compared with exact search.",
    ).strip()  # fmt: skip
    if not question:
        return
    vector = query_vector(collection, question)[0]
    for kind in (spec.kind for spec in plan.specs):
        spec = _fitting(plan, kind, collection)
        if n < least_chunks(spec):
            st.caption(f"{NAMES[kind]} needs {least_chunks(spec):,} chunks or more.")
            continue
        missed = missed_neighbors(_built(spec, collection.uid, collection.generation(), collection), vector, plan.k)
        if not missed:
            st.markdown(f":material/check_circle: **{NAMES[kind]}** found all {min(plan.k, n)}.")
            continue
        _show_missed(collection, kind, missed)


def _show_missed(collection: Collection, kind: IndexKind, missed: Sequence[MissedNeighbor]) -> None:
    chunks = collection.chunks([one.chunk_id for one in missed])
    texts = {chunk.chunk_id: " ".join(chunk.text.split())[:120] for chunk in chunks}
    st.markdown(f":material/error: **{NAMES[kind]}** missed {len(missed)}:")
    for one in missed:
        st.caption(f"rank {one.rank}, similarity {one.score:.2f}: {escaped(texts.get(one.chunk_id, ''))}")


@st.cache_resource(max_entries=6, show_spinner="Building the index")
def _built(spec: IndexSpec, uid: str, generation: int, _collection: Collection) -> SearchIndex:
    ids, unit = vectors(_collection)
    return build(spec, ids, unit)


def show_choice(collection: Collection, plan: BenchmarkPlan) -> None:
    """The choice of the index that searches this collection, with the settings above."""
    if collection.engine() is not None:
        st.caption("The store searches this collection with its own index, so there is nothing to choose here.")
        return
    now = chosen_index(collection)
    fitting = {kind: _fitting(plan, kind, collection) for kind in KINDS}
    possible = [kind for kind in KINDS if collection.n_sampled() >= least_chunks(fitting[kind])]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    kind = left.selectbox(
        "Search this collection with", possible, index=possible.index(now.kind) if now.kind in possible else 0,
        format_func=NAMES.__getitem__, key=f"lab-choice-{collection.uid}",
        help="Search and chat use this index, with the settings above. Scores are always exact cosine similarities: "
        "the candidates are compared again.",
    )  # fmt: skip
    if right.button("Use this index", width="stretch", disabled=not is_editor(), help=why_not_editor() or None):
        choose_index(collection, fitting[kind])
        st.rerun()
    setting = _search_setting(now)
    st.caption(f"Now: {NAMES[now.kind]}{f', {setting}' if setting else ''}. Saved with the collection.")


def show_index_types() -> None:
    """How each index type works, with a small diagram."""
    for start in range(0, len(KINDS), 3):
        for column, kind in zip(st.columns(3), KINDS[start : start + 3], strict=False):
            with column.container(border=True):
                st.markdown(f"**{NAMES[kind]}**")
                st.image(picture(kind), alt=picture_text(kind))
                st.caption(ABOUT[kind])
