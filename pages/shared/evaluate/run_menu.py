"""What can be done with a stored run: keep it as a baseline, download it, delete it; and all its settings."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from pages.shared.evaluate.clicks import guarded
from pages.shared.evaluate.wording import metric_names, search_names, when
from pages.shared.session.person import is_editor
from pages.shared.widgets.common import escaped
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.wording import counted, spoken
from rag import config
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.run_comparison import figures_of, ranks_of
from rag.evaluation.stored.runs import as_json, delete_run, is_marked, mark_baseline
from rag.map.export.files import as_csv


def show_run_menu(run: CollectionRun) -> None:
    """The mark of a baseline, and a popover with downloads, the run's settings and its deletion."""
    marked = is_marked(config.data_dir(), run)
    mark = partial(mark_baseline, config.data_dir(), run, is_baseline=not marked)
    st.button(
        "Baseline" if marked else "Keep as baseline",
        icon=":material/bookmark_added:" if marked else ":material/bookmark:",
        on_click=guarded, args=(mark,), type="tertiary" if marked else "secondary",
        disabled=not is_editor(),
        help=f"{help_for('baseline')} A kept run is offered for comparison with every run of the same questions, also "
        f"in other collections.{' Click to stop keeping it.' if marked else ''}",
    )  # fmt: skip
    with st.popover("Details", icon=":material/more_horiz:", width="content"):
        st.markdown(_conditions(run))
        name = f"{run.conditions.collection} {run.run_id}"
        st.download_button(
            "Download JSON", lambda: as_json(run), f"{name}.json", "application/json", on_click="ignore",
            icon=":material/download:", help="All settings, questions and rankings.",
        )  # fmt: skip
        st.download_button(
            "Download CSV", lambda: as_csv(run_table(run)), f"{name}.csv", "text/csv", on_click="ignore",
            icon=":material/download:", help="One line for each question and search.",
        )  # fmt: skip
        st.button(
            "Delete this run",
            icon=":material/delete:",
            on_click=guarded,
            args=(partial(_delete, run),),
            disabled=not is_editor(),
        )


def run_table(run: CollectionRun) -> pd.DataFrame:
    """One row for each answered question and setting, with its rank, figures and best hit."""
    rows: list[dict[str, object]] = []
    settings = run.conditions.settings
    figures_by_search = [figures_of(run, place) for place in range(len(settings))]
    for question in run.questions:
        rankings = run.answers.get(question.question_id, ())
        ranks = ranks_of(run, question) if rankings else ()
        searches = zip(settings, search_names(run), rankings, ranks, figures_by_search, strict=False)
        for setting, name, ranking, rank, figures in searches:
            best = ranking.hits[0] if ranking.hits else None
            measured = figures.get(question.question_id, {})
            rows.append(
                {
                    "question": question.text,
                    "search": name,
                    "answerable": not question.is_unanswerable,
                    "expected document": ", ".join(dict.fromkeys(span.document for span in question.spans)),
                    "rank": rank,
                    **{shown: measured.get(metric) for metric, shown in metric_names(setting.k).items()},
                    "first document": best.document if best else "",
                    "first chunk": best.chunk_id if best else None,
                    "first similarity": best.score if best else None,
                }
            )
    return pd.DataFrame(rows)


def _conditions(run: CollectionRun) -> str:
    """Everything that the run depends on, as a list."""
    one = run.conditions
    chunking = f"{one.chunking.strategy}, at most {one.chunking.max_tokens} tokens, overlap {one.chunking.overlap}"
    facts = {
        "Started": when(run),
        "Exam": f"{one.exam}, {counted(len(run.questions), 'question')}",
        "Collection": f"{one.collection}, {counted(one.n_chunks, 'chunk')}, state {one.generation}",
        "Embedding model": f"{one.embedding_model}, revision {one.embedding_revision or 'unknown'}",
        "Chunking": chunking,
        "Index": one.index,
        "Time": spoken(run.seconds),
    }
    return "\n".join(f"- {name}: {escaped(fact)}" for name, fact in facts.items())


def _delete(run: CollectionRun) -> None:
    st.session_state.pop(f"evaluate-run-{run.conditions.collection_uid}", None)
    delete_run(config.data_dir(), run)
