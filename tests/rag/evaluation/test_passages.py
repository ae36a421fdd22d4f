"""Rankings of chunks judged with spans: worked by hand, and equal to trec_eval's on random rankings."""

from __future__ import annotations

import math
import random

import pytest
import pytrec_eval

from rag.evaluation.passages import (
    HIT_RATE,
    NDCG,
    RECALL,
    RECIPROCAL_RANK,
    RankedHit,
    first_rank,
    is_relevant,
    judged,
    measure_passages,
)
from rag.evaluation.questions import GoldSpan


def hit(start: int, end: int, document: str = "a.md") -> RankedHit:
    return RankedHit(start + 1, document, start, end, 0.5)


def span(start: int, end: int, grade: int = 1, document: str = "a.md") -> GoldSpan:
    return GoldSpan(document, start, end, grade)


ELSEWHERE = hit(5_000, 5_100)


@pytest.mark.parametrize(
    ("chunk", "passage", "expected"),
    [
        (hit(0, 100), span(0, 100), True),
        (hit(0, 100), span(40, 60), True),  # the passage is inside the chunk
        (hit(40, 60), span(0, 100), True),  # the chunk is inside the passage
        (hit(0, 100), span(50, 150), True),  # exactly half of both
        (hit(0, 100), span(51, 151), False),
        (hit(0, 100), span(90, 110), True),  # half of the shorter one, a tenth of the other
        (hit(0, 100), span(91, 111), False),
        (hit(0, 100), span(100, 200), False),
        (hit(0, 100, "b.md"), span(0, 100), False),
        (hit(50, 50), span(0, 100), False),  # an empty chunk
    ],
)
def test_a_chunk_is_relevant_if_it_shares_half_of_the_shorter(chunk, passage, expected):
    assert is_relevant(chunk, passage) is expected


def test_a_span_counts_at_its_first_hit_alone():
    hits = [ELSEWHERE, hit(0, 60), hit(40, 100), hit(200, 300)]
    found = judged(hits, [span(0, 100), span(200, 300)])
    assert found.ids == ("hit 1", "0", "hit 3", "1")
    assert found.grades == {"0": 1, "1": 1}


def test_a_hit_that_finds_two_spans_counts_once_for_both():
    found = judged([hit(0, 100), hit(300, 400)], [span(0, 20), span(50, 70, 2), span(300, 400)])
    assert found.ids == ("0", "2")
    assert found.grades == {"0": 2, "2": 1}


def test_spans_that_do_not_answer_are_ignored():
    found = judged([hit(0, 100)], [span(0, 100, 0), span(200, 300)])
    assert (found.ids, found.grades) == (("hit 1",), {"0": 1})


def test_metrics_worked_by_hand():
    hits = [ELSEWHERE, hit(0, 100), ELSEWHERE, hit(20, 100), hit(200, 300)]
    figures = measure_passages(hits, [span(0, 100), span(200, 300)], k=3)
    ideal = 1 + 1 / math.log2(3)
    assert figures[NDCG] == pytest.approx((1 / math.log2(3) + 1 / math.log2(6)) / ideal)
    assert figures[RECALL] == 0.5
    assert figures[RECIPROCAL_RANK] == 0.5
    assert figures[HIT_RATE] == 1.0


def test_k_decides_recall_and_hit_rate_alone():
    hits = [ELSEWHERE] * 5 + [hit(0, 100)]
    five, six = (measure_passages(hits, [span(0, 100)], k) for k in (5, 6))
    assert (five[RECALL], five[HIT_RATE], six[RECALL], six[HIT_RATE]) == (0, 0, 1, 1)
    assert five[NDCG] == six[NDCG] == pytest.approx(1 / math.log2(7))
    assert five[RECIPROCAL_RANK] == pytest.approx(1 / 6)


def test_nothing_found_is_zero_and_nothing_expected_is_refused():
    assert set(measure_passages([], [span(0, 100)], 5).values()) == {0.0}
    for spans in ([], [span(0, 100, 0)]):
        with pytest.raises(ValueError, match="without a relevant passage"):
            measure_passages([hit(0, 100)], spans, 5)


def test_the_first_rank():
    hits = [ELSEWHERE, hit(0, 100), hit(200, 300)]
    assert first_rank(hits, [span(200, 300), span(0, 100)]) == 2
    assert first_rank(hits, [span(900, 999)]) is None
    assert first_rank(hits, [span(0, 100, 0)]) is None


def test_figures_are_those_of_trec_eval():
    draw = random.Random(4)
    for _ in range(200):
        spans = [span(100 * place, 100 * place + 80, draw.choice((1, 1, 2))) for place in draw.sample(range(40), 3)]
        hits = [hit(100 * place, 100 * place + 100) for place in draw.sample(range(40), 20)]
        qrels = {str(100 * one.start): one.grade for one in spans}
        run = {str(100 * one.start): 100.0 - rank for rank, one in enumerate(hits)}
        names = {"ndcg_cut.10", "recall.5", "success.5"}
        theirs = pytrec_eval.RelevanceEvaluator({"q": qrels}, names).evaluate({"q": run})["q"]
        ours = measure_passages(hits, spans, 5)
        expected = (theirs["ndcg_cut_10"], theirs["recall_5"], theirs["success_5"])
        assert (ours[NDCG], ours[RECALL], ours[HIT_RATE]) == pytest.approx(expected, abs=1e-6)
