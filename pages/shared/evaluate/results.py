"""The result of a run: each search's metrics with their intervals, and the difference to a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.shared.evaluate.baselines import Reference, choose_reference
from pages.shared.evaluate.figures import metrics_figure
from pages.shared.evaluate.wording import metric_names, search_names
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.wording import counted
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.passages import HIT_RATE, NDCG, PASSAGE_METRICS, RECALL, RECIPROCAL_RANK
from rag.evaluation.run import MeanFigure
from rag.evaluation.run_comparison import Comparison, compared, figures_of, in_words, means_of
from rag.evaluation.stored.saved_run import Figures

_BEST = "★"
_EQUAL = 5e-4
"""Means that differ by less are shown as equally good."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of every question and their means, for each setting of a run."""

    figures: tuple[Figures, ...]
    means: tuple[dict[str, MeanFigure], ...]


@st.cache_resource(max_entries=32, show_spinner=False)
def _measured(run_id: str, n_answers: int, _run: CollectionRun) -> Measured:
    figures = tuple(figures_of(_run, place) for place in range(len(_run.conditions.settings)))
    return Measured(figures, tuple(map(means_of, figures)))


def measured(run: CollectionRun) -> Measured:
    """The figures and means of a run as far as it is answered."""
    return _measured(run.run_id, len(run.answers), run)


@st.cache_resource(max_entries=64, show_spinner=False)
def _compared(run_key: tuple[str, int], reference: str, place: int, _parts: tuple[Figures, Figures]) -> Comparison:
    return compared(*_parts)


def show_results(run: CollectionRun) -> None:
    """The best search in a sentence, the table of all, and the chart."""
    result = measured(run)
    if not result.means[0]:
        st.info(
            "No question with an answer has been asked yet, so there is nothing to measure. Continue the run, or "
            "choose an exam with passages.",
            icon=":material/info:",
        )
        return
    names = metric_names(run.conditions.settings[0].k)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reference = choose_reference(run, result.figures)
        metric = st.segmented_control(
            "Compare by", PASSAGE_METRICS, default=NDCG, required=True, format_func=names.__getitem__,
            key="evaluate-metric", persist_state="session",
            help="The metric for the comparison and for the sentence below. nDCG says most: it counts the ranks of all "
            "expected passages.",
        )  # fmt: skip
        _show_explanations(names)
    comparisons = _comparisons(run, result, reference)
    st.markdown(_headline(run, result, metric, reference, comparisons))
    st.table(_table(run, result, metric, comparisons), hide_index=True, border="horizontal")
    n = len(result.figures[0])
    st.caption(
        f"Averages over {counted(n, 'question')}, from 0 to 1; higher is better, {_BEST} is best. In brackets the 95 % "
        f"confidence interval. The last column is the difference from {escaped(reference.label)}."
        f"{_note_on_shared(comparisons, n)}"
    )
    shown = dict(zip(search_names(run), result.means, strict=True))
    st.plotly_chart(
        metrics_figure(shown, names), key="evaluate-chart", config={"displayModeBar": False, "staticPlot": False},
        alt=_in_words(shown, names),
    )  # fmt: skip


def _show_explanations(names: dict[str, str]) -> None:
    with st.popover("What is measured?", icon=":material/help:", width="content"):
        explained = {
            names[NDCG]: help_for("nDCG"),
            names[RECALL]: help_for("recall@k"),
            names[RECIPROCAL_RANK]: help_for("MRR"),
            names[HIT_RATE]: help_for("hit rate"),
            "Expected passage": help_for("expected passage"),
            "Confidence interval": help_for("confidence interval"),
            "p-value": help_for("p-value"),
        }
        st.markdown("\n".join(f"- **{name}**: {sentence}" for name, sentence in explained.items()))


def _comparisons(run: CollectionRun, result: Measured, reference: Reference) -> list[Comparison | None]:
    """The comparison of each setting with the reference; None for the reference itself and without a counterpart."""
    key = (run.run_id, len(run.answers))
    return [
        None
        if before is None or before is after
        else _compared(key, f"{reference.key} {len(before)}", place, (before, after))
        for place, (before, after) in enumerate(zip(reference.figures, result.figures, strict=True))
    ]


def _best(result: Measured, metric: str) -> list[int]:
    """The settings with the highest mean, if not all are equally good."""
    values = [means[metric].mean for means in result.means]
    found = [place for place, value in enumerate(values) if value > max(values) - _EQUAL]
    return found if len(found) < len(values) else []


def _headline(
    run: CollectionRun,
    result: Measured,
    metric: str,
    reference: Reference,
    comparisons: Sequence[Comparison | None],
) -> str:
    """Which search is best, whether that is clear against the next one, and how it compares with the reference."""
    names, label = search_names(run), metric_names(run.conditions.settings[0].k)[metric]
    order = sorted(range(len(names)), key=lambda place: -result.means[place][metric].mean)
    best = _best(result, metric) or order
    figure = result.means[best[0]][metric]
    value = f"**{figure.mean:.2f}** (95 % interval {figure.low:.2f} to {figure.high:.2f})."
    if len(best) < len(names):
        ahead = " and ".join(f"**{names[place]}**" for place in best)
        said = [f"{ahead} {'has' if len(best) == 1 else 'have'} the highest {label}: {value}"]
    else:
        said = [f"{f'**{names[0]}**' if len(names) == 1 else 'Every search'} has {label} {value}"]
    following = next((place for place in order if place not in best), None)
    if following is not None and reference.figures[best[0]] is not result.figures[following]:
        key = (run.run_id, len(run.answers))
        to_next = _compared(key, str(following), best[0], (result.figures[following], result.figures[best[0]]))
        said.append(f"Compared with the next, {names[following]}: {in_words(to_next.differences[metric])}.")
    comparison = comparisons[best[0]]
    if comparison is not None and comparison.n_shared:
        said.append(f"Compared with {escaped(reference.label)}: {in_words(comparison.differences[metric])}.")
    return " ".join(said)


def _table(
    run: CollectionRun,
    result: Measured,
    metric: str,
    comparisons: Sequence[Comparison | None],
) -> pd.DataFrame:
    names = metric_names(run.conditions.settings[0].k)
    # The label of a baseline is too long for a column, and a caption names it.
    last = f"{names[metric]} difference"
    rows = []
    for place, (search, means) in enumerate(zip(search_names(run), result.means, strict=True)):
        cells = {
            names[one]: f"{'**' if place in _best(result, one) else ''}{means[one].mean:.2f}"
            + (f" {_BEST}**" if place in _best(result, one) else "")
            + f" ({means[one].low:.2f}–{means[one].high:.2f})"
            for one in PASSAGE_METRICS
        }
        rows.append({"Search": f"**{search}**", **cells, last: _difference(comparisons[place], metric)})
    return pd.DataFrame(rows)


def _difference(comparison: Comparison | None, metric: str) -> str:
    if comparison is None:
        return "–"
    return in_words(comparison.differences[metric]) if comparison.n_shared else "no question in common"


def _note_on_shared(comparisons: Sequence[Comparison | None], n: int) -> str:
    shared = {one.n_shared for one in comparisons if one is not None and one.n_shared != n}
    if not shared:
        return ""
    return f" The comparison is over the {counted(min(shared), 'question')} that both have."


def _in_words(shown: dict[str, dict[str, MeanFigure]], names: dict[str, str]) -> str:
    """The chart as text."""
    parts = [
        f"{search}: " + ", ".join(f"{names[metric]} {means[metric].mean:.2f}" for metric in PASSAGE_METRICS)
        for search, means in shown.items()
    ]
    return "; ".join(parts) + "."
