"""Metrics: worked by hand, and equal to those of trec_eval on random runs with ties, gaps and grades of all kinds."""

from __future__ import annotations

import math
import random

import pytest
import pytrec_eval

from rag.evaluation.metrics import METRICS, hit_rate, measure, ndcg, ranking_of, recall, reciprocal_rank

GRADES = {"a": 3, "b": 1, "c": 0, "d": -2, "e": 2}


def test_worked_by_hand():
    ranking = ["c", "d", "b", "x", "a"]
    ideal = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(ranking, GRADES) == pytest.approx((1 / math.log2(4) + 3 / math.log2(6)) / ideal)
    assert ndcg(ranking, GRADES, 3) == pytest.approx((1 / math.log2(4)) / ideal)
    assert recall(ranking, GRADES) == pytest.approx(2 / 3)
    assert recall(ranking, GRADES, 4) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranking, GRADES) == pytest.approx(1 / 3)
    assert (reciprocal_rank(ranking, GRADES, 2), reciprocal_rank(ranking, GRADES, 3)) == (0.0, pytest.approx(1 / 3))
    assert [hit_rate(ranking, GRADES, k) for k in (1, 2, 3, 10)] == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("ranking", "grades"), [([], GRADES), (["a", "b"], {}), (["c", "d"], {"c": 0, "d": -1}), (["x"], GRADES)]
)
def test_nothing_relevant_is_zero(ranking, grades):
    assert measure(ranking, grades) == dict.fromkeys(METRICS, 0.0)


def test_the_best_ranking_is_one():
    assert measure(["a", "e", "b"], GRADES) == dict.fromkeys(METRICS, 1.0)
    many = {str(number): 1 for number in range(20)}
    assert measure(list(many), many) == {**dict.fromkeys(METRICS, 1.0), "recall@10": 0.5}


def test_equal_scores_are_ordered_by_id_the_later_first():
    assert ranking_of({"a": 1.0, "b": 1.0, "c": 2.0, "é": 1.0, "z": 0.5}) == ["c", "é", "b", "a", "z"]
    assert ranking_of({"x10": 0.0, "x9": 0.0, "x1": -0.0}) == ["x9", "x10", "x1"]
    assert ranking_of({"a": 1.0 + 1e-10, "b": 1.0}) == ["b", "a"]
    assert ranking_of({"a": 1.0 + 1e-6, "b": 1.0}) == ["a", "b"]
    assert ranking_of({"a": 1e39, "b": 2e39, "c": 3.0}) == ["b", "a", "c"]
    assert ranking_of({}) == []


def random_run(seed: int) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Grades from -1 to 4 with gaps; few distinct scores, so that many are equal; one query finds nothing."""
    draw = random.Random(seed)
    ids = [draw.choice(("d", "doc-", "ä", "")) + str(number) for number in range(40)]
    grades = {
        f"q{number}": {one: draw.choice((-1, 0, 0, 1, 1, 2, 4)) for one in draw.sample(ids, draw.randint(1, 25))}
        for number in range(20)
    }
    scores = {
        query: {one: draw.choice((0.0, 0.25, 0.5, 1.0, draw.random())) for one in draw.sample(ids, draw.randint(1, 40))}
        for query in grades
    }
    scores["q3"] = {}
    return grades, scores


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("k", [1, 3, 10])
def test_equal_to_trec_eval(seed: int, k: int):
    grades, scores = random_run(seed)
    names = {f"ndcg_cut.{k}", f"recall.{k}", f"success.{k}"}
    expected = pytrec_eval.RelevanceEvaluator(grades, names).evaluate(scores)
    # trec_eval's reciprocal rank has no limit: it sees only the first k.
    cut = {query: {one: float(-place) for place, one in enumerate(ranking_of(of)[:k])} for query, of in scores.items()}
    ranks = pytrec_eval.RelevanceEvaluator(grades, {"recip_rank"}).evaluate(cut)
    assert expected.keys() == grades.keys()
    for query, theirs in expected.items():
        ranking = ranking_of(scores[query])
        ours = [metric(ranking, grades[query], k) for metric in (ndcg, recall, hit_rate, reciprocal_rank)]
        wanted = [theirs[f"ndcg_cut_{k}"], theirs[f"recall_{k}"], theirs[f"success_{k}"], ranks[query]["recip_rank"]]
        assert ours == pytest.approx(wanted, abs=1e-6), query
