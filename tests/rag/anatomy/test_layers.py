"""A word's way through the layers: its occurrences start as one point and are compared as by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from rag.anatomy.examples import examples
from rag.anatomy.layers import Occurrence, find_occurrences, word_paths

WORDS = tuple(examples().senses)


@pytest.mark.parametrize("word", WORDS)
def test_the_meanings_of_the_examples_move_apart(embedder, word):
    paths = word_paths(embedder.inside, examples().occurrences(word))
    assert len(paths.occurrences) == 8
    same, other = paths.mean_similarity(same_sense=True), paths.mean_similarity(same_sense=False)
    np.testing.assert_allclose((same[0], other[0]), 1.0, atol=1e-5)
    assert same[-1] > other[-1]
    np.testing.assert_allclose(paths.xy[:, 0], 0.0, atol=1e-5)


def test_similarities_are_those_of_transformers_own_layers(embedder):
    one, two = "She asked the bank for a loan.", "They sat on the river bank."
    paths = word_paths(embedder.inside, [Occurrence(one, 14, 18), Occurrence(two, 22, 26)])
    vectors = []
    for text in (one, two):
        encoded = embedder._model.tokenizer([text], return_tensors="pt")
        states = embedder._model[0].auto_model(**encoded, output_hidden_states=True).hidden_states
        place = encoded["input_ids"][0].tolist().index(embedder._model.tokenizer.convert_tokens_to_ids("bank"))
        vectors.append(np.stack([state[0, place].detach().float().numpy() for state in states[1:]]))
    left, right = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in vectors)
    np.testing.assert_allclose(paths.similarity[1:, 0, 1], (left * right).sum(axis=1), atol=1e-5)


def test_the_drawing_is_one_projection_for_all_layers(embedder):
    paths = word_paths(embedder.inside, examples().occurrences("crane"))
    centred = (paths.vectors - paths.vectors.mean(axis=0)).reshape(-1, paths.vectors.shape[-1])
    reference = PCA(2).fit(centred)
    drawn = reference.transform(centred)
    for axis in range(2):
        ours = paths.xy.reshape(-1, 2)[:, axis]
        assert abs(abs(np.corrcoef(ours, drawn[:, axis])[0, 1]) - 1) < 1e-4
    assert paths.kept_variance == pytest.approx(reference.explained_variance_ratio_.sum(), abs=1e-3)


def test_whole_words_are_found_once_in_a_text_and_long_texts_are_cut():
    texts = ["banks and banking", "A Bank.", "no", "x " * 3000 + "bank bank " + "y " * 3000]
    found = find_occurrences(texts, "bank", 10)
    assert [one.text[one.start : one.end] for one in found] == ["Bank", "bank"]
    assert len(found[1].text) <= 1200
    assert find_occurrences(texts, "bank", 1) == found[:1]
    assert find_occurrences(texts, " ", 10) == []
    assert find_occurrences(["what is C++?"], "C++", 10)[0].start == 8


def test_few_or_no_occurrences(embedder):
    alone = word_paths(embedder.inside, [Occurrence("the bank", 4, 8)])
    assert alone.xy.shape == (1, 7, 2)
    assert alone.mean_similarity(same_sense=True) is None
    nothing = word_paths(embedder.inside, [])
    assert nothing.xy.shape == (0, 7, 2)
    beyond = "word " * 400
    assert word_paths(embedder.inside, [Occurrence(f"{beyond}bank", len(beyond), len(beyond) + 4)]).occurrences == ()
