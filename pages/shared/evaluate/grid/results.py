"""The results of a comparison: the best setting in a sentence, the heat map, and the table of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pages.shared.evaluate.grid.figures import Cell, CostPoint, cost_figure, heat_map
from pages.shared.evaluate.grid.loaded import LoadedGrid, changes_of
from pages.shared.evaluate.grid.wording import Labels, explanations, grid_metric_names
from pages.shared.evaluate.wording import MODES
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.wording import counted, spoken
from rag.evaluation.grid.compare import GRID_METRICS, PRESENT, Change, best_point, median_seconds
from rag.evaluation.grid.grid_run import notes_of
from rag.evaluation.grid.plan import ordered_storages
from rag.evaluation.passages import NDCG

_COSTS = ("ms a question", "MB on disk", "seconds to build")
_ROW, _HEADER, _MOST_ROWS = 35, 38, 12


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a comparison: by which metric, the changes in it, the best setting, and all names."""

    loaded: LoadedGrid
    metric: str
    changes: Mapping[int, Change]
    best: int
    labels: Labels
    names: Mapping[str, str]

    def mean(self, number: int) -> float:
        """The mean of the metric for a setting."""
        return self.loaded.measured.means[number][self.metric].mean

    def label(self, number: int) -> str:
        """The name of a setting for lists. It is the same by every metric: the browser knows a choice by its text."""
        return f"{'Present: ' if number == PRESENT else ''}{self.labels.point(number)}"

    @property
    def order(self) -> list[int]:
        """The measured settings, the best first."""
        return sorted(self.loaded.results, key=lambda number: (number != self.best, -self.mean(number)))


def opened_key(loaded: LoadedGrid) -> str:
    """The key of the control that opens a setting; a click on the heat map sets it."""
    return f"grid-opened-{loaded.grid.grid_id}"


def show_results(loaded: LoadedGrid) -> Shown | None:
    """The headline, the heat map and the table; None if nothing is measured."""
    names = grid_metric_names(loaded.grid.conditions.k)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.selectbox(
            "Compare by", GRID_METRICS, index=GRID_METRICS.index(NDCG), format_func=names.__getitem__,
            key=f"grid-metric-{loaded.grid.conditions.k}", persist_state="session", width=220,
            help="nDCG says most about ranks. The last three count characters: they also notice chunks that are too "
            "large or too small.",
        )  # fmt: skip
        _show_explanations(loaded.grid.conditions.k)
    best = best_point(loaded.measured, metric, loaded.results)
    if best is None:
        st.info("No setting has been measured yet.", icon=":material/info:")
        return None
    shown = Shown(loaded, metric, changes_of(loaded, metric), best, Labels(loaded.grid.points), names)
    st.markdown(headline(shown))
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_heat_map(shown)
    with right:
        _show_costs(shown)
    for note in notes_of(loaded.grid, dict(loaded.results)):
        st.caption(f":material/info: {escaped(note)}")
    _show_table(shown)
    return shown


def _show_explanations(k: int) -> None:
    with st.popover("What is measured?", icon=":material/help:", width="content"):
        others = {
            "Expected passage": help_for("expected passage"),
            "Confidence interval": help_for("confidence interval"),
            "p-value": help_for("p-value"),
            "Holm correction": help_for("Holm correction"),
        }
        explained = {**explanations(k), **others}
        st.markdown("\n".join(f"- **{name}**: {sentence}" for name, sentence in explained.items()))


def headline(shown: Shown) -> str:
    """Which setting is best, and whether it is clearly better than the present one."""
    label = shown.names[shown.metric]
    figure = shown.loaded.measured.means[shown.best][shown.metric]
    value = f"{label} **{figure.mean:.2f}** (95 % interval {figure.low:.2f} to {figure.high:.2f})"
    if shown.best == PRESENT:
        return f"Best: **the present setting** ({_named(shown, PRESENT)}), with {value}.{_next_best(shown)}"
    change = shown.changes.get(shown.best)
    if change is None:
        return f"Best so far: **{_named(shown, shown.best)}**, with {value}. The present setting is not measured yet."
    return (
        f"Best: **{_named(shown, shown.best)}**, with {value}. That is {abs(change.change):.2f} above the present "
        f"setting (95 % interval {_signed(change.low)} to {_signed(change.high)}): {_verdict(shown, change)}."
    )


def _named(shown: Shown, number: int) -> str:
    return escaped(shown.labels.point(number))


def _next_best(shown: Shown) -> str:
    others = sorted(shown.changes, key=lambda number: -shown.mean(number))
    if not others:
        return ""
    change, name = shown.changes[others[0]], _named(shown, others[0])
    if _signed(change.change) == "0.00":
        return f" The next, {name}, is as good."
    return f" The next, {name}, is {-change.change:.2f} lower: {_verdict(shown, change)}."


def _verdict(shown: Shown, change: Change) -> str:
    n, p = len(shown.changes), _p(change)
    corrected = f"{p}, corrected for {counted(n, 'comparison')}" if n > 1 else p
    if not change.is_clear:
        return f"no clear difference ({corrected})"
    return f"clearly {'better' if change.change > 0 else 'worse'} ({corrected})"


def _p(change: Change) -> str:
    return "p < 0.001" if change.corrected_p < 0.001 else f"p = {change.corrected_p:.2g}"


def _signed(number: float) -> str:
    return f"{number:+.2f}".replace("-0.00", "0.00").replace("+0.00", "0.00")


def _show_heat_map(shown: Shown) -> None:
    grid = shown.loaded.grid
    storages = ordered_storages(grid.points)
    modes = [mode for mode in MODES if any(point.mode == mode for point in grid.points)]
    rows = [shown.labels.row(next(one for one in grid.points if one.storage == storage)) for storage in storages]
    cells = [
        Cell(
            storages.index(point.storage),
            modes.index(point.mode),
            number,
            shown.mean(number) if number in shown.loaded.results else None,
            _about(shown, number) if number in shown.loaded.results else "",
            is_best=number == shown.best,
            is_present=number == PRESENT,
            clear_change=change.change if (change := shown.changes.get(number)) and change.is_clear else 0.0,
        )
        for number, point in enumerate(grid.points)
    ]
    key = f"grid-map-{grid.grid_id}-{shown.metric}-{len(shown.loaded.results)}"

    def open_clicked() -> None:
        points = st.session_state[key].selection.points
        if points:
            number = points[0]["customdata"]
            st.session_state[opened_key(shown.loaded)] = number[0] if isinstance(number, list) else number

    st.plotly_chart(
        heat_map(cells, rows, [MODES[mode] for mode in modes]), key=key,
        config={"displayModeBar": False}, on_select=open_clicked, selection_mode="points", alt=_in_words(shown),
    )  # fmt: skip
    is_whole = len(grid.points) == len(storages) * len(modes)
    arrows = " ▲ and ▼ are clearly better and worse than that." if any(cell.clear_change for cell in cells) else ""
    empty = "" if is_whole else " Empty places were not compared."
    st.caption(
        f"{shown.names[shown.metric]} of each setting. ★ is the best, the frame is the present setting.{arrows}{empty} "
        "Click a cell to open the setting below."
    )


def _about(shown: Shown, number: int) -> str:
    """What is shown when a setting is pointed at."""
    figure, change = shown.loaded.measured.means[number][shown.metric], shown.changes.get(number)
    lines = [
        f"<b>{shown.labels.point(number)}</b>",
        f"{shown.names[shown.metric]} {figure.mean:.3f} ({figure.low:.2f} to {figure.high:.2f})",
    ]
    if change is not None:
        lines.append(f"{_signed(change.change)} to the present setting ({_p(change)})")
    result = shown.loaded.results[number]
    lines.append(f"{1000 * median_seconds(result):.0f} ms a question, {result.storage.megabytes:.1f} MB")
    return "<br>".join(lines)


def _in_words(shown: Shown) -> str:
    """The heat map as text."""
    parts = [f"{shown.labels.point(number)}: {shown.mean(number):.2f}" for number in sorted(shown.loaded.results)]
    return f"{shown.names[shown.metric]} of each setting. {'; '.join(parts)}."


def _show_costs(shown: Shown) -> None:
    cost = st.segmented_control(
        "Cost", _COSTS, default=_COSTS[0], required=True, key="grid-cost", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    points = []
    for number, result in sorted(shown.loaded.results.items()):
        costs = (1000 * median_seconds(result), result.storage.megabytes, result.storage.seconds.total)
        search = MODES[shown.loaded.grid.points[number].mode]
        about = _about(shown, number)
        value = costs[_COSTS.index(cost)]
        points.append(
            CostPoint(
                value, shown.mean(number), search, about, is_best=number == shown.best, is_present=number == PRESENT
            )
        )
    searches = [name for name in MODES.values() if any(point.search == name for point in points)]
    figure = cost_figure(points, searches, shown.names[shown.metric], cost)
    st.plotly_chart(figure, key="grid-costs", config={"displayModeBar": False}, alt=f"{cost}: see the table below")
    st.caption("Up and to the left is better: more is found for less.")


def _show_table(shown: Shown) -> None:
    """All settings, the best first."""
    rows = [_row(shown, number) for number in shown.order]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key=f"grid-table-{shown.loaded.grid.grid_id}",
        height=_HEADER + _ROW * min(len(rows), _MOST_ROWS), column_config=_columns(shown),
        alt="All settings with their metrics and costs",
    )  # fmt: skip
    n = len(shown.loaded.grid.questions)
    st.caption(
        f"Averages over {counted(n, 'question')}, from 0 to 1; higher is better. The change is that of "
        f"{shown.names[shown.metric]} from the present setting, with its 95 % interval; p is corrected for the number "
        "of settings (Holm). Time and space were measured on this computer, on a copy of the collection: MB are its "
        "file (documents, chunks, embeddings) and its word index."
    )


def _row(shown: Shown, number: int) -> dict[str, object]:
    result, change = shown.loaded.results[number], shown.changes.get(number)
    facts, means = result.storage, shown.loaded.measured.means[number]
    return {
        "setting": f"{'★ ' if number == shown.best else ''}{shown.label(number)}",
        shown.names[shown.metric]: means[shown.metric].mean,
        "change": f"{_signed(change.change)} ({_signed(change.low)} to {_signed(change.high)})" if change else "–",
        "p": f"{change.corrected_p:.3f}" if change else "–",
        "ms": 1000 * median_seconds(result),
        "MB": facts.megabytes,
        "build": spoken(facts.seconds.total),
        "embedded": facts.n_embedded,
        "chunks": facts.n_chunks,
        "tokens": facts.n_tokens,
        **{name: means[metric].mean for metric, name in shown.names.items() if metric != shown.metric},
    }


def _columns(shown: Shown) -> dict[str, ColumnConfig]:
    number = st.column_config.NumberColumn
    return {
        "setting": st.column_config.TextColumn(width=330, pinned=True),
        "change": st.column_config.TextColumn(
            width=170, help="The difference from the present setting, with its 95 % interval."
        ),
        "p": st.column_config.TextColumn(width=70, help=f"{help_for('p-value')} {help_for('Holm correction')}"),
        "ms": number(format="%.0f", help="Milliseconds for one question: embedding it and searching; the median."),
        "MB": number(format="%.1f", help="Megabytes on disk: the collection's file and its word index."),
        "build": st.column_config.TextColumn(
            help="Time to split, embed, store and index all documents. Embeddings from the cache take no time, so "
            "compare it with 'embedded'."
        ),
        "embedded": number(
            format="localized", help="Texts that the model embedded; all other embeddings came from the cache."
        ),
        "chunks": number(format="localized"),
        "tokens": number(format="localized", help="Tokens of all chunks; what chunks share counts in each."),
        **{name: number(format="%.3f") for name in shown.names.values()},
    }
