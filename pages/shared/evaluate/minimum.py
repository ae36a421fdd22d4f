"""The minimum similarity: whether it turns unanswerable questions away and keeps the answerable ones."""

from __future__ import annotations

import streamlit as st

from pages.shared.evaluate.figures import abstention_figure
from pages.shared.evaluate.wording import search_names
from pages.shared.widgets.glossary import help_for
from rag.evaluation.abstention import AbstentionPoint, best_minimum
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.run_comparison import curve_of

_USEFUL = 0.5
"""The gain from which a minimum is recommended."""


@st.fragment
def show_minimum(run: CollectionRun) -> None:
    """The share of answerable and unanswerable questions that reach each minimum similarity, and the best one."""
    st.header("Minimum similarity", help=help_for("minimum similarity"))
    names = search_names(run)
    place = st.segmented_control(
        "Search", range(len(names)), default=0, required=True, format_func=names.__getitem__,
        key=f"evaluate-minimum-{run.run_id}", label_visibility="collapsed",
    )  # fmt: skip
    curve = curve_of(run, place)
    if not curve:
        st.caption(
            "To choose a minimum similarity, an exam needs questions that the documents answer and some that they do "
            "not. In a CSV file, leave the document of such a question empty."
        )
        return
    best = best_minimum(curve)
    st.markdown(_advice(best))
    st.plotly_chart(
        abstention_figure(curve, best), key="evaluate-abstention", config={"displayModeBar": False}, alt=_advice(best)
    )
    st.caption(
        "A question is answered if its most similar passage reaches the minimum. The dotted line is the minimum that "
        "separates both kinds best (Youden's index). The unanswerable questions are hard ones: most are questions of "
        "this exam with another name or number."
    )


def _advice(best: AbstentionPoint) -> str:
    shares = (
        f"{100 * best.answered:.0f} % of the answerable questions and {100 * best.wrongly_answered:.0f} % of the "
        "unanswerable ones are answered"
    )
    if best.gain < _USEFUL:
        return (
            f"**No minimum separates them well.** The best one is {best.minimum:.2f}: with it, {shares}. Similarity "
            "does not tell which of these questions have an answer."
        )
    return (
        f"**A minimum of {best.minimum:.2f} separates them best**: with it, {shares}. Set it under 'Search settings' "
        "on the Search and Chat pages."
    )
