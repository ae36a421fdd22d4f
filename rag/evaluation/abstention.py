"""Abstention: whether the best similarity tells questions that the documents answer from those they do not.

A question counts as answered if its most similar passage reaches the minimum similarity. A good minimum keeps the
answerable questions and turns the unanswerable ones away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class AbstentionPoint:
    """At this minimum similarity: the share of answerable and of unanswerable questions that are answered, in [0, 1].

    `gain` is the first share minus the second: Youden's J, which is 1 if the minimum separates them fully and 0 if
    it is of no use (Youden, "Index for rating diagnostic tests", Cancer 3, 1950).
    """

    minimum: float
    answered: float
    wrongly_answered: float

    @property
    def gain(self) -> float:
        """Youden's J of this minimum, in [-1, 1]."""
        return self.answered - self.wrongly_answered


def abstention_curve(answerable: Sequence[float], unanswerable: Sequence[float]) -> tuple[AbstentionPoint, ...]:
    """The shares at every minimum at which one of them changes, from 0 (no minimum) upwards.

    Between two different similarities the minimum is in their middle; the last one is above all of them, up to 1.

    Args:
        answerable: the best similarity of each question that the documents answer, cosines; -1 if nothing was found.
        unanswerable: the same of the questions that they do not answer.

    Raises:
        ValueError: one of both is empty.
    """
    if not answerable or not unanswerable:
        raise ValueError("the curve needs answerable and unanswerable questions")
    found = sorted({score for score in (*answerable, *unanswerable) if score >= 0})
    middles = [(low + high) / 2 for low, high in pairwise(found)]
    above = [(found[-1] + 1) / 2] if found and found[-1] < 1 else []
    minimums = sorted({0.0, *middles, *above, *([found[0] / 2] if found else [])})
    return tuple(_point(minimum, answerable, unanswerable) for minimum in minimums)


def best_minimum(curve: Sequence[AbstentionPoint]) -> AbstentionPoint:
    """The point with the highest gain; among equal ones the lowest minimum, which answers the most questions.

    Raises:
        ValueError: the curve is empty.
    """
    if not curve:
        raise ValueError("the curve has no point")
    return max(curve, key=lambda point: (point.gain, -point.minimum))


def _point(minimum: float, answerable: Sequence[float], unanswerable: Sequence[float]) -> AbstentionPoint:
    answered, wrongly = (sum(score >= minimum for score in scores) for scores in (answerable, unanswerable))
    return AbstentionPoint(minimum, answered / len(answerable), wrongly / len(unanswerable))
