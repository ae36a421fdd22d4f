"""Recall, precision and IoU in characters: worked by hand, and equal to sets and lists of characters."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.grid.characters import (
    IOU,
    SPAN_PRECISION,
    SPAN_RECALL,
    CharacterCounts,
    count_characters,
    measure_characters,
    merged,
)
from rag.evaluation.passages import RankedHit
from rag.evaluation.questions import GoldSpan


def hit(document: str, start: int, end: int) -> RankedHit:
    return RankedHit(0, document, start, end, 0.5)


def test_a_case_worked_by_hand():
    # Expected are characters 10 to 29 and 50 to 59 of a: 30. Read are 0 to 19, 15 to 34 and 100 to 109 of a, and 10
    # to 19 of b: 60. Of the expected ones, 10 to 29 are held: 20, those from 15 to 19 twice.
    spans = (GoldSpan("a", 10, 30), GoldSpan("a", 50, 60), GoldSpan("a", 0, 9, grade=0))
    hits = (hit("a", 0, 20), hit("b", 10, 20), hit("a", 15, 35), hit("a", 100, 110), hit("a", 50, 60))
    assert count_characters(hits[:4], spans) == CharacterCounts(gold=30, read=60, covered=20)
    assert measure_characters(hits, spans, 4) == {SPAN_RECALL: 20 / 30, SPAN_PRECISION: 20 / 60, IOU: 20 / 70}


def test_the_extremes():
    spans = (GoldSpan("a", 10, 30),)
    assert set(measure_characters([hit("a", 10, 30)], spans, 5).values()) == {1.0}
    assert set(measure_characters([hit("a", 30, 40), hit("b", 10, 30)], spans, 5).values()) == {0.0}
    assert set(measure_characters([], spans, 5).values()) == {0.0}


def test_a_question_without_a_relevant_passage_cannot_be_measured():
    with pytest.raises(ValueError, match="cannot be measured"):
        measure_characters([hit("a", 0, 9)], (GoldSpan("a", 0, 9, grade=0),), 5)


names = st.sampled_from(["a", "b"])
edges = st.tuples(st.integers(0, 40), st.integers(1, 15))
places = st.tuples(names, edges).map(lambda one: (one[0], one[1][0], one[1][0] + one[1][1]))


@given(st.lists(places, max_size=8), st.lists(st.tuples(places, st.integers(0, 2)), min_size=1, max_size=5))
def test_it_counts_as_sets_of_characters_do(found, expected):
    hits = [hit(*one) for one in found]
    spans = [GoldSpan(name, start, end, grade) for (name, start, end), grade in expected]
    gold = {(one.document, place) for one in spans if one.grade for place in range(one.start, one.end)}
    read = [(one.document, place) for one in hits for place in range(one.start, one.end)]
    covered = gold & set(read)
    assert count_characters(hits, spans) == CharacterCounts(len(gold), len(read), len(covered))
    if gold:
        figures = measure_characters(hits, spans, 8)
        assert figures[SPAN_RECALL] == len(covered) / len(gold)
        assert figures[SPAN_PRECISION] == (len(covered) / len(read) if read else 0.0)
        assert figures[IOU] == len(covered) / (len(gold) + len(read) - len(covered))
        assert all(0.0 <= one <= 1.0 for one in figures.values())


@given(st.lists(edges.map(lambda one: (one[0], sum(one))), max_size=10))
def test_merged_intervals_hold_the_same_characters_and_do_not_touch(intervals):
    whole = merged(intervals)
    assert [place for start, end in whole for place in range(start, end)] == sorted(
        {place for start, end in intervals for place in range(start, end)}
    )
    assert all(left[1] < right[0] for left, right in pairwise(whole))
