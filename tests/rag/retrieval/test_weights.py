"""The better an embedding model reads a question, the more its meaning counts; else the words and their pieces do."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace

from rag.retrieval.weights import MOST_DENSE, ONLY_WORDS, Weights, weights_for
from rag.text.tokens import SubwordTokenizer
from tests.support.e5.texts import TEXTS
from tests.support.fakes import WordEmbedder


def model_with(vocabulary: Sequence[str]) -> SimpleNamespace:
    """A model whose tokenizer knows these words and letters; the others are unknown."""
    numbered = {token: number for number, token in enumerate(["[UNK]", *vocabulary])}
    tokenizer = Tokenizer(WordPiece(numbered, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return SimpleNamespace(tokenizer=SubwordTokenizer(tokenizer))


def require_whole(weights: Weights) -> None:
    assert weights.dense + weights.words + weights.pieces == pytest.approx(1.0)
    assert min(weights.dense, weights.words, weights.pieces) >= 0.0
    assert weights.reason.endswith(".")


def test_an_english_question_is_read_in_whole_words(embedder):
    weights = weights_for("interest rates at the bank", embedder)
    assert (weights.dense, weights.words, weights.pieces) == pytest.approx((0.6, 0.32, 0.08))
    for question in TEXTS["en"]:
        weights = weights_for(question, embedder)
        require_whole(weights)
        assert 0.59 < weights.dense <= MOST_DENSE
        assert weights.reason.startswith("The embedding model has a token of its own for most words of the question (")


def test_german_counts_less_with_an_english_model(embedder):
    for question in TEXTS["de"]:
        weights = weights_for(question, embedder)
        require_whole(weights)
        assert 0.05 < weights.dense < MOST_DENSE
        assert weights.pieces > 0.08
    assert weights_for(TEXTS["de"][0], embedder).reason.startswith(
        "The embedding model splits some of the question's words into parts ("
    )


@pytest.mark.parametrize("language", ["ru", "zh"])
def test_a_script_that_the_model_does_not_read_counts_nothing(embedder, language):
    for question in TEXTS[language]:
        weights = weights_for(question, embedder)
        require_whole(weights)
        assert weights.dense < 0.01
        assert weights.pieces == pytest.approx(weights.words, rel=0.02)


def test_russian_letter_by_letter_is_said(embedder):
    assert weights_for("Сова слышит мышь под снегом", embedder) == Weights(
        0.0, 0.5, 0.5,
        "The embedding model splits the question nearly into letters (5 words, 22 tokens), so its similarity says "
        "little and only words count.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "question",
    [
        "Who invented the telephone?", "Wer hat das Telefon erfunden?", "Кто изобрёл телефон?",
        "Какой город является столицей Франции?", "谁发明了电话?", "法国的首都是哪里?", "什么时候举行比赛?",
    ],
)  # fmt: skip
def test_the_multilingual_model_reads_them_all(e5, embedder, question):
    weights = weights_for(question, e5)
    require_whole(weights)
    assert weights.dense > 0.44
    if not question.isascii():
        assert weights_for(question, embedder).dense < 0.01


def test_a_mark_of_a_space_is_no_token_of_a_word(e5):
    """It is placed over the first letter of the question."""
    first, second, *_ = [piece for piece in e5.tokenizer.pieces("谁发明了电话?") if not piece.is_special]
    assert (first.token, first.start) == ("\u2581", second.start)
    assert "(6 letters, 4 tokens)" in weights_for("谁发明了电话?", e5).reason


def test_unknown_tokens_count_less():
    model = model_with(["owls", "hunt", "mice", "by", "night"])
    assert weights_for("owls hunt mice night", model).dense == pytest.approx(0.6)
    weights = weights_for("owls hunt xylophones night", model)
    require_whole(weights)
    assert weights.dense == pytest.approx(0.6 * 3 / 4)
    assert weights.reason == (
        "1 of the question's 4 tokens is unknown to the embedding model, so its similarity counts less and the words "
        "count more."
    )
    assert weights_for("xylophones zebras", model).dense == 0.0


@pytest.mark.parametrize(
    ("question", "readable"),
    [("a a", 1.0), ("abc", 1.0), ("abcabc", 0.5), ("abcabcabc", 0.1 / 1.2), ("abcabc a", 11 / 12), ("abc-abc", 1.0)],
)
def test_words_a_token_worked_by_hand(question, readable):
    """Words a token are 1, 1, 1/2, 1/3, 2/3 and 1; parts of a compound are words."""
    weights = weights_for(question, model_with(["a", "abc", "##abc"]))
    dense, of_pieces = 0.6 * readable, 0.5 - 0.3 * readable
    expected = (dense, (1 - dense) * (1 - of_pieces), (1 - dense) * of_pieces)
    assert (weights.dense, weights.words, weights.pieces) == pytest.approx(expected)


def test_both_kinds_of_script_count_by_their_tokens():
    """One token with two letters of a script without spaces, or two with one, and two tokens that are words."""
    weights = weights_for("owls hunt 猫头", model_with(["owls", "hunt", "猫头"]))
    assert weights.dense == pytest.approx(0.6)
    letters = weights_for("owls hunt 猫 头", model_with(["owls", "hunt", "猫", "头"]))
    assert letters.dense == pytest.approx(0.6 * 2 / 4)


@pytest.mark.parametrize("question", ["58", "?!", "\U0001f989", "1,000 + 2"])
def test_a_question_without_letters_has_no_meaning_that_counts(embedder, question):
    weights = weights_for(question, embedder)
    assert (weights.dense, weights.words, weights.pieces) == (0.0, 0.5, 0.5)
    assert weights.reason == "The question has no words, and an embedding model knows little about numbers and signs."


def test_a_model_whose_tokens_are_not_known_has_the_usual_weights():
    weights = weights_for("Где зимуют раки?", WordEmbedder())
    assert (weights.dense, weights.words, weights.pieces) == pytest.approx((0.6, 0.32, 0.08))
    assert weights.reason.startswith("The tokens of this embedding model are not known")


def test_words_alone():
    require_sum = ONLY_WORDS.dense + ONLY_WORDS.words + ONLY_WORDS.pieces
    assert (ONLY_WORDS.words, require_sum) == (1.0, 1.0)
