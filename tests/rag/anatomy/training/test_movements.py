"""Words that move together."""

from __future__ import annotations

import numpy as np
import pytest

from rag.anatomy.training.movements import WordPair, word_movements

WORDS = ["owl", "moon", "ship"]
BEFORE = np.eye(3, dtype=np.float32)
AFTER = np.array([[1, 0, 0], [0.8, 0.6, 0], [-0.6, 0, 0.8]], dtype=np.float32)


def test_the_pair_that_came_closest_is_first():
    pairs = word_movements(BEFORE, AFTER, WORDS, 2)
    assert pairs[0] == WordPair("owl", "moon", 0.0, pytest.approx(0.8))
    assert (pairs[1].first, pairs[1].second, pairs[1].after) == ("moon", "ship", pytest.approx(-0.48))


def test_a_single_word_has_no_pairs():
    assert word_movements(BEFORE[:1], AFTER[:1], WORDS[:1], 3) == ()
