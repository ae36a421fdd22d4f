"""Metrics of one ranking: nDCG, recall, reciprocal rank and hit rate of the first k, defined as in trec_eval.

A ranking is a sequence of document ids, best first, each at most once. A document is relevant if its grade is 1 or
more; one that is not judged, or judged 0 or less, adds nothing to any metric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Grades = Mapping[str, int]
"""Document id -> its relevance to one query; documents that are not listed are not relevant."""
DEPTH = 10
"""How many documents of a ranking an exam looks at."""
METRICS = (f"ndcg@{DEPTH}", f"recall@{DEPTH}", f"mrr@{DEPTH}", f"hit_rate@{DEPTH}")
"""The names of what `measure` returns."""


def ndcg(ranking: Sequence[str], grades: Grades, k: int = DEPTH) -> float:
    """Normalized discounted cumulative gain of the first k, in [0, 1]; linear gain, as in trec_eval's ndcg_cut.

    Each grade has the weight 1 / log2(rank + 1); the sum is divided by that of the best possible ranking. It is 0 if
    no document is relevant.
    """
    ideal = _discounted(sorted(grades.values(), reverse=True)[:k])
    return _discounted([grades.get(item, 0) for item in ranking[:k]]) / ideal if ideal else 0.0


def recall(ranking: Sequence[str], grades: Grades, k: int = DEPTH) -> float:
    """The share of all relevant documents that is among the first k, in [0, 1]; 0 if no document is relevant."""
    n_relevant = sum(grade > 0 for grade in grades.values())
    return sum(grades.get(item, 0) > 0 for item in ranking[:k]) / n_relevant if n_relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Grades, k: int = DEPTH) -> float:
    """1 / rank of the first relevant document, which counts from 1; 0 if none is among the first k."""
    return next((1 / rank for rank, item in enumerate(ranking[:k], start=1) if grades.get(item, 0) > 0), 0.0)


def hit_rate(ranking: Sequence[str], grades: Grades, k: int = DEPTH) -> float:
    """1 if a relevant document is among the first k, else 0."""
    return float(any(grades.get(item, 0) > 0 for item in ranking[:k]))


def measure(ranking: Sequence[str], grades: Grades) -> dict[str, float]:
    """All METRICS of a ranking, by name."""
    values = (metric(ranking, grades, DEPTH) for metric in (ndcg, recall, reciprocal_rank, hit_rate))
    return dict(zip(METRICS, values, strict=True))


def ranking_of(scores: Mapping[str, float]) -> list[str]:
    """The ids by score, highest first, and equal scores by id, the later id first: the order of trec_eval.

    As there, scores are compared in single precision, so that 1 and 1 + 1e-10 are equal.
    """
    import numpy as np

    ids = sorted(scores, reverse=True)
    with np.errstate(over="ignore"):
        single = np.array([scores[one] for one in ids], dtype=np.float64).astype(np.float32)
    return [ids[place] for place in np.argsort(-single, kind="stable").tolist()]


def _discounted(grades: Sequence[int]) -> float:
    """The sum of positive grades, each with the weight 1 / log2(rank + 1)."""
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1) if grade > 0)
