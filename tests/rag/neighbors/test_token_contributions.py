"""Token contributions: token vectors that are the model's own, and contributions that add up to the score."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rag import config
from rag.embedding.embedder import SentenceTransformerEmbedder, load_embedder
from rag.embedding.token_vectors import NOWHERE, TokenEmbedder, TokenVectors, read_token_vectors
from rag.errors import ExplorerError, ModelError
from rag.index.flat import FlatIndex
from rag.neighbors.token_contributions import AGREES, TokenContributions, explain_score, token_contributions
from rag.runtime.model_wheels import MINILM, find_wheel
from rag.types import EmbeddingSpec
from tests.support.fakes import WordEmbedder

QUERY = "How do Owls hunt 🦉, unbelievably quietly?"
TEXT = "The owl hears a mouse under the snow.\nIts feathers make no sound."


@pytest.fixture(scope="module")
def exact() -> SentenceTransformerEmbedder:
    return loaded_with("float32")


def loaded_with(precision: str) -> SentenceTransformerEmbedder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_PRECISION", precision)
        return load_embedder(config.DEFAULT_EMBEDDING_MODEL)


@pytest.fixture(scope="module")
def loaded():
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(find_wheel(MINILM)), device="cpu")


@pytest.fixture
def plain(loaded):
    """sentence-transformers' own model, which a test may take apart."""
    modules, prompts = list(loaded), dict(loaded.prompts)
    yield loaded
    while len(loaded) > len(modules):
        del loaded[-1]
    for i, module in enumerate(modules):
        loaded[i] = module
    loaded.prompts = prompts
    loaded[1].include_prompt = True


class TokenFake(WordEmbedder):
    """Two tokens a text, which are not what its embeddings are made of."""

    def __init__(self, pooling: str) -> None:
        super().__init__()
        self.pooling = pooling
        self.precision = "float32"

    def token_vectors(self, texts, *, as_queries=False):
        return [made_tokens([[1, 0], [0, 1]]) for _ in texts]


def made_tokens(vectors, special=None) -> TokenVectors:
    n = len(vectors)
    spans = np.array([[i, i + 1] for i in range(n)])
    return TokenVectors(tuple("abcdef"[:n]), spans, special or (False,) * n, np.array(vectors, dtype=np.float32))


def made_contributions(contributions, left_special, right_special) -> TokenContributions:
    left = made_tokens(np.zeros((len(left_special), 2)), left_special)
    right = made_tokens(np.zeros((len(right_special), 2)), right_special)
    return TokenContributions(left, right, np.array(contributions, dtype=np.float32), 0.0, 0.0, None, "mean", True, "")


# Token vectors


def test_tokens_lie_where_they_stand_in_the_text(exact):
    (tokens,) = exact.token_vectors([QUERY])
    assert (tokens.tokens[0], tokens.tokens[-1]) == ("[CLS]", "[SEP]")
    assert [i for i, is_special in enumerate(tokens.is_special) if is_special] == [0, len(tokens.tokens) - 1]
    assert tokens.spans[[0, -1]].tolist() == [[NOWHERE, NOWHERE]] * 2
    for token, (start, end) in zip(tokens.tokens[1:-1], tokens.spans[1:-1].tolist(), strict=True):
        spelled = token.removeprefix("##")
        assert QUERY[start:end].lower() == ("🦉" if spelled == "[UNK]" else spelled)
    assert tokens.spans[1:-1].tolist() == exact.tokenizer.spans(QUERY).tolist()


def test_token_vectors_are_sentence_transformers(exact, plain):
    texts = [QUERY, TEXT, "owl", "", "owl " * 400]
    expected = plain.encode(texts, output_value="token_embeddings", batch_size=1)
    for tokens, vectors in zip(exact.token_vectors(texts), expected, strict=True):
        assert tokens.vectors.dtype == np.float32
        assert len(tokens.tokens) == len(tokens.spans) == len(tokens.is_special) == len(vectors)
        np.testing.assert_allclose(tokens.vectors, vectors.numpy(), atol=1e-4)
    assert exact.token_vectors([]) == []


def test_the_mean_of_token_vectors_is_the_embedding(exact):
    texts = [QUERY, TEXT, "owl", "", "ship " * 400]
    means = np.stack([tokens.vectors.mean(axis=0) for tokens in exact.token_vectors(texts)])
    np.testing.assert_allclose(
        means / np.linalg.norm(means, axis=1, keepdims=True), exact.encode_documents(texts), atol=1e-5
    )
    assert exact.pooling == "mean"


def test_a_prefix_has_tokens_and_no_place(plain):
    plain.prompts = {"query": "query: ", "document": "passage: "}
    embedder = SentenceTransformerEmbedder(plain, "test/prompts", "1")
    (query,), (passage,) = embedder.token_vectors(["owl"], as_queries=True), embedder.token_vectors(["owl"])
    assert query.tokens == ("[CLS]", "query", ":", "owl", "[SEP]")
    assert passage.tokens == ("[CLS]", "passage", ":", "owl", "[SEP]")
    assert query.spans.tolist() == [[NOWHERE] * 2] * 3 + [[0, 3], [NOWHERE] * 2]
    assert query.is_special == (True, False, False, False, True)
    assert embedder.pooling == "mean"
    for is_query in (True, False):
        explained = explain_score(embedder, QUERY, TEXT, left_is_query=is_query)
        encode = embedder.encode_queries if is_query else embedder.encode_documents
        expected = (encode([QUERY]) @ embedder.encode_documents([TEXT]).T).item()
        assert explained.total == pytest.approx(expected, abs=AGREES)
        assert explained.cosine_of_embeddings == pytest.approx(expected, abs=1e-6)
    plain[1].include_prompt = False
    assert embedder.pooling == "other"


@pytest.mark.parametrize(("mode", "pooling"), [("mean", "mean"), ("cls", "cls"), ("max", "other")])
def test_pooling_is_told_from_the_model(mode, pooling, plain):
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling

    plain[1] = Pooling(384, pooling_mode=mode)
    embedder = SentenceTransformerEmbedder(plain, "test/pooling", "1")
    assert embedder.pooling == pooling
    explained = explain_score(embedder, QUERY, TEXT)
    assert explained.is_exact is (mode == "mean")
    assert (abs(explained.total - explained.cosine_of_embeddings) < AGREES) is (mode == "mean")
    plain.append(Dense(384, 384))
    assert embedder.pooling == "other"


def test_what_shows_no_tokens_is_said(exact):
    tokenizer = exact._model.tokenizer
    with pytest.raises(ModelError, match="does not provide token vectors"):
        read_token_vectors({}, "owl", "", tokenizer)
    output = exact._model.encode("ship", output_value=None)
    with pytest.raises(ModelError, match="reads other tokens than its tokenizer produces"):
        read_token_vectors(output, "owl", "", tokenizer)


# Scores


def test_contributions_add_up_to_the_scores_of_the_index(exact, sample):
    """200 random pairs of the sample's chunks, in float32, against FAISS."""
    choose = random.Random(config.SEED)
    texts = [chunk.text for chunk in choose.sample(sample.chunks(), 16)]
    ids = np.arange(len(texts))
    vectors = exact.encode_documents(texts)
    found, order = FlatIndex.build(ids, vectors).search(vectors, len(texts))
    scores = np.take_along_axis(found, np.argsort(order, axis=1), axis=1)
    tokens = exact.token_vectors(texts)
    pairs = choose.sample([(i, j) for i in range(16) for j in range(16)], 200)
    for i, j in pairs:
        contributions = token_contributions(tokens[i].vectors, tokens[j].vectors)
        assert contributions.shape == (len(tokens[i].tokens), len(tokens[j].tokens))
        assert float(contributions.sum()) == pytest.approx(float(scores[i, j]), abs=1e-4)


def test_a_whole_score(exact):
    explained = explain_score(exact, QUERY, TEXT)
    expected = (exact.encode_queries([QUERY]) @ exact.encode_documents([TEXT]).T).item()
    assert explained.contributions.dtype == np.float32
    assert explained.contributions.shape == (len(explained.left.tokens), len(explained.right.tokens))
    assert explained.total == pytest.approx(expected, abs=AGREES)
    assert explained.cosine_of_embeddings == pytest.approx(expected, abs=1e-6)
    assert (explained.pooling, explained.is_exact, explained.stored_score) == ("mean", True, None)
    assert (
        explained.note
        == "This model's embedding is the mean of its tokens, so the pairs of tokens add up to the score."
    )
    assert explained.left_sums.sum() == pytest.approx(explained.total, abs=1e-5)
    np.testing.assert_allclose(explained.right_sums, explained.contributions.sum(axis=0), atol=1e-6)
    best = explained.top_pairs(1, with_special=False)[0]
    assert {explained.left.tokens[best.left], explained.right.tokens[best.right]} <= {"owl", "owls", "hunt", "hears"}


def test_a_text_with_itself_and_the_other_way_round(exact):
    assert explain_score(exact, TEXT, TEXT).total == pytest.approx(1.0, abs=1e-6)
    there, back = explain_score(exact, QUERY, TEXT), explain_score(exact, TEXT, QUERY)
    np.testing.assert_allclose(there.contributions, back.contributions.T, atol=1e-6)


def test_an_empty_text_still_has_special_tokens(exact):
    explained = explain_score(exact, "", TEXT)
    assert explained.left.tokens == ("[CLS]", "[SEP]")
    assert explained.total == pytest.approx(explained.cosine_of_embeddings, abs=AGREES)
    assert explained.top_pairs(3, with_special=False) == ()


def test_a_text_that_is_cut_adds_up_too(exact):
    explained = explain_score(exact, "owl " * 300, TEXT)
    assert len(explained.left.tokens) == exact.window + 2
    assert explained.total == pytest.approx(explained.cosine_of_embeddings, abs=AGREES)
    assert explained.note.endswith("The first text is longer than the model reads: only the first 254 tokens count.")


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [(400, 401, "The second text is longer"), (401, 400, "The first"), (401, 401, "Both texts are"), (400, 400, "")],
)
def test_what_the_model_does_not_read_is_said(left, right, words):
    note = explain_score(TokenFake("mean"), "o" * left, "o" * right).note
    assert words in note
    assert ("only the first 400 tokens count" in note) is bool(words)


def test_bfloat16_shows_both_figures(exact):
    quick = loaded_with("bfloat16")
    stored = (exact.encode_queries([QUERY]) @ exact.encode_documents([TEXT]).T).item() + 0.002
    explained = explain_score(quick, QUERY, TEXT, stored_score=stored)
    assert explained.stored_score == stored
    assert explained.total == pytest.approx(stored, abs=0.02)
    assert "in bfloat16" in explained.note
    assert f"{explained.total:.4f}" in explained.note
    assert f"{stored:.4f}" in explained.note


@pytest.mark.parametrize(
    ("pooling", "words"), [("cls", "its first token alone"), ("other", "more than the plain mean")]
)
def test_an_approximation_is_called_one(pooling, words):
    explained = explain_score(TokenFake(pooling), "owl", "ship")
    assert not explained.is_exact
    assert explained.note.startswith("An approximation")
    assert words in explained.note
    assert explained.total == pytest.approx(1.0)
    assert explained.cosine_of_embeddings != pytest.approx(1.0)


def test_a_model_without_token_vectors_is_named():
    served = WordEmbedder()
    served.spec = EmbeddingSpec("ollama:all-minilm", "1", 16)
    assert not isinstance(served, TokenEmbedder)
    with pytest.raises(ModelError, match=r"'ollama:all-minilm' provides one vector.*all-MiniLM-L6-v2") as caught:
        explain_score(served, "owl", "ship")
    assert isinstance(caught.value, ExplorerError)


# Contributions


def test_contributions_worked_by_hand():
    """Means (1/2, 1/2) and (1, 0): cosine sqrt(1/2), all of it from the first left token."""
    left, right = np.array([[1, 0], [0, 1]], np.float32), np.array([[2, 0]], np.float32)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(token_contributions(left, right), [[half], [0.0]], atol=1e-12)


def test_contributions_as_in_the_formula():
    made = np.random.default_rng(2)
    left, right = made.standard_normal((7, 5)), made.standard_normal((4, 5))
    lengths = np.linalg.norm(left.mean(axis=0)) * np.linalg.norm(right.mean(axis=0))
    expected = [[a @ b / (7 * 4 * lengths) for b in right] for a in left]
    np.testing.assert_allclose(token_contributions(left, right), expected, atol=1e-12)


def test_vectors_that_cancel_out_contribute_no_nonsense():
    opposite = np.array([[1, 0], [-1, 0]], np.float32)
    assert np.isfinite(token_contributions(opposite, opposite)).all()
    with pytest.raises(ValueError, match="need tokens, but have 0 and 2"):
        token_contributions(opposite[:0], opposite)


def test_top_pairs_are_the_largest_in_the_order_of_the_texts():
    explained = made_contributions([[0.1, 0.3, -0.5], [0.3, 0.2, 0.0]], (True, False), (False, False, True))
    pairs = [(pair.left, pair.right) for pair in explained.top_pairs(6)]
    assert pairs == [(0, 1), (1, 0), (1, 1), (0, 0), (1, 2), (0, 2)]
    assert [(pair.left, pair.right) for pair in explained.top_pairs(9, with_special=False)] == [(1, 0), (1, 1)]
    assert explained.top_pairs(1)[0].contribution == pytest.approx(0.3)
    assert explained.top_pairs(0) == explained.top_pairs(-1) == ()
    np.testing.assert_allclose(explained.left_sums, [-0.1, 0.5], atol=1e-7)
    np.testing.assert_allclose(explained.right_sums, [0.4, 0.5, -0.5], atol=1e-7)
