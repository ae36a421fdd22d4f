"""The names of searches and metrics on the Evaluate page."""

from __future__ import annotations

from pages.shared.widgets.exams.stored_runs import search_names, when
from pages.shared.widgets.retrieval_settings import MODES
from rag.evaluation.passages import HIT_RATE, NDCG, RECALL, RECIPROCAL_RANK

__all__ = ["MODES", "metric_names", "search_names", "when"]


def metric_names(k: int) -> dict[str, str]:
    """What the page calls each metric, for k passages."""
    return {NDCG: "nDCG@10", RECALL: f"recall@{k}", RECIPROCAL_RANK: "MRR@10", HIT_RATE: f"hit rate@{k}"}
