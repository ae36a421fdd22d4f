"""Embedding models of an OpenAI-compatible server: the right vector for each text, retries, refusals, token counts."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from rag import config
from rag.embedding.embedder import OllamaEmbedder, available_models, load_embedder
from rag.embedding.openai_embedder import OpenAIEmbedder, embedding_models_of
from rag.errors import ModelError, OpenAIServerError
from rag.runtime.model_wheels import MINILM
from rag.servers.openai_compatible import OpenAIServer
from rag.servers.openai_embeddings import AT_ONCE
from rag.text.tokens import EstimatingTokenizer, SubwordTokenizer
from tests.conftest import lacking
from tests.support.servers.embedding_server import (
    BUSY,
    DIMENSION,
    EMBEDDINGS,
    FAILED,
    MODELS,
    NAME,
    InTurn,
    embedded,
    embedding_server,
    listed,
    unit_vector_of,
    vector_of,
)

TEXTS = [f"Otter number {n} sleeps on the water. " * (1 + n % 7) for n in range(150)]


def loaded(server, name: str = NAME) -> OpenAIEmbedder:
    return OpenAIEmbedder(OpenAIServer(server.address), name)


def vectors_after(answers, texts=("one", "two")) -> np.ndarray:
    """The vectors of a model that was loaded from a healthy server, which then gives these answers in turn."""
    healthy = iter([embedded])
    in_turn = InTurn(answers)
    with embedding_server({EMBEDDINGS: lambda request: next(healthy, in_turn)(request)}) as server:
        return loaded(server).encode_documents(list(texts))


def fault_after(answer) -> str:
    with pytest.raises(OpenAIServerError) as caught:
        vectors_after([answer])
    return str(caught.value)


def test_every_text_has_its_vector_at_length_one_whatever_the_order_of_replies():
    with embedding_server() as server:
        embedder = loaded(server)
        vectors = embedder.encode_documents([*TEXTS, TEXTS[0]])
        assert embedder.encode_documents([]).shape == (0, DIMENSION)
    np.testing.assert_allclose(vectors, [unit_vector_of(text) for text in [*TEXTS, TEXTS[0]]], atol=1e-6)
    requests = server.sent_to(EMBEDDINGS)[1:]
    assert sum(len(request["input"]) for request in requests) == len(TEXTS)
    assert max(len(request["input"]) for request in requests) <= 32
    assert (embedder.spec.model_id, embedder.spec.dimension) == (f"openai:{NAME}", DIMENSION)


def test_several_requests_are_on_their_way_at_once_and_no_more_than_that():
    together = threading.Barrier(AT_ONCE)
    healthy = iter([embedded])
    lock, here, most = threading.Lock(), 0, 0

    def waiting(request: dict):
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        # Goes on once so many requests are here as may be; with fewer the barrier breaks, and the request fails.
        together.wait(timeout=60)
        with lock:
            here -= 1
        return embedded(request)

    with embedding_server({EMBEDDINGS: lambda request: next(healthy, waiting)(request)}) as server:
        loaded(server).encode_documents([f"text {n}" for n in range(2 * AT_ONCE * 32)])
        assert len(server.sent_to(EMBEDDINGS)) == 1 + 2 * AT_ONCE
    assert most == AT_ONCE


@pytest.mark.parametrize("fault", [BUSY, FAILED, (500, {"error": "x"})], ids=["429", "503", "500"])
def test_a_server_that_is_busy_or_fails_for_a_moment_is_asked_again(fault):
    np.testing.assert_allclose(vectors_after([fault]), [unit_vector_of("one"), unit_vector_of("two")], atol=1e-6)


def test_a_server_that_finds_a_request_too_large_gets_it_in_halves():
    def strict(request: dict):
        small = len(request["input"]) <= 8
        return embedded(request, tokens=len(request["input"])) if small else (413, {"error": "batch size > 8"})

    with embedding_server({EMBEDDINGS: strict}) as server:
        vectors = loaded(server).encode_documents(TEXTS[:40])
    np.testing.assert_allclose(vectors, [unit_vector_of(text) for text in TEXTS[:40]], atol=1e-6)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "0 vectors for 2 texts"),
        ([(0, vector_of("one"))], "1 vectors for 2 texts"),
        ([(0, vector_of("one")), (0, vector_of("two"))], "1 vectors for 2 texts"),
        ([(0, vector_of("one")), (1, [1.0])], "or of several lengths"),
        ([(0, [0.0] * DIMENSION), (1, vector_of("two"))], "zero or not of finite numbers"),
        ([(0, [float("nan")] * DIMENSION), (1, vector_of("two"))], "zero or not of finite numbers"),
        ([(0, [1.0] * 3), (1, [1.0] * 3)], "sent vectors of 3 numbers for 'openai:test-embed', which had 8 before"),
        ([(0, ["a"] * DIMENSION), (1, ["b"] * DIMENSION)], "is not an OpenAI-compatible server"),
        ([(0, None), (1, None)], "is not an OpenAI-compatible server"),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(data, said):
    rows = [{"index": index, "embedding": vector} for index, vector in data]
    assert said in fault_after((200, {"data": rows}))


def test_a_refusal_is_not_asked_again_and_says_why():
    refusal = (400, {"error": {"message": "This model's maximum context length is 512 tokens"}})
    said = fault_after(refusal)
    assert "refused the request: This model's maximum context length is 512 tokens" in said


def test_a_key_is_sent_and_never_shown():
    with embedding_server({EMBEDDINGS: (401, {"error": {"message": "wrong key sesame"}})}) as server:
        with pytest.raises(OpenAIServerError) as caught:
            OpenAIEmbedder(OpenAIServer(server.address, "sesame"), NAME)
        assert {request.headers["Authorization"] for request in server.requests} == {"Bearer sesame"}
    assert "sesame" not in str(caught.value)


def test_a_model_that_is_not_there_is_named_with_those_that_are(monkeypatch):
    with embedding_server() as server:
        monkeypatch.setenv("EXPLORER_OPENAI_URL", server.address)
        with pytest.raises(ModelError, match=f"does not have the model 'other'. Choose one of its models: {NAME}"):
            load_embedder("openai:other")
        assert load_embedder(f"openai:{NAME}").spec.dimension == DIMENSION
        assert available_models()[-1] == f"openai:{NAME}"
    with pytest.raises(ModelError, match="No OpenAI-compatible server answers"):
        load_embedder(f"openai:{NAME}")
    monkeypatch.delenv("EXPLORER_OPENAI_URL")
    with pytest.raises(ModelError, match="but no server is set"):
        load_embedder(f"openai:{NAME}")


# What a server says of a model


def test_the_window_is_what_the_server_says_else_what_the_catalogue_says():
    described = {
        "vLLM": listed("m", max_model_len=1003), "llama.cpp": listed("m", meta={"n_ctx_train": 1003}),
        "nothing": listed("m"),
    }  # fmt: skip
    windows = {}
    for kind, models in described.items():
        with embedding_server({MODELS: models}) as server:
            windows[kind] = loaded(server, "m").window
    assert windows == {"vLLM": 1000, "llama.cpp": 1000, "nothing": 509}
    with embedding_server({MODELS: listed("BAAI/bge-m3")}) as server:
        assert loaded(server, "BAAI/bge-m3").window == 8189


def test_text_embeddings_inference_describes_its_one_model():
    info = {"model_id": "owner/model", "model_sha": "0123456789abcdef", "max_input_length": 403}
    with embedding_server({MODELS: (404, {}), "/info": (200, info)}) as server:
        assert OpenAIServer(server.address).models() == ["owner/model"]
        embedder = loaded(server, "owner/model")
    assert (embedder.spec.revision, embedder.window) == ("0123456789ab", 400)
    other_program = {MODELS: (404, {}), "/info": (200, {"title": "other"})}
    with (
        embedding_server(other_program) as server,
        pytest.raises(OpenAIServerError, match="is not an OpenAI-compatible server"),
    ):
        OpenAIServer(server.address).models()


def test_prefixes_of_the_catalogue_are_sent():
    name = "intfloat/multilingual-e5-base"
    with embedding_server({MODELS: listed(name)}) as server:
        embedder = loaded(server, name)
        embedder.encode_queries(["where"])
        embedder.encode_documents(["there"])
    assert [request["input"] for request in server.sent_to(EMBEDDINGS)[1:]] == [["query: where"], ["passage: there"]]
    assert (embedder.spec.query_prefix, embedder.spec.document_prefix) == ("query: ", "passage: ")


def test_tokens_are_counted_with_the_tokenizer_of_this_machine_if_it_counts_as_the_server_does():
    served = {}
    for tokens in (None, 60, 100_000):
        answer = {MODELS: listed(MINILM.model_id), EMBEDDINGS: lambda request, n=tokens: embedded(request, tokens=n)}
        with embedding_server(answer) as server:
            served[tokens] = loaded(server, MINILM.model_id)
    assert isinstance(served[None].tokenizer, SubwordTokenizer)
    assert isinstance(served[100_000].tokenizer, EstimatingTokenizer)
    assert served[100_000].window < served[None].window
    with embedding_server() as server:
        assert isinstance(loaded(server).tokenizer, EstimatingTokenizer)


# Which models are offered


def test_only_models_that_embed_are_offered_and_only_likely_ones_are_asked():
    def only_bge(request: dict):
        return embedded(request) if request["model"] == "bge-m3" else (404, {"error": {"message": "cannot embed"}})

    names = ("bge-m3", "llama3.2", "nomic-embed-text", "my-e5-model")
    with embedding_server({MODELS: listed(*names), EMBEDDINGS: only_bge}) as server:
        assert embedding_models_of(OpenAIServer(server.address)) == ["openai:bge-m3"]
        assert {sent["model"] for sent in server.sent_to(EMBEDDINGS)} == {"bge-m3", "my-e5-model", "nomic-embed-text"}


def test_the_only_model_of_a_server_is_asked_whatever_its_name():
    with embedding_server({MODELS: listed("x")}) as server:
        assert embedding_models_of(OpenAIServer(server.address)) == ["openai:x"]


def test_ollamas_own_v1_gives_the_vectors_of_its_other_interface(ollama, monkeypatch):
    names = [model.name for model in ollama.models() if model.embeds_only]
    if not names:
        lacking("the Ollama server has no embedding model")
    monkeypatch.setenv("EXPLORER_OPENAI_URL", f"{config.ollama_host()}/v1")
    assert f"openai:{names[0]}" in available_models()
    served = load_embedder(f"openai:{names[0]}")
    assert isinstance(served, OpenAIEmbedder)
    expected = OllamaEmbedder(ollama, names[0]).encode_documents(TEXTS[:8])
    np.testing.assert_allclose(served.encode_documents(TEXTS[:8]), expected, atol=1e-3)
