"""Shares of tokens add up; leaving out and shuffling are what the model itself says of the changed text."""

from __future__ import annotations

import numpy as np
import pytest

from rag.anatomy.pooling import read_without, shuffled, token_shares, words_of
from rag.embedding.inside import ModelInside
from tests.support.models.tiny_transformers import tiny_model

TEXT = "The bank raised its interest rates unbelievably."


@pytest.fixture(scope="module")
def inside(embedder) -> ModelInside:
    return embedder.inside


@pytest.mark.parametrize("pooling", ["mean", "cls", "lasttoken"])
def test_parts_add_up_to_the_embedding(pooling, embedder, tmp_path):
    inside = embedder.inside if pooling == "mean" else tiny_model(tmp_path, pooling).inside
    reading = inside.read(TEXT)
    shares = token_shares(inside, reading)
    np.testing.assert_allclose(shares.parts.sum(axis=0), reading.embedding, atol=1e-5)
    assert shares.shares.sum() == pytest.approx(1.0, abs=1e-5)
    counted = np.flatnonzero(np.abs(shares.shares) > 1e-6).tolist()
    n = len(reading.tokens)
    assert counted == {"mean": list(range(n)), "cls": [0], "lasttoken": [n - 1]}[pooling]


def test_leaving_a_word_out_is_reading_the_text_without_it(inside, embedder):
    reading = inside.read(TEXT)
    words = words_of(reading.tokens, TEXT)
    spelled = [TEXT[reading.tokens[rows[0]].start : reading.tokens[rows[-1]].end] for rows in words]
    assert spelled == ["The", "bank", "raised", "its", "interest", "rates", "unbelievably", "."]
    changed = read_without(inside, reading, words[6], TEXT)
    assert changed.text == "The bank raised its interest rates ."
    expected = embedder.encode_documents([changed.text])[0] @ reading.embedding
    assert changed.similarity == pytest.approx(float(expected), abs=1e-5)


def test_nothing_is_left_without_all_tokens(inside):
    reading = inside.read("bank")
    assert read_without(inside, reading, tuple(range(len(reading.tokens))), "bank").similarity == 0.0


def test_shuffled_words_are_the_same_words(inside, embedder):
    reading = inside.read(TEXT)
    changed = shuffled(inside, reading, TEXT, 3)
    assert sorted(changed.text.split()) == sorted(TEXT.split())
    assert changed.text != TEXT
    one, two = embedder.encode_documents([TEXT, changed.text])
    assert changed.similarity == pytest.approx(float(one @ two), abs=1e-5)
    assert shuffled(inside, reading, TEXT, 3) == changed
    assert shuffled(inside, inside.read("bank"), "bank", 1).similarity == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("猫在沙发上。", ["猫", "在"]),
        ("Кошка спит", ["Кошка", "спит"]),
        ("<b>bold</b>", ["<", "b", ">", "bold", "<", "/", "b", ">"]),
        ("well-known facts", ["well", "-", "known", "facts"]),
    ],
)
def test_words_of_other_scripts_and_markup(inside, text, words):
    reading = inside.read(text)
    spelled = [
        text[reading.tokens[rows[0]].start : reading.tokens[rows[-1]].end] for rows in words_of(reading.tokens, text)
    ]
    assert spelled[: len(words)] == words
