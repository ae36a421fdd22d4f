"""The encoder and its loss: a reference, gradients, and texts without known words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from rag.anatomy.training.encoder import Encoder, contrastive_loss
from rag.anatomy.training.vocabulary import build_vocabulary, words_of

TEXTS = ["owl moon sea", "owl ship sea sea", "moon ship owl"]


def small_encoder(dimension: int = 8) -> Encoder:
    return Encoder(build_vocabulary(TEXTS, [words_of(text) for text in TEXTS]), dimension, 5)


@pytest.mark.parametrize("temperature", [0.05, 0.3, 1.0])
def test_the_loss_is_the_multiple_negatives_ranking_loss(temperature: float):
    random = torch.Generator().manual_seed(1)
    firsts, seconds = (torch.nn.functional.normalize(torch.randn(16, 12, generator=random), dim=1) for _ in range(2))
    reference = MultipleNegativesRankingLoss(
        SentenceTransformer(modules=[torch.nn.Identity()], device="cpu"), scale=1 / temperature
    )
    expected = reference.compute_loss_from_embeddings([firsts, seconds], torch.empty(0))
    assert contrastive_loss(firsts, seconds, temperature).item() == pytest.approx(expected.item(), abs=1e-5)


def test_without_knowledge_the_loss_is_log_n():
    same = torch.nn.functional.normalize(torch.ones(10, 4), dim=1)
    assert contrastive_loss(same, same, 0.1).item() == pytest.approx(np.log(10), abs=1e-5)


def test_a_text_is_the_weighted_mean_of_its_words():
    encoder = small_encoder()
    vocabulary = build_vocabulary(TEXTS, [words_of(text) for text in TEXTS])
    table = encoder.table.detach().numpy()
    owl, sea = vocabulary.row_of["owl"], vocabulary.row_of["sea"]
    expected = vocabulary.weights[owl] * table[owl] + (1 + np.log(2)) * vocabulary.weights[sea] * table[sea]
    found = encoder.encode([("owl", "sea", "sea", "unheard")])
    np.testing.assert_allclose(found[0], expected / np.linalg.norm(expected), atol=1e-6)


def test_vectors_have_length_one_and_unknown_texts_zero():
    encoder = small_encoder()
    vectors = encoder.encode([("owl",), (), ("unheard",)])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(encoder.word_vectors(), axis=1), 1, atol=1e-6)
    assert encoder.encode([]).shape == (0, 8)


def test_the_gradient_flows_into_the_rows_of_the_words_and_no_others():
    encoder = small_encoder()
    vocabulary = build_vocabulary(TEXTS, [words_of(text) for text in TEXTS])
    firsts = encoder.embed(encoder.count([("owl",), ("ship",)]))
    seconds = encoder.embed(encoder.count([("sea",), ("ship", "owl")]))
    contrastive_loss(firsts, seconds, 0.3).backward()
    gradient = encoder.table.grad
    assert gradient is not None
    touched = {vocabulary.stems[row] for row in range(len(vocabulary.stems)) if gradient[row].abs().sum() > 0}
    assert touched == {"owl", "ship", "sea"}


def test_parameters_are_the_table():
    assert small_encoder(8).n_parameters == 4 * 8
