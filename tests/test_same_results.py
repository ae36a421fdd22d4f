"""The comparison of bench/same_results: which differences between two results it reports."""

from __future__ import annotations

from bench.same_results.comparison import compare

OLD = {"hits": [{"score": 0.1, "text": "a", "seconds": 1.0}], "verdict": "That is high."}


def test_times_are_not_compared():
    result = compare("x", OLD, {"hits": [{"score": 0.1, "text": "a", "seconds": 2.0}], "verdict": "That is high."})
    assert result.is_equal
    assert result.n_values == 3  # the number of hits, the score and the text


def test_the_last_bit_of_a_number_counts():
    new = {**OLD, "hits": [{**OLD["hits"][0], "score": 0.1 + 2**-56}]}
    assert compare("x", OLD, new).differences == [("hits.0.score", "0.1", "0.10000000000000002")]


def test_what_is_missing_is_a_difference():
    assert not compare("x", OLD, {**OLD, "hits": []}).is_equal
    assert not compare("x", {**OLD, "hits": []}, OLD).is_equal


def test_whole_numbers_and_texts_are_not_numbers_that_look_alike():
    assert not compare("x", [1], [1.0]).is_equal
    assert not compare("x", [1], ["1"]).is_equal


def test_other_words_are_listed_and_are_no_difference():
    result = compare("x", OLD, {**OLD, "verdict": "High."})
    assert result.is_equal
    assert [place for place, _, _ in result.reworded] == ["verdict"]


def test_nothing_compared_is_not_equal():
    assert not compare("x", {}, {"seconds": 1.0}).is_equal
