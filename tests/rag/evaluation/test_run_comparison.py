"""Means, differences and curves of runs, from rankings made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.evaluation.collection_run import CollectionRun, Ranking, RunConditions, Setting
from rag.evaluation.passages import HIT_RATE, NDCG, RECALL, RECIPROCAL_RANK, RankedHit
from rag.evaluation.questions import ExamQuestion, GoldSpan
from rag.evaluation.run_comparison import (
    compared,
    curve_of,
    figures_of,
    in_words,
    means_of,
    ranks_of,
    retrieved_counts,
)
from rag.evaluation.significance import bootstrap_interval, p_value
from rag.evaluation.stored.saved_run import Difference
from rag.types import ChunkingSpec

SETTINGS = (Setting("dense", 2), Setting("keyword", 2))
CONDITIONS = RunConditions(
    "Exam", "Small", "0" * 32, 1, 40, "test/words", "1", ChunkingSpec(), "flat", SETTINGS, "2026-11-29T23:40:00+00:00"
)


def hit(place: int, score: float = 0.5) -> RankedHit:
    """The chunk at a place of the document."""
    return RankedHit(place, "a.md", 100 * place, 100 * place + 100, score)


def ranking(*places: int, best: float = 0.5) -> Ranking:
    return Ranking(tuple(hit(place, best - 0.01 * number) for number, place in enumerate(places)))


def asked(number: int, *places: int) -> ExamQuestion:
    spans = tuple(GoldSpan("a.md", 100 * place, 100 * place + 100) for place in places)
    return ExamQuestion(f"q{number}", f"Question {number}?", spans, "heading", "structure")


RUN = CollectionRun(
    "20261129T234000-abcdef",
    CONDITIONS,
    (asked(1, 1), asked(2, 2), asked(3), asked(4, 4)),
    {
        "q1": (ranking(1, 7, 8, best=0.9), ranking(7, 8, 1, best=0.9)),
        "q2": (ranking(7, 2, best=0.6), ranking(best=0.6)),
        "q3": (ranking(7, 9, best=0.4), ranking(7, best=0.7)),
    },
)


def test_figures_are_of_answered_questions_with_a_passage():
    first, second = figures_of(RUN, 0), figures_of(RUN, 1)
    assert first.keys() == second.keys() == {"q1", "q2"}
    assert [first[name][RECIPROCAL_RANK] for name in first] == [1, 0.5]
    assert [second[name][RECIPROCAL_RANK] for name in second] == [pytest.approx(1 / 3), 0]
    assert [second[name][RECALL] for name in second] == [0, 0]
    assert [figures_of(RUN, 1, k=3)[name][HIT_RATE] for name in second] == [1, 0]


def test_means_have_the_interval_of_the_bootstrap():
    means = means_of(figures_of(RUN, 0))
    assert means[RECIPROCAL_RANK].mean == 0.75
    assert (means[RECIPROCAL_RANK].low, means[RECIPROCAL_RANK].high) == bootstrap_interval([1, 0.5])
    assert means_of({}) == {}


def test_runs_are_compared_on_the_questions_that_both_have():
    other = replace(RUN, answers={"q2": RUN.answers["q2"]})
    found = compared(figures_of(other, 1), figures_of(RUN, 0))
    assert found.n_shared == 1
    assert found.differences[RECIPROCAL_RANK] == Difference(0.0, 0.5, p_value([0.0], [0.5]))
    both = compared(figures_of(RUN, 1), figures_of(RUN, 0)).differences[NDCG]
    assert (both.before, both.after) == (pytest.approx(0.25), pytest.approx((1 + 0.6309297535714575) / 2))
    assert compared({}, figures_of(RUN, 0)).n_shared == 0


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (Difference(0.5, 0.55, 0.31), "+0.05, no clear difference (p = 0.31)"),
        (Difference(0.5, 0.3, 0.0123), "-0.20, clearly worse (p = 0.012)"),
        (Difference(0.5, 0.7, 0.0001), "+0.20, clearly better (p < 0.001)"),
        (Difference(0.5, 0.501, 0.5), "0.00, no clear difference (p = 0.5)"),
        (Difference(0.5, 0.499, 0.5), "0.00, no clear difference (p = 0.5)"),
        (Difference(0.5, 0.5, 1.0), "no difference"),
        (Difference(0.5, 0.6, 0.05), "+0.10, no clear difference (p = 0.05)"),
    ],
)
def test_a_difference_in_words(difference, said):
    assert in_words(difference) == said


def test_ranks_of_a_question():
    by_id = {question.question_id: question for question in RUN.questions}
    assert [ranks_of(RUN, by_id[name]) for name in ("q1", "q2", "q3")] == [(1, 3), (2, None), (None, None)]


def test_the_curve_takes_the_best_of_the_first_k():
    (first, *_, last) = curve_of(RUN, 0)
    assert (first.answered, first.wrongly_answered) == (1, 1)
    assert (last.minimum, last.answered) == (0.95, 0)
    # Nothing was found for the second question by words.
    assert curve_of(RUN, 1)[0].answered == 0.5
    assert curve_of(replace(RUN, answers={"q1": RUN.answers["q1"]}), 0) == ()


def test_a_chunk_counts_once_for_each_question():
    assert retrieved_counts(RUN, [0]) == {1: 1, 7: 3, 2: 1, 9: 1}
    assert retrieved_counts(RUN, [0, 1]) == {1: 1, 7: 3, 8: 1, 2: 1, 9: 1}
