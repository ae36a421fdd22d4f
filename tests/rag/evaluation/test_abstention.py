"""The abstention curve and the best minimum, worked by hand and equal to scikit-learn's ROC curve."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from rag.evaluation.abstention import AbstentionPoint, abstention_curve, best_minimum


def test_a_curve_worked_by_hand():
    curve = abstention_curve([0.8, 0.6, 0.4], [0.5, 0.2])
    assert [(round(one.minimum, 3), one.answered, one.wrongly_answered) for one in curve] == [
        (0.0, 1, 1),
        (0.1, 1, 1),
        (0.3, 1, 0.5),
        (0.45, pytest.approx(2 / 3), 0.5),
        (0.55, pytest.approx(2 / 3), 0),
        (0.7, pytest.approx(1 / 3), 0),
        (0.9, 0, 0),
    ]
    assert best_minimum(curve) == curve[4]
    assert curve[4].gain == pytest.approx(2 / 3)


def test_a_minimum_that_separates_fully():
    best = best_minimum(abstention_curve([0.7, 0.9], [0.1, 0.3]))
    assert best == AbstentionPoint(0.5, 1.0, 0.0)
    assert best.gain == 1


def test_equal_gains_take_the_lowest_minimum():
    # No minimum is better than none where both kinds have the same similarities.
    assert best_minimum(abstention_curve([0.2, 0.6], [0.2, 0.6])).minimum == 0


def test_a_question_without_hits_is_never_answered():
    curve = abstention_curve([0.5, -1.0], [-1.0])
    assert (curve[0].minimum, curve[0].answered, curve[0].wrongly_answered) == (0, 0.5, 0)
    assert best_minimum(abstention_curve([-1.0], [-1.0])) == AbstentionPoint(0.0, 0.0, 0.0)


def test_similarities_of_one_are_kept():
    assert best_minimum(abstention_curve([1.0], [0.5])).answered == 1
    assert max(one.minimum for one in abstention_curve([1.0], [1.0])) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_the_best_gain_is_that_of_the_roc_curve(seed):
    draw = np.random.default_rng(seed)
    answerable, unanswerable = draw.beta(5, 3, 60).round(2), draw.beta(3, 4, 25).round(2)
    wrongly, answered, _ = roc_curve([1] * 60 + [0] * 25, np.concatenate([answerable, unanswerable]))
    best = best_minimum(abstention_curve(answerable.tolist(), unanswerable.tolist()))
    assert best.gain == pytest.approx((answered - wrongly).max())
    assert np.mean(answerable >= best.minimum) == pytest.approx(best.answered)


def test_both_kinds_are_needed():
    for one, other in (([], [0.5]), ([0.5], [])):
        with pytest.raises(ValueError, match="needs answerable and unanswerable"):
            abstention_curve(one, other)
    with pytest.raises(ValueError, match="no point"):
        best_minimum(())
