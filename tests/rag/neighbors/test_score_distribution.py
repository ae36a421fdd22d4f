"""Whether a score is high: shares counted one by one, and the sentence for the person."""

from __future__ import annotations

import numpy as np
import pytest

from rag.neighbors.score_distribution import score_distribution, verdict


def evenly(n):
    """Scores 0, 1/n, 2/n ... in no order."""
    return np.random.default_rng(4).permutation(np.arange(n) / n).astype(np.float32)


def test_shares_are_counted():
    scores = np.random.default_rng(3).uniform(-0.2, 0.9, 500).astype(np.float32)
    distribution = score_distribution(scores)
    for score in scores[:50].tolist():
        assert distribution.n_lower(score) == sum(other < score - 1e-6 for other in scores.tolist())
        assert distribution.n_higher(score) == sum(other > score + 1e-6 for other in scores.tolist())


@pytest.mark.parametrize("whole_range", [False, True])
def test_every_score_is_in_a_bin(whole_range):
    scores = evenly(200)
    distribution = score_distribution(scores, n_bins=10, whole_range=whole_range)
    assert distribution.counts.sum() == 200
    assert len(distribution.edges) == 11
    first, last = (-1.0, 1.0) if whole_range else (scores.min(), scores.max())
    assert (distribution.edges[0], distribution.edges[-1]) == (pytest.approx(first), pytest.approx(last))
    bins = zip(distribution.edges[:-1], distribution.edges[1:], strict=True)
    expected = [np.sum((scores >= low) & (scores < high)) for low, high in bins]
    expected[-1] += np.sum(scores == distribution.edges[-1])
    assert distribution.counts.tolist() == expected


def test_rounding_past_one_stays_inside():
    distribution = score_distribution(np.array([1.0000001, -1.0000001], np.float32), whole_range=True)
    assert distribution.counts.sum() == 2
    assert distribution.ordered.tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (0.996, "1.00 is high here: only 3 chunks score higher, of 1,000 in this collection."),
        (0.998, "1.00 is high here: only 1 chunk scores higher, of 1,000 in this collection."),
        (0.999, "1.00 is the highest score in this collection of 1,000 chunks."),
        (0.985, "0.99 is above most here: higher than 98.5 % of this collection's chunks."),
        (0.5, "0.50 is in the upper half here: higher than 50 % of this collection's chunks."),
        (0.2, "0.20 is low here: higher than 20 % of this collection's chunks."),
        (0.0, "0.00 is low here: no chunk of this collection scores lower."),
        (-0.5, "-0.50 is low here: no chunk of this collection scores lower."),
    ],
)
def test_verdicts(score, words):
    assert verdict(float(np.float32(score)), score_distribution(evenly(1000))) == words


def test_nearly_all_is_not_all():
    """19,988 of 20,000 are 99.94 %."""
    said = verdict(0.9994, score_distribution(evenly(20_000)))
    assert said == "1.00 is high here: higher than 99.9 % of this collection's chunks."


def test_rounding_makes_no_difference():
    scores = np.array([0.1, 0.2, 0.61999995], np.float32)
    assert "is the highest score" in verdict(0.62, score_distribution(scores))
    assert "is the highest score" in verdict(0.6199999, score_distribution(scores))


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([], "nothing to compare 0.40 with: this collection has 0 chunks."),
        ([0.4], "nothing to compare 0.40 with: this collection has 1 chunk."),
        ([0.4, 0.4, 0.4], "0.40 carries no information here: all 3 chunks of this collection have this score."),
    ],
)
def test_verdicts_where_there_is_little(scores, words):
    distribution = score_distribution(np.array(scores, np.float32))
    assert verdict(0.4, distribution).endswith(words)
    assert distribution.counts.sum() == len(scores)


@pytest.mark.parametrize(("scores", "n_bins"), [([0.1], 0), ([np.nan], 5), ([np.inf], 5)])
def test_what_has_no_distribution(scores, n_bins):
    with pytest.raises(ValueError, match="must be finite"):
        score_distribution(np.array(scores, np.float32), n_bins=n_bins)
