"""Which chunks a run's questions found, which are hubs, and which questions failed, from rankings made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.evaluation.collection_run import CollectionRun, Setting
from rag.evaluation.coverage import chunk_with, coverage_of, failed_questions, questions_that_found
from rag.evaluation.questions import GoldSpan
from rag.evaluation.run_comparison import retrieved_counts
from rag.types import Chunk
from tests.rag.evaluation.test_run_comparison import CONDITIONS, RUN, asked, ranking


def run_of(*rankings: tuple[int, ...], k: int = 2) -> CollectionRun:
    """A run with one search; question i expects chunk i and gets these chunks."""
    questions = tuple(asked(number, number) for number in range(len(rankings)))
    answers = {one.question_id: (ranking(*places),) for one, places in zip(questions, rankings, strict=True)}
    return replace(
        RUN, conditions=replace(CONDITIONS, settings=(Setting("dense", k),)), questions=questions, answers=answers
    )


def test_counts_are_of_questions_in_the_order_of_the_chunks():
    found = coverage_of(RUN, np.array([9, 1, 7, 40, 2, 8]))
    # Of the first two hits: question 1 has 1, 7 and 7, 8; question 2 has 7, 2; question 3 has 7, 9 and 7.
    assert found.counts.tolist() == [1, 1, 3, 0, 1, 1]
    assert (found.n_asked, found.n_not_found) == (3, 1)
    whole = retrieved_counts(RUN, [0, 1])
    assert dict(zip([9, 1, 7, 2, 8], found.counts[[0, 1, 2, 4, 5]].tolist(), strict=True)) == whole


def test_a_hub_is_above_the_mean_and_two_standard_deviations():
    # Chunk 50 comes for all ten questions, ten others for one each: over 20 chunks the mean is 1, the variance
    # (81 + 10 * 0 + 9 * 1) / 20 = 4.5, and the limit 1 + 2 * 2.1213 = 5.24.
    run = run_of(*((number, 50) for number in range(10)))
    ids = np.array([50, *range(10), *range(60, 69)])
    found = coverage_of(run, ids)
    assert found.counts.tolist() == [10, *[1] * 10, *[0] * 9]
    assert found.hub_from == 6
    assert (found.n_hubs, found.n_not_found) == (1, 9)


def test_two_questions_make_no_hub():
    found = coverage_of(run_of((50, 1), (50, 2)), np.arange(40, 80))
    assert found.counts.max() == 2
    assert (found.hub_from, found.n_hubs) == (3, 0)


def test_chunks_of_changed_documents():
    assert coverage_of(RUN, np.array([101, 102])).n_not_found == 2
    assert coverage_of(RUN, np.array([], dtype=np.int64)).n_not_found == 0


def test_failed_questions_have_the_worst_ranks_first():
    failed = failed_questions(RUN)
    # Question 1: ranks 1 and 3 with k = 2. Question 2: ranks 2 and none. Question 3 has no passage, 4 no answer.
    assert [(one.question.question_id, one.ranks) for one in failed] == [("q2", (2, None)), ("q1", (1, 3))]
    assert [one.worst for one in failed] == [1, 1]
    assert failed_questions(run_of((0, 5), (1, 5))) == ()
    (only,) = failed_questions(run_of((5, 6, 0), (1, 5)))
    assert (only.question.question_id, only.ranks, only.worst) == ("q0", (3,), 0)


def test_the_questions_that_found_a_chunk_agree_with_its_count():
    assert [one.question_id for one in questions_that_found(RUN, 7)] == ["q1", "q2", "q3"]
    assert [one.question_id for one in questions_that_found(RUN, 8)] == ["q1"]
    for chunk_id, count in retrieved_counts(RUN, [0, 1]).items():
        assert len(questions_that_found(RUN, chunk_id)) == count
    assert questions_that_found(RUN, 40) == ()


@pytest.mark.parametrize(
    ("span", "expected"), [((0, 10), 0), ((8, 14), 1), ((19, 40), 2), ((5, 15), 0), ((50, 60), None)]
)
def test_the_chunk_of_a_passage_shares_most_with_it(span, expected):
    chunks = [Chunk("d", start, start + 10, "x" * 10, 2) for start in (0, 10, 20)]
    found = chunk_with(chunks, GoldSpan("a.md", *span))
    assert found is (None if expected is None else chunks[expected])
    assert chunk_with([], GoldSpan("a.md", *span)) is None
