"""The inside of an embedding model equals what the model itself computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rag.embedding.embedder import SentenceTransformerEmbedder
from rag.embedding.inside import WithInside
from tests.support.models.tiny_transformers import tiny_model
from tests.support.odd_texts import TEXTS

BANK = "The bank raised its interest rates, unbelievably, by 0.25 % on 2026-03-01."
KINDS = ("MiniLM", "e5", "cls", "lasttoken")


@pytest.fixture(scope="module", params=KINDS)
def model(request, tmp_path_factory) -> SentenceTransformerEmbedder:
    if request.param in ("cls", "lasttoken"):
        return tiny_model(tmp_path_factory.mktemp(request.param), request.param)
    return request.getfixturevalue({"MiniLM": "embedder", "e5": "e5"}[request.param])


def plain_output(model: SentenceTransformerEmbedder, text: str, **options):
    """What transformers computes for the document, called on its own."""
    sentence_transformer = model._model
    encoded = sentence_transformer.tokenizer(
        [model.spec.document_prefix + text],
        return_tensors="pt",
        truncation=True,
        max_length=sentence_transformer.max_seq_length,
    )
    with torch.inference_mode():
        return encoded, sentence_transformer[0].auto_model(**encoded, **options)


def test_token_ids_are_the_tokenizers(model):
    for text in (BANK, "word " * 700, *TEXTS.values()):
        cut = model.inside.tokenize(text)
        encoded, _ = plain_output(model, text)
        assert [piece.token_id for piece in cut.read] == encoded["input_ids"][0].tolist()
        assert len(cut.pieces) == len(model._model.tokenizer(cut.prefix + text, truncation=False)["input_ids"])
        assert len(cut.read) <= model.inside.window


@pytest.mark.parametrize("model", ["MiniLM", "e5", "cls"], indirect=True)
def test_the_spans_of_the_tokens_are_their_text(model):
    for piece in model.inside.tokenize(BANK).pieces:
        if piece.start >= 0:
            spelled = piece.token.removeprefix("##").replace("\u2581", "")
            shown = BANK[piece.start : piece.end].strip().casefold()
            assert shown == spelled.casefold() or piece.token_id == model._model.tokenizer.unk_token_id
    prefix = model.spec.document_prefix
    assert any(piece.start < 0 and not piece.is_special for piece in model.inside.tokenize(BANK).pieces) == bool(prefix)


def test_layers_are_those_of_transformers(model):
    reading = model.inside.read(BANK)
    _, output = plain_output(model, BANK, output_hidden_states=True)
    assert reading.layers.shape == (model.inside.n_layers, len(reading.tokens), reading.table.shape[1])
    for ours, theirs in zip(reading.layers[:-1], output.hidden_states[1:-1], strict=True):
        np.testing.assert_allclose(ours, theirs[0].float().numpy(), atol=1e-5)
    np.testing.assert_allclose(reading.layers[-1], output.last_hidden_state[0].float().numpy(), atol=1e-5)
    rows = model._model[0].auto_model.get_input_embeddings().weight
    np.testing.assert_array_equal(
        reading.table, rows[[one.token_id for one in reading.tokens]].detach().float().numpy()
    )


def test_pooled_and_normalized_it_is_the_embedding(model):
    for text in (BANK, "bank", "word " * 700, "🦉", "Кошка спит на диване.", "<b>bold</b> & more", "猫在沙发上睡觉。"):
        expected = model.encode_documents([text])[0]
        reading = model.inside.read(text)
        np.testing.assert_allclose(reading.embedding, expected, atol=1e-5)
        np.testing.assert_allclose(model.inside.pool(reading.layers[-1]), expected, atol=1e-5)
    query = model.inside.read(BANK, as_query=True).embedding
    np.testing.assert_allclose(query, model.encode_queries([BANK])[0], atol=1e-5)


def test_attention_is_that_of_a_model_that_computes_it_step_by_step(model, tmp_path):
    from transformers import AutoModel

    reading = model.inside.read(BANK)
    weights = model.inside.attention(reading.tokens)
    n = len(reading.tokens)
    assert weights.shape == (model.inside.n_layers, model.inside.n_heads, n, n)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, atol=1e-2 if model.precision == "bfloat16" else 1e-5)
    model._model[0].auto_model.save_pretrained(tmp_path)
    alone = AutoModel.from_pretrained(tmp_path, attn_implementation="eager", dtype=model._model[0].auto_model.dtype)
    ids = torch.tensor([[one.token_id for one in reading.tokens]])
    with torch.inference_mode():
        expected = alone.eval()(input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True).attentions
    np.testing.assert_allclose(weights, torch.cat(expected).float().numpy(), atol=1e-5)


def test_looking_at_attention_leaves_the_embeddings_as_they_are(model):
    before = model.encode_documents([BANK, "bank"])
    model.inside.attention(model.inside.read(BANK).tokens)
    np.testing.assert_array_equal(model.encode_documents([BANK, "bank"]), before)
    assert model._model[0].auto_model.config._attn_implementation != "eager"


def test_nearest_tokens_are_those_by_brute_force(model):
    rows = model._model[0].auto_model.get_input_embeddings().weight.detach().float().numpy()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
    token = model.inside.read("the bank").tokens[-2].token_id
    similarities = unit @ unit[token]
    similarities[token] = -2
    near = model.inside.nearest_tokens(token, 5)
    np.testing.assert_allclose([value for _, value in near], np.sort(similarities)[::-1][:5], atol=1e-5)
    np.testing.assert_allclose([similarities[other] for other, _ in near], [value for _, value in near], atol=1e-5)
    assert token not in [other for other, _ in near]


def test_poolings_are_recognized(model, request):
    wanted = {"MiniLM": "mean", "e5": "mean", "cls": "cls", "lasttoken": "last"}
    assert model.inside.pooling == wanted[request.node.callspec.params["model"]]


def test_a_table_of_static_vectors_has_no_layers(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    from rag.embedding.embedder import load_embedder
    from rag.errors import ModelError

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "the": 1, "bank": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)], device="cpu").save(
        str(tmp_path / "static")
    )
    static = load_embedder(str(tmp_path / "static"))
    assert static.encode_documents(["the bank", "bank"]).shape == (2, 8)
    assert static.window > 1_000
    with pytest.raises(ModelError, match="has no layers"):
        _ = static.inside


def test_what_has_an_inside_is_seen_without_loading_it(model):
    assert isinstance(model, WithInside)
