"""Retrieval scores by hand, ties, and word counts against scikit-learn's TF-IDF cosines."""

from __future__ import annotations

import numpy as np
import pytest

from rag.anatomy.training.scores import chance_scores, retrieval_scores, together, word_count_similarities


def test_scores_by_hand():
    similarities = np.array([[0.9, 0.1, 0.2], [0.8, 0.7, 0.1], [0.3, 0.2, 0.1]], dtype=np.float32)
    # Ranks of the firsts: 1, 2, 3; of the seconds: 1, 1, 2 or 3 (a tie with the row before).
    scores = retrieval_scores(similarities)
    assert scores.accuracy == pytest.approx(3 / 6)
    assert scores.accuracy_at_5 == 1
    assert scores.reciprocal_rank == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 + 1 + (1 / 2 + 1 / 3) / 2) / 6)
    assert scores.n == 3


@pytest.mark.parametrize("n", [0, 1, 4, 30])
def test_equal_similarities_score_as_chance(n: int):
    scores, chance = retrieval_scores(np.zeros((n, n), dtype=np.float32)), chance_scores(n)
    assert (scores.accuracy, scores.accuracy_at_5) == pytest.approx((chance.accuracy, chance.accuracy_at_5))
    assert scores.reciprocal_rank == pytest.approx(chance.reciprocal_rank)


def test_word_counts_are_the_share_of_common_words():
    texts = [("owl", "sea"), ("ship", "sea"), ("moon",)]
    cosines = word_count_similarities(texts, [("owl",), ("moon", "unheard")], [("owl", "owl"), ("ship",), ("none",)])
    np.testing.assert_allclose(cosines, [[1, 0, 0], [0, 0, 0]], atol=1e-6)
    assert word_count_similarities(texts, [], []).shape == (0, 0)


def test_together_both_count_alike():
    one = np.array([[1, 0], [0, 1]], dtype=np.float32)
    np.testing.assert_allclose(together(one, 100 * one), 2 * together(one, np.zeros((2, 2), dtype=np.float32)))
