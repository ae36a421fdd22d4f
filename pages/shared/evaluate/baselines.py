"""What a run is compared with: one of its searches, or a run that was kept as a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.shared.evaluate.wording import search_names, when
from pages.shared.widgets.exams.stored_runs import load_stored
from pages.shared.widgets.glossary import help_for
from rag import config
from rag.errors import ExplorerError
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.run_comparison import figures_of
from rag.evaluation.stored.runs import baseline_paths
from rag.evaluation.stored.saved_run import Figures


@dataclass(frozen=True, slots=True)
class Reference:
    """What the settings of a run are compared with: `figures` has one entry for each, None without a counterpart.

    `key` names it for caches, `label` for people.
    """

    key: str
    label: str
    figures: tuple[Figures | None, ...]


def choose_reference(run: CollectionRun, figures: Sequence[Figures]) -> Reference:
    """The control for the baseline: the newest kept run with questions of this one, else the first search."""
    offered = [_of_run(run, kept) for kept in _kept_runs(run)]
    offered = [one for one in offered if any(one.figures)]
    for place, name in enumerate(search_names(run)):
        offered.append(Reference(str(place), name, (figures[place],) * len(figures)))
    by_key = {one.key: one for one in offered}
    # Another set of choices is another control, so that a run that was just kept as a baseline is chosen at once.
    key = f"evaluate-reference-{run.run_id}-{len(offered)}"
    chosen = st.selectbox(
        "Compare with", list(by_key), format_func=lambda one: by_key[one].label, key=key, persist_state="session",
        width=330,
        help=f"{help_for('baseline')} A kept run is compared search by search, on the questions that both have.",
    )  # fmt: skip
    return by_key[chosen]


def _kept_runs(run: CollectionRun) -> list[CollectionRun]:
    """The other runs that are kept as baselines; damaged ones are passed over here, and named where they are chosen."""
    kept = [_readable(path) for path in baseline_paths(config.data_dir())]
    return [one for one in kept if one is not None and one.run_id != run.run_id]


def _readable(path: Path) -> CollectionRun | None:
    try:
        return load_stored(path)
    except ExplorerError:
        return None


def _of_run(run: CollectionRun, kept: CollectionRun) -> Reference:
    """The kept run's search of the same mode for each setting, measured with this run's k, on shared questions."""
    places = {setting.mode: place for place, setting in enumerate(kept.conditions.settings)}
    asked = {question.question_id for question in run.questions}
    figures: list[Figures | None] = []
    for setting in run.conditions.settings:
        place = places.get(setting.mode)
        found = {} if place is None else figures_of(kept, place, setting.k)
        figures.append({name: one for name, one in found.items() if name in asked} or None)
    collection = f", {kept.conditions.collection}" if kept.conditions.collection != run.conditions.collection else ""
    return Reference(kept.run_id, f"baseline of {when(kept)}{collection}", tuple(figures))
