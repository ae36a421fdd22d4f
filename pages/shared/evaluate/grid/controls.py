"""What to compare: the values of each factor, and whether they are combined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.shared.evaluate.grid.wording import STRATEGIES, short_model
from pages.shared.evaluate.wording import MODES
from pages.shared.session.model_servers import embedding_models
from pages.shared.session.resources import embedder
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.retrieval_settings import chosen_mode
from pages.shared.widgets.wording import counted
from rag import config
from rag.embedding.embedder import OLLAMA_PREFIX
from rag.errors import ExplorerError
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.collection_run import KEPT_HITS
from rag.evaluation.grid.plan import CONTEXT, MODE, MODEL, OVERLAP, SIZE, STRATEGY, GridPoint, Plan, Value, plan
from rag.store.collection import Collection

MOST_POINTS = 200
"""More settings at once are refused: the work would take very long, and the picture could not be read."""
_SMALLEST = 16
_SIZES, _OVERLAPS = (40, 80, 120, 160, 240, 320, 480), (0, 10, 20, 40, 80)
_ALL, _ONE = "All combinations", "One change at a time"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to compare, with `k` passages. `is_usable` says whether it can be started."""

    plan: Plan
    k: int
    is_usable: bool


def present_point(collection: Collection) -> GridPoint:
    """The present setting: the collection's chunks and model, and the search of this session."""
    return GridPoint(collection.spec.chunking, collection.spec.embedding.model_id, chosen_mode(collection))


def choose_plan(collection: Collection, exam: CollectionExam, start: Callable[[Chosen], None]) -> None:
    """The controls, and a sentence that says what will be done; `start` draws the button among them."""
    present, key = present_point(collection), f"grid-{collection.uid}"
    window = embedder(present.model_id).window
    choices: dict[str, Sequence[Value]] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choices[SIZE] = _choose_sizes(present, window, key)
        models = _choose_models(present, key)
        choices[MODE] = _choose_modes(present, key)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.popover("More chunking settings", icon=":material/tune:", width="content"):
            choices[STRATEGY] = _choose_strategies(present, key)
            choices[OVERLAP] = _choose_overlaps(present, key)
            choices[CONTEXT] = _choose_context(present, key)
        k = _choose_k(key)
        how = st.segmented_control(
            "Combine", [_ALL, _ONE], default=_ALL, required=True, key=f"{key}-how", persist_state="session",
            help="All combinations show how factors work together. One change at a time takes fewer settings: the "
            "present one, with each other value of each factor.",
        )  # fmt: skip
        place = st.container(width="content")
    windows = _windows(models)
    choices[MODEL] = list(windows)
    planned = plan(present, choices, windows, is_full=how == _ALL)
    is_usable = _say_what_is_done(planned, exam)
    with place:
        start(Chosen(planned, k, is_usable))


def _choose_sizes(present: GridPoint, window: int, key: str) -> list[Value]:
    size = present.chunking.max_tokens
    near = {max(_SMALLEST, size // 2), size, min(2 * size, max(window, size))}
    offered = sorted(near | {one for one in _SIZES if one <= window} | {size})
    chosen = st.multiselect(
        "Chunk sizes (tokens)", [str(one) for one in offered], default=[str(one) for one in sorted(near)],
        accept_new_options=True, key=f"{key}-sizes", persist_state="session", width=270,
        help=f"The largest number of tokens in a chunk; type a number for another one. The present size, {size:,}, is "
        "always compared.",
    )  # fmt: skip
    return _numbers(chosen, _SMALLEST)


def _choose_overlaps(present: GridPoint, key: str) -> list[Value]:
    now = present.chunking.overlap
    chosen = st.multiselect(
        "Overlaps (tokens)", [str(one) for one in sorted({now, *_OVERLAPS})], default=[str(now)],
        accept_new_options=True, key=f"{key}-overlaps", persist_state="session",
        help=f"{help_for('overlap')} The present overlap, {now:,}, is always compared.",
    )  # fmt: skip
    return _numbers(chosen, 0)


def _numbers(chosen: Sequence[str], least: int) -> list[Value]:
    """The numbers among what was chosen or typed; others are named."""
    texts = [one.replace(",", "").strip() for one in chosen]
    wrong = [one for one in texts if not (one.isdecimal() and least <= int(one) <= 1_000_000)]
    if wrong:
        names = ", ".join(f"'{escaped(one)}'" for one in wrong)
        st.caption(f":material/warning: Not used: {names}. Type a whole number from {least:,}.")
    return [int(one) for one in texts if one not in wrong]


def _choose_modes(present: GridPoint, key: str) -> list[Value]:
    chosen = st.pills(
        "Searches", list(MODES), selection_mode="multi", default=list(MODES), format_func=MODES.__getitem__,
        key=f"{key}-modes", persist_state="session",
        help="Another search needs no other chunks, so it costs little. The present one, "
        f"'{MODES[present.mode]}', is always compared.",
    )  # fmt: skip
    return list(chosen)


def _choose_strategies(present: GridPoint, key: str) -> list[Value]:
    chosen = st.pills(
        "Chunking strategies", list(STRATEGIES), selection_mode="multi", default=[present.chunking.strategy],
        format_func=STRATEGIES.__getitem__, key=f"{key}-strategies", persist_state="session",
        help="Recursive: at headings, paragraphs, sentences. Fixed size: a set number of tokens. Sentence window: a "
        "set number of sentences. Semantic: where the meaning changes.",
    )  # fmt: skip
    return list(chosen)


def _choose_context(present: GridPoint, key: str) -> list[Value]:
    names = {0: "Without", 1: "With"}
    chosen = st.pills(
        "Context line", list(names), selection_mode="multi", default=[int(present.chunking.context)],
        format_func=names.__getitem__, key=f"{key}-context", persist_state="session",
        help="Whether the document's title and the headings above a chunk are embedded with it.",
    )  # fmt: skip
    return list(chosen)


def _choose_models(present: GridPoint, key: str) -> list[str]:
    installed = (_as_stored(name) for name in embedding_models(config.ollama_host()))
    chosen: list[str] = st.multiselect(
        "Embedding models", list(dict.fromkeys((present.model_id, *installed))), default=[present.model_id],
        format_func=short_model, key=f"{key}-models", persist_state="session", width=350,
        help=f"{help_for('embedding model')} Those on this machine and on the model servers are offered. Each embeds "
        "all documents once for every way to split them.",
    )  # fmt: skip
    return list(dict.fromkeys((present.model_id, *chosen)))


def _choose_k(key: str) -> int:
    k = st.number_input(
        "Passages (k)", 1, KEPT_HITS, config.DEFAULT_K, key=f"{key}-k", persist_state="session", width=130,
        help="How many results count: as many passages as a model would be given.",
    )  # fmt: skip
    return int(k)


def _as_stored(name: str) -> str:
    """The name of an installed model as a collection stores it."""
    return name.removesuffix(":latest") if name.startswith(OLLAMA_PREFIX) else name


def _windows(models: Sequence[str]) -> dict[str, int]:
    """How many tokens each model reads; a model that cannot be loaded is left out, and the reason is shown."""
    windows = {}
    for name in models:
        try:
            windows[name] = embedder(name).window
        except ExplorerError as error:
            show_error(error)
    return windows


def _say_what_is_done(planned: Plan, exam: CollectionExam) -> bool:
    """What will be done, or what is missing for it; returns whether it can be started."""
    n, n_questions = len(planned.points), exam.n_answerable
    for note in planned.notes:
        st.caption(f":material/info: {escaped(note)}")
    if not n_questions:
        st.info(
            "This exam has no question with an expected passage, so there is nothing to measure. Choose another exam. "
            "Questions are added to 'My questions' under 'Searches'.",
            icon=":material/info:",
        )
        return False
    if n == 1:
        st.info("Choose another value of at least one factor, to compare it with the present setting.")
        return False
    if n > MOST_POINTS:
        st.warning(
            f"These are {n:,} settings; at most {MOST_POINTS} can be compared at once. Choose fewer values, or "
            f"'{_ONE}'.",
            icon=":material/warning:",
        )
        return False
    times = counted(len(planned.storages), "time")
    st.markdown(
        f"**{counted(n, 'setting')}**, each asked {counted(n_questions, 'question')}: the documents are split and "
        f"embedded **{times}**, into temporary copies. Embeddings of texts that were seen before are reused. This "
        "collection does not change."
    )
    return True
