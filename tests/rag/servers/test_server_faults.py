"""46 ways in which a model server can misbehave: each is a sentence within its deadline, and takes little memory."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from rag.errors import ModelError
from rag.servers.ollama import OllamaServer
from rag.servers.openai_compatible import OpenAIServer
from rag.servers.types import Message
from tests.support.servers.memory import PeakMemory
from tests.support.servers.raw_server import (
    FAULTS,
    IN_THE_WAY,
    LARGE,
    SLOW,
    WRONG,
    bomb,
    drip,
    flood,
    head,
    plain,
    raw_server,
)

SECRET = "The otter's secret"
QUESTION = [Message("user", SECRET)]
STATUS_SECONDS = 6.0
"""The deadline is 2 seconds; the rest is for a busy machine."""
CHAT_SECONDS = 12.0
MEGABYTES = 100.0

CALLS: dict[str, Callable[[str], object]] = {
    "ollama": lambda address: OllamaServer(address).models(),
    "openai": lambda address: OpenAIServer(address).models(),
    "ollama chat": lambda address: list(OllamaServer(address).chat("m", QUESTION, num_ctx=64, num_predict=8)),
    "openai chat": lambda address: list(OpenAIServer(address).chat("m", QUESTION, max_tokens=8)),
}

DOES_NOT_ANSWER = "does not answer: its reply was not complete after 2 seconds"
PAGE = "answered with a web page: the sign-in page of a network, perhaps, or another program"
NO_SERVER = ("is not an Ollama server", "is not an OpenAI-compatible server")
NO_HTTP = "sent something that is not a valid HTTP reply"
CLOSED = "closed the connection before it answered"
SENTENCES: dict[str, str | tuple[str, ...]] = {
    **dict.fromkeys(SLOW, DOES_NOT_ANSWER),
    **dict.fromkeys(LARGE, "sent more than 4 MB"),
    "two codings on each other": "sent a reply that is compressed ('gzip, gzip')",
    "brotli": "sent a reply that is compressed ('br')",
    "damaged gzip": "sent a compressed reply that is damaged",
    "headers without an end, fast": NO_HTTP,
    "one header line without an end": NO_HTTP,
    "interim replies without a pause": (DOES_NOT_ANSWER, NO_HTTP, CLOSED),
    "lists in a list without an end": "sent too long a list",
    "objects without an end": "sent too long a list",
    **dict.fromkeys(WRONG, NO_SERVER),
    "deep JSON": (*NO_SERVER, "nested too deeply"),
    "deep JSON in an error": ("failed: ", "nested too deeply"),
    "an empty reply": "sent an empty reply (status 200)",
    "204": "sent an empty reply (status 204)",
    "304": "refused the request: status 304 Not Modified",
    "half a reply": CLOSED,
    "not HTTP": (NO_HTTP, CLOSED),
    "random bytes": NO_HTTP,
    "closed at once": CLOSED,
    "half a head": CLOSED,
    **dict.fromkeys(IN_THE_WAY, "redirects to http://elsewhere.invalid. Nothing was sent there"),
    "a sign-in page": PAGE,
    "a sign-in page called JSON": PAGE,
    "a redirect in a circle": "redirects from one address to the next without an end",
    "a redirect to no address": "redirects to something that is not an address",
    "a gateway without its server": "failed: status 502 Bad Gateway",
}
"""What the question about the models says of each fault; one of these, if the two kinds of servers differ."""


@pytest.fixture(autouse=True, scope="module")
def packed_bomb():
    """Made once, before a deadline runs."""
    bomb()


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    """An answer may take minutes; here it may take a second."""
    monkeypatch.setattr("rag.servers.ollama.REQUEST_TIMEOUT", 1.0)
    monkeypatch.setattr("rag.servers.openai_compatible._REQUEST_TIMEOUT", 1.0)
    for key in ("OLLAMA_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(key, raising=False)


def outcome(call: str, fault: str) -> tuple[str, float, float]:
    """The sentence, the seconds and the megabytes that it took."""
    with raw_server(FAULTS[fault]) as server:
        memory, started = PeakMemory(), time.monotonic()
        with pytest.raises(ModelError) as caught:
            CALLS[call](server.address)
        seconds, megabytes = time.monotonic() - started, memory.megabytes
    return str(caught.value).replace(server.address, "HOST"), seconds, megabytes


def test_there_are_46_faults():
    assert len(FAULTS) == 46
    assert set(SENTENCES) == set(FAULTS)


@pytest.mark.parametrize("call", ["ollama", "openai"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_about_the_models_ends_in_a_sentence(fault, call):
    sentence, seconds, megabytes = outcome(call, fault)
    wanted = SENTENCES[fault]
    assert any(words in sentence for words in ([wanted] if isinstance(wanted, str) else wanted)), sentence
    assert sentence.endswith(".")
    assert "HOST" in sentence
    assert seconds < STATUS_SECONDS
    assert megabytes < MEGABYTES


@pytest.mark.parametrize("status", ["301 Moved Permanently", "307 Temporary Redirect", "308 Permanent Redirect"])
@pytest.mark.parametrize("call", CALLS)
def test_nothing_travels_on_to_the_target_of_a_redirect(call, status):
    with raw_server(plain(b"{}")) as elsewhere:
        location = f"Location: {elsewhere.address}/api/chat"
        with (
            raw_server(plain(b"", status, "text/plain", location)) as server,
            pytest.raises(ModelError, match=f"redirects to {elsewhere.address}. Nothing was sent there"),
        ):
            CALLS[call](server.address)
    assert elsewhere.received == []


def test_a_redirect_on_the_same_server_is_followed():
    there = {"/there": plain(b'{"models":[]}')}
    with raw_server(plain(b"", "307 Temporary Redirect", "text/plain", "Location: /there"), there) as server:
        assert OllamaServer(server.address).models() == []


def test_a_small_compressed_reply_is_read():
    packed = gzip.compress(b'{"models":[{"model":"a"}]}')
    with raw_server(plain(packed, "200 OK", "application/json", "Content-Encoding: gzip")) as server:
        assert [model.name for model in OllamaServer(server.address).models()] == ["a"]


def test_empty_lines_are_passed_over():
    last = b'{"done":true,"message":{"role":"assistant"}}'
    lines = b'\n\r\n{"message":{"role":"assistant","content":"On"},"done":false}\n\n \n' + last + b"\n\n"
    with raw_server(plain(lines, "200 OK", "application/x-ndjson")) as server:
        pieces = list(OllamaServer(server.address).chat("m", QUESTION, num_ctx=64, num_predict=8))
    assert (pieces[0], pieces[-1].ending) == ("On", "finished")


WORDS = b"otters and owls " * 32
MESSAGE = b'{"message":{"role":"assistant","content":"' + WORDS + b'"},"done":false}\n'
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"' + WORDS + b'"}}]}\n\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "piece", "kind"),
    [("ollama chat", MESSAGE, "application/x-ndjson"), ("openai chat", EVENT, "text/event-stream")],
)
def test_an_answer_without_an_end_is_stopped(monkeypatch, call, piece, kind):
    monkeypatch.setattr("rag.servers.ollama.REQUEST_TIMEOUT", 60.0)
    monkeypatch.setattr("rag.servers.openai_compatible._REQUEST_TIMEOUT", 60.0)
    with raw_server(lambda: flood(head("200 OK", kind), piece)) as server:
        memory = PeakMemory()
        with pytest.raises(ModelError, match=r"sent more than 16 MB.* The text so far is kept"):
            CALLS[call](server.address)
        assert memory.megabytes < MEGABYTES


def test_blank_lines_without_an_end_are_no_progress():
    with raw_server(lambda: drip(head("200 OK", "application/x-ndjson"), b"\n")) as server:
        started = time.monotonic()
        with pytest.raises(ModelError, match="did not answer in time"):
            CALLS["ollama chat"](server.address)
    assert time.monotonic() - started < CHAT_SECONDS


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ({"embeddings": [[1.0]]}, "1 vectors for 2 texts, or of several lengths"),
        ({"embeddings": [[1.0], [1.0, 2.0]]}, "2 vectors for 2 texts, or of several lengths"),
        ({"embeddings": [[], []]}, "empty or not of finite numbers"),
        ({"embeddings": [[1.0], [float("nan")]]}, "empty or not of finite numbers"),
    ],
)
def test_embeddings_that_cannot_be_right_are_refused(reply, sentence):
    with raw_server(plain(json.dumps(reply).encode())) as server, pytest.raises(ModelError) as caught:
        OllamaServer(server.address).embed("m", ["a", "b"])
    assert sentence in str(caught.value)


def test_a_program_without_this_path_is_no_such_server():
    with (
        raw_server(plain(b"Cannot GET /v1/models", "404 Not Found", "text/plain")) as server,
        pytest.raises(ModelError, match="is not an OpenAI-compatible server"),
    ):
        OpenAIServer(server.address).models()


def test_a_key_that_a_server_repeats_is_not_shown():
    body = b'{"error":{"message":"Incorrect API key provided: top-secret"}}'
    with raw_server(plain(body, "401 Unauthorized")) as server, pytest.raises(ModelError) as caught:
        OpenAIServer(server.address, key="top-secret").models()
    assert "does not accept the key: Incorrect API key provided: ***" in str(caught.value)


@pytest.mark.parametrize("is_given", [True, False])
def test_the_key_of_ollama_goes_only_to_the_host_of_the_environment(monkeypatch, is_given):
    with raw_server(plain(b'{"models":[]}')) as server:
        monkeypatch.setenv("OLLAMA_API_KEY", "top-secret")
        monkeypatch.setenv("OLLAMA_HOST", server.address if is_given else "https://ollama.example.org")
        OllamaServer(server.address).models()
    assert (b"top-secret" in server.received[0]) == is_given


def test_no_event_loop_and_no_file_stays_open():
    files = Path("/proc/self/fd")
    if not files.exists():
        pytest.skip("needs Linux's /proc")
    with raw_server(plain(b'{"models":[], "data":[]}')) as server:
        for call in CALLS.values():
            with suppress(ModelError):
                call(server.address)
        before = len(list(files.iterdir()))
        for call in list(CALLS.values()) * 10:
            with suppress(ModelError):
                call(server.address)
        assert len(list(files.iterdir())) <= before + 2


@pytest.mark.slow
@pytest.mark.parametrize("call", ["ollama chat", "openai chat"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_ends_in_a_sentence(fault, call):
    sentence, seconds, megabytes = outcome(call, fault)
    assert sentence.endswith(".")
    assert "HOST" in sentence
    assert "Traceback" not in sentence
    assert seconds < CHAT_SECONDS
    assert megabytes < MEGABYTES
