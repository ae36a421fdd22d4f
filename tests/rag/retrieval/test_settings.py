"""What reaches the minimum is kept, what asks to count is said, and a model is not asked about nothing."""

from __future__ import annotations

import pytest

from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.settings import NothingFound, counting_note, similar_enough


@pytest.fixture
def hits(sample, embedder):
    return DenseRetriever(sample, load_index(sample), embedder).retrieve("interest rates at the bank", 8)


def test_what_reaches_the_minimum_is_kept_in_order(hits):
    middle = hits[3].score
    assert similar_enough(hits, middle) == hits[:4]
    assert similar_enough(hits, -1.0) == hits


def test_nothing_near_enough_says_how_near_the_best_came(hits):
    with pytest.raises(NothingFound, match=rf"similarity of {hits[0].score:.2f}, and at least 0.99 is asked for"):
        similar_enough(hits, 0.99)
    with pytest.raises(NothingFound, match="no model was asked"):
        similar_enough((), 0.0)


@pytest.mark.parametrize("question", ["How many policies are there?", "Count the holidays", "List all error codes"])
def test_a_question_that_counts_is_said(question):
    assert "only the 5 passages that were found" in counting_note(question, 5)
    assert "only the 1 passage that was found" in counting_note(question, 1)
    assert counting_note(question, 0) == ""


@pytest.mark.parametrize("question", ["Who may take leave?", "What does the country discount mean?", ""])
def test_other_questions_are_not(question):
    assert counting_note(question, 5) == ""
