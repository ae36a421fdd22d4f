"""Drawn pairs: two handfuls of a passage, of which no occurrence of a word is in both."""

from __future__ import annotations

import numpy as np

from rag.anatomy.training.draws import Draws

PASSAGES = [np.arange(0, 40), np.arange(40, 44), np.arange(44, 68)]


def test_handfuls_are_of_one_passage_and_have_no_word_in_common():
    draws = Draws(PASSAGES, 68, seed=0)
    for _ in range(20):
        firsts, seconds = draws.draw(3)
        assert firsts.shape == seconds.shape == (3, 68)
        assert not (firsts * seconds).any()
        for first, second in zip(firsts, seconds, strict=True):
            owners = {i for i, rows in enumerate(PASSAGES) if first[rows].any() or second[rows].any()}
            assert len(owners) == 1
            assert first.sum() == second.sum() == {0: 5, 1: 2, 2: 3}[owners.pop()]


def test_every_word_is_drawn_at_some_time_and_draws_differ():
    draws = Draws(PASSAGES, 68, seed=0)
    drawn = [sum(draws.draw(3)) for _ in range(200)]
    assert (np.sum(drawn, axis=0) > 0).all()
    assert not np.array_equal(drawn[0], drawn[1])


def test_a_smaller_batch_draws_each_passage_at_most_once():
    firsts, _ = Draws(PASSAGES, 68, seed=0).draw(2)
    assert firsts.shape == (2, 68)
