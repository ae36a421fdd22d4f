"""What can be done with a stored comparison: download it, delete it; and all its conditions."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.shared.evaluate.clicks import guarded
from pages.shared.evaluate.grid.loaded import LoadedGrid, changes_of
from pages.shared.evaluate.grid.wording import grid_metric_names, started_at, whole_name
from pages.shared.session.person import is_editor
from pages.shared.widgets.common import escaped
from pages.shared.widgets.wording import counted
from rag import config
from rag.evaluation.grid.compare import GRID_METRICS, PRESENT, median_seconds
from rag.evaluation.grid.stored import as_json, delete_grid
from rag.map.export.files import as_csv


def show_grid_menu(loaded: LoadedGrid, forget: Callable[[], None], *, is_running: bool) -> None:
    """A popover with the conditions of a comparison, downloads, and its deletion, which calls `forget` first."""
    grid = loaded.grid
    with st.popover("Details", icon=":material/more_horiz:", width="content"):
        st.markdown(_conditions(loaded))
        name = f"{grid.conditions.collection} settings {grid.grid_id}"
        st.download_button(
            "Download JSON", lambda: as_json(grid, loaded.results), f"{name}.json", "application/json",
            on_click="ignore", icon=":material/download:", help="All settings, questions, rankings and times.",
        )  # fmt: skip
        st.download_button(
            "Download CSV", lambda: as_csv(grid_table(loaded)), f"{name}.csv", "text/csv", on_click="ignore",
            icon=":material/download:", help="One line for each setting.",
        )  # fmt: skip

        def delete() -> None:
            delete_grid(config.data_dir(), grid)
            forget()

        st.button(
            "Delete this comparison", icon=":material/delete:", on_click=guarded, args=(delete,),
            disabled=is_running or not is_editor(),
            help="Stop it first." if is_running else None,
        )  # fmt: skip


def grid_table(loaded: LoadedGrid) -> pd.DataFrame:
    """One row for each measured setting: its factors, every metric with its interval and change, and its cost."""
    names = grid_metric_names(loaded.grid.conditions.k)
    found = {metric: changes_of(loaded, metric) for metric in GRID_METRICS}
    rows: list[dict[str, object]] = []
    for number, result in sorted(loaded.results.items()):
        point, facts = loaded.grid.points[number], result.storage
        row: dict[str, object] = {
            "setting": whole_name(point),
            "present": number == PRESENT,
            "embedding model": point.model_id,
            "strategy": point.chunking.strategy,
            "max tokens": point.chunking.max_tokens,
            "overlap": point.chunking.overlap,
            "context line": point.chunking.context,
            "search": point.mode,
        }
        for metric, name in names.items():
            mean, change = loaded.measured.means[number][metric], found[metric].get(number)
            row |= {name: mean.mean, f"{name} low": mean.low, f"{name} high": mean.high}
            row |= {
                f"{name} change": change.change if change else None,
                f"{name} change low": change.low if change else None,
                f"{name} change high": change.high if change else None,
                f"{name} p": change.p if change else None,
                f"{name} p (Holm)": change.corrected_p if change else None,
            }
        row |= {
            "chunks": facts.n_chunks,
            "tokens": facts.n_tokens,
            "texts embedded": facts.n_embedded,
            "embeddings from the cache": facts.n_cached,
            "seconds to build": facts.seconds.total,
            "ms a question (median)": 1000 * median_seconds(result),
            "MB": facts.megabytes,
            "documents left out": len(facts.left_out),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _conditions(loaded: LoadedGrid) -> str:
    one = loaded.grid.conditions
    facts = {
        "Started": started_at(loaded.grid),
        "Exam": f"{one.exam}, {counted(len(loaded.grid.questions), 'question')} with expected passages",
        "Collection": f"{one.collection}, {counted(one.n_chunks, 'chunk')}, state {one.generation}",
        "Present setting": whole_name(loaded.grid.points[PRESENT]),
        "Passages (k)": str(one.k),
        "Measured": f"{len(loaded.results):,} of {counted(len(loaded.grid.points), 'setting')}",
    }
    return "\n".join(f"- {name}: {escaped(fact)}" for name, fact in facts.items())
