"""Word counts as an embedding: TF-IDF's own cosines for few texts, LSA for many, any script, any number of texts."""

from __future__ import annotations

import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from rag.map.word_count_model import WORD_MODEL, WORD_MODEL_NAME, embed_words
from tests.support.collections import long_text

TEXTS = [
    "The owl hunts mice at night, and the owl sleeps by day.",
    "At night an owl hears mice.",
    "A ship sails into the harbour.",
    "The harbour has room for one ship and its sails.",
    "Quarterly revenue grew.",
]


def embedded(texts, dimension=256, seed=42):
    """The vectors, no warning on the way, each of length 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectors = embed_words(texts, dimension, seed)
    assert vectors.shape == (len(texts), dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    return vectors


def many_texts(n):
    return [f"{long_text(seed, 2)} topic{seed % 7}" for seed in range(n)]


def test_texts_that_share_words_are_nearer_than_texts_that_share_none():
    cosines = embedded(TEXTS) @ embedded(TEXTS).T
    assert cosines[0, 1] > 0.3
    assert cosines[2, 3] > 0.3
    apart = [cosines[i, j] for i in (0, 1) for j in (2, 3, 4)] + [cosines[2, 4], cosines[3, 4]]
    np.testing.assert_allclose(apart, 0.0, atol=1e-6)


def test_the_cosines_of_few_texts_are_tf_idfs():
    """With scikit-learn's own words and stop words, which are the same here."""
    weights = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(TEXTS)
    vectors = embedded(TEXTS)
    np.testing.assert_allclose(vectors @ vectors.T, (weights @ weights.T).toarray(), atol=1e-6)


def test_two_texts_worked_by_hand():
    """Both hold owl (idf ln(3/3) + 1 = 1); the second, ship twice (idf ln(3/2) + 1, times 1 + ln 2)."""
    ship = (np.log(3 / 2) + 1) * (1 + np.log(2))
    first, second = embedded(["owl", "ship owl ship"], 8)
    assert float(first @ second) == pytest.approx(1 / np.sqrt(1 + ship**2), abs=1e-6)


def test_fewer_axes_find_words_that_other_texts_use_together():
    """Car and engine are in no text together but each with motor: alike along few axes, not along all."""
    texts = ["car motor", "engine motor", "car motor", "engine motor", "car", "engine", *["tulip rose"] * 4]
    assert float(np.dot(*embedded(texts, 3)[[4, 5]])) > 0.9
    assert float(np.dot(*embedded(texts, 20)[[4, 5]])) == pytest.approx(0.0, abs=1e-6)


def test_many_texts_keep_to_their_topics():
    random_words = random.Random(5)
    topics = [[f"t{topic}w{'abcdefghij'[i]}" for i in range(10)] for topic in range(5)]
    texts = [" ".join(random_words.choices(topics[row % 5], k=6)) for row in range(400)]
    vectors = embedded(texts, 32)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    same_topic = cosines.argmax(axis=1) % 5 == np.arange(400) % 5
    assert same_topic.mean() > 0.99


def test_the_same_texts_give_the_same_vectors_and_equal_texts_equal_ones():
    texts = many_texts(300) * 2
    vectors = embedded(texts, 64)
    np.testing.assert_array_equal(vectors, embedded(texts, 64))
    np.testing.assert_array_equal(vectors[:300], vectors[300:])
    assert len(np.unique(vectors, axis=0)) == 300


@pytest.mark.slow
def test_another_process_gives_the_same_vectors():
    code = "from rag.map.word_count_model import embed_words; import sys; texts = sys.stdin.read().split('|'); "
    code += "sys.stdout.write(embed_words(texts, 32).tobytes().hex())"
    texts = many_texts(100)
    other = subprocess.run(
        [sys.executable, "-c", code], input="|".join(texts), capture_output=True, text=True, check=True
    )
    assert bytes.fromhex(other.stdout) == embed_words(texts, 32).tobytes()


def test_words_of_any_script_numbers_and_codes():
    texts = ["слово и дело", "новое слово", "東京都の天気", "東京都は大きい", "हिन्दी भाषा", "हिन्दी कविता"]
    texts += ["error E-404", "the code 404", "in 2024"]
    cosines = embedded(texts) @ embedded(texts).T
    for i, j in [(0, 1), (2, 3), (4, 5), (6, 7)]:
        assert cosines[i, j] > 0.2
    assert abs(cosines[[0, 2, 4, 6, 8], [2, 4, 6, 8, 0]]).max() < 1e-6


@pytest.mark.parametrize("wordless", ["", "  \n", "...", "of the and", "\0", "\ud800"])
def test_texts_without_words_lie_on_the_last_axis(wordless):
    vectors = embedded(["owl night", wordless, "ship", "?!"], 8)
    np.testing.assert_array_equal(vectors[[1, 3]], np.eye(8)[[7, 7]])
    np.testing.assert_array_equal(vectors[[0, 2], 7], 0.0)
    np.testing.assert_array_equal(embedded([wordless]), np.eye(256)[[255]])


def test_a_text_of_words_that_no_other_has_is_unknown_where_texts_outnumber_axes():
    texts = ["owl night", "owl mice", "night mice"] * 3 + ["xylophone zither"]
    assert embedded(texts, 8)[-1, -1] == 1.0
    assert embedded(texts, 11)[-1, -1] == 0.0
    np.testing.assert_array_equal(embedded([f"only{i}a" for i in range(9)], 4)[:, -1], 1.0)


@pytest.mark.parametrize("dimension", [2, 3, 256])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 300])
def test_any_number_of_texts(n, dimension):
    same = embedded(["an owl at night"] * n, dimension)
    one_word = embedded(["owl"] * n, dimension)
    for vectors in (same, one_word):
        assert not vectors[:, -1].any()
        np.testing.assert_allclose(vectors @ vectors.T, 1.0, atol=1e-6)
    embedded(many_texts(n), dimension)


def test_a_dimension_too_low():
    with pytest.raises(ValueError, match="2 dimensions or more"):
        embed_words(TEXTS, 1)


def test_its_names():
    assert (WORD_MODEL, WORD_MODEL_NAME) == ("words", "Word counts (TF-IDF + SVD)")
