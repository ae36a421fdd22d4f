"""Means of a run with their intervals, and its difference to another setting or another run, with its p-value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag.evaluation.abstention import AbstentionPoint, abstention_curve
from rag.evaluation.collection_run import CollectionRun
from rag.evaluation.passages import HIT_RATE, PASSAGE_METRICS, first_rank, measure_passages, relevant_spans
from rag.evaluation.questions import ExamQuestion
from rag.evaluation.run import MeanFigure, mean_figure
from rag.evaluation.stored.saved_run import SIGNIFICANT, Difference, Figures, difference

_SMALLEST_P = 0.001


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of each metric to a baseline, over the `n_shared` questions that both have."""

    n_shared: int
    differences: dict[str, Difference]


def figures_of(run: CollectionRun, place: int, k: int | None = None) -> dict[str, dict[str, float]]:
    """The PASSAGE_METRICS of each answered question with a relevant passage, for the setting at `place`.

    Args:
        k: how many passages count for recall and hit rate; by default that of the setting.
    """
    chosen = k or run.conditions.settings[place].k
    return {
        question.question_id: measure_passages(run.answers[question.question_id][place].hits, question.spans, chosen)
        for question in run.questions
        if question.question_id in run.answers and relevant_spans(question.spans)
    }


def means_of(figures: Figures) -> dict[str, MeanFigure]:
    """The mean of each metric over the questions, with its 95 % interval; empty without questions."""
    if not figures:
        return {}
    return {metric: mean_figure([one[metric] for one in figures.values()]) for metric in PASSAGE_METRICS}


def n_found(figures: Figures) -> int:
    """For how many of the questions an expected passage is among the first k."""
    return sum(one[HIT_RATE] > 0 for one in figures.values())


def compared(before: Figures, after: Figures) -> Comparison:
    """The differences of `after` to `before` on the questions that both have; none if there is no such question."""
    shared = [question for question in after if question in before]
    metrics = PASSAGE_METRICS if shared else ()
    return Comparison(len(shared), {metric: difference(before, after, shared, metric) for metric in metrics})


def in_words(found: Difference) -> str:
    """A difference as a person says it: "+0.05, no clear difference (p = 0.31)"."""
    change = f"{found.change:+.2f}".replace("-0.00", "0.00").replace("+0.00", "0.00")
    if not found.change and found.p == 1:
        return "no difference"
    p = f"p < {_SMALLEST_P}" if found.p < _SMALLEST_P else f"p = {found.p:.2g}"
    if found.p >= SIGNIFICANT:
        return f"{change}, no clear difference ({p})"
    return f"{change}, clearly {'better' if found.change > 0 else 'worse'} ({p})"


def ranks_of(run: CollectionRun, question: ExamQuestion) -> tuple[int | None, ...]:
    """For each setting the rank of the first relevant hit of an answered question; None if no kept hit is relevant."""
    return tuple(first_rank(ranking.hits, question.spans) for ranking in run.answers[question.question_id])


def curve_of(run: CollectionRun, place: int) -> tuple[AbstentionPoint, ...]:
    """The abstention curve of the setting at `place`; empty without answerable or without unanswerable questions."""
    answered = [question for question in run.questions if question.question_id in run.answers]
    best = {one.question_id: _best_similarity(run, one.question_id, place) for one in answered}
    answerable = [best[one.question_id] for one in answered if relevant_spans(one.spans)]
    unanswerable = [best[one.question_id] for one in answered if one.is_unanswerable]
    return abstention_curve(answerable, unanswerable) if answerable and unanswerable else ()


def retrieved_counts(run: CollectionRun, places: Iterable[int]) -> dict[int, int]:
    """For how many questions each chunk is among the first k of any of these settings; others are missing."""
    counts: dict[int, int] = {}
    settings = [(place, run.conditions.settings[place].k) for place in places]
    for rankings in run.answers.values():
        for chunk_id in {hit.chunk_id for place, k in settings for hit in rankings[place].hits[:k]}:
            counts[chunk_id] = counts.get(chunk_id, 0) + 1
    return counts


def _best_similarity(run: CollectionRun, question_id: str, place: int) -> float:
    """The highest similarity among the first k hits; -1 if nothing was found."""
    hits = run.answers[question_id][place].hits[: run.conditions.settings[place].k]
    return max((hit.score for hit in hits), default=-1.0)
