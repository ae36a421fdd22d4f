"""The names of searches and metrics on the Evaluate page."""

from __future__ import annotations

from datetime import datetime

from pages.shared.widgets.retrieval_settings import MODES
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.passages import HIT_RATE, NDCG, RECALL, RECIPROCAL_RANK

__all__ = ["MODES", "metric_names", "search_names", "when"]


def metric_names(k: int) -> dict[str, str]:
    """What the page calls each metric, for k passages."""
    return {NDCG: "nDCG@10", RECALL: f"recall@{k}", RECIPROCAL_RANK: "MRR@10", HIT_RATE: f"hit rate@{k}"}


def search_names(run: CollectionRun) -> list[str]:
    """What the page calls each setting of a run."""
    return [MODES[setting.mode] for setting in run.conditions.settings]


def when(run: CollectionRun) -> str:
    """When the run began, in the time of this computer: "29 Nov 2026, 23:40"."""
    try:
        started = datetime.fromisoformat(run.conditions.started).astimezone()
    except ValueError:
        return run.conditions.started
    return f"{started.day} {started:%b %Y, %H:%M}"
