"""The vocabulary: which words get a row, how much they weigh, in any script."""

from __future__ import annotations

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from bench.tiny_training import sample_passages
from rag.anatomy.training.vocabulary import build_vocabulary, words_of


def test_words_are_stems_and_codes_stay_whole():
    assert words_of("Answered the policies of E-17, B12.") == ("answer", "the", "policy", "of", "e", "17", "b12")


def test_a_script_without_spaces_gives_pairs_of_letters():
    assert words_of("银行开门") == ("银行", "行开", "开门")


def test_russian_words_are_words():
    assert words_of("Банк открыт с девяти.") == ("банк", "открыт", "с", "девяти")


def test_a_word_of_one_passage_has_no_row_and_ties_are_alphabetical():
    texts = ["owl moon owls", "moon owl sea", "moon ship"]
    vocabulary = build_vocabulary(texts, [words_of(text) for text in texts])
    assert vocabulary.stems == ("moon", "owl")
    assert vocabulary.passages.tolist() == [3, 2]
    assert vocabulary.rows(("owl", "sea", "owl")).tolist() == [1, 1]
    assert build_vocabulary(texts, [words_of(text) for text in texts], most_words=1).stems == ("moon",)


def test_a_word_is_shown_in_its_most_frequent_spelling():
    texts = ["Policies and policies", "a policy", "the Policies"]
    vocabulary = build_vocabulary(texts, [words_of(text) for text in texts])
    assert vocabulary.spellings == ("policies",)


def test_weights_are_those_of_scikit_learn():
    texts = [words_of(text) for text in sample_passages()]
    vocabulary = build_vocabulary(sample_passages(), texts)
    vectorizer = TfidfVectorizer(analyzer=lambda words: words).fit(texts)
    expected = [vectorizer.idf_[vectorizer.vocabulary_[stem]] for stem in vocabulary.stems]
    np.testing.assert_allclose(vocabulary.weights, expected, rtol=1e-6)


def test_content_words_are_no_stop_words_numbers_or_words_of_most_passages():
    texts = ["the owl 17 und"] * 2 + ["the ship 17 und"] * 2 + ["the moon 17 und"] * 8
    vocabulary = build_vocabulary(texts, [words_of(text) for text in texts])
    assert [vocabulary.spellings[row] for row in vocabulary.content_rows()] == ["owl", "ship"]
