"""A sentence for each fault of the Ollama server, and what was written before it kept, wherever the stream is cut."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from rag.errors import OllamaError
from rag.servers.ollama import OllamaServer
from tests.support.scripted_ollama import Stream, scripted_ollama, streamed
from tests.support.servers.ollama_requests import ANSWER, HALF, PATIENCE, ask, fault_of, text_of

KEPT = "Ollama at HOST stopped in the middle of the answer. The text so far is kept. Ask again."
UNANSWERED = (
    "Ollama at HOST closed the connection before it answered. It may have been stopped, or have run out of memory: "
    "try again, or choose a smaller model."
)
SHORT = [
    b'{"message":{"role":"assistant","content":"Two"},"done":false}\n',
    '{"message":{"role":"assistant","content":" \u00f6tters"},"done":false}\n'.encode(),
    b'{"message":{"role":"assistant","content":"."},"done":true}\n',
]
WORDS = ["Two", " \u00f6tters", "."]


@pytest.mark.slow
@pytest.mark.parametrize(("chunked", "reset"), [(True, False), (False, False), (True, True)])
def test_a_connection_cut_after_any_byte(chunked, reset):
    whole = Stream(SHORT, chunked=chunked)
    wire = b"".join(whole.wire())
    ends = [wire.index(line) + len(line) for line in SHORT]
    streams = iter([replace(whole, cut_after=place, reset=reset) for place in range(len(wire))])
    sentences = set()
    with scripted_ollama({"/api/chat": lambda body: next(streams)}) as address:
        for place in range(len(wire)):
            written, ending = [], "raised"
            try:
                written.extend(ask(address))
                ending = written.pop().ending
            except OllamaError as error:
                sentences.add(str(error).replace(address, "HOST"))
            arrived = "" if reset else "".join(word for word, end in zip(WORDS, ends, strict=True) if end <= place)
            assert "".join(WORDS).startswith(text_of(written))
            assert text_of(written).startswith(arrived)
            assert (ending == "finished") <= (place >= ends[-1] - 1), f"cut after {place} bytes"
            assert ending in ("raised", "broken", "finished")
    assert sentences == {KEPT, UNANSWERED}


@pytest.mark.parametrize(
    "answer",
    [
        Stream(HALF, cut_after=len(b"".join(Stream(HALF).wire())) - 5),
        Stream([*HALF, b'{"message":{"role":"assi'], chunked=False),
        Stream([*HALF, b"no json\n"]),
    ],
    ids=["closed", "line cut", "line that is no JSON"],
)
def test_broken_off_in_mid_answer(answer):
    assert fault_of(answer) == ("On the water,", KEPT)


def test_reset_in_mid_answer():
    """What came before a reset may be lost on the way; that it is no absent server is said."""
    broken = Stream(HALF, cut_after=len(b"".join(Stream(HALF).wire())) - 5, reset=True)
    written, sentence = fault_of(broken)
    assert "On the water,".startswith(written)
    assert "No Ollama server answers" not in sentence


def test_an_error_in_mid_stream():
    written, sentence = fault_of(Stream([*HALF, b'{"error":"unexpected EOF"}\n']))
    assert written == "On the water,"
    assert sentence == f"{KEPT} Its message: unexpected EOF."


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"),
        (500, "llama runner process has terminated: exit status 2"),
        (500, "CUDA error: out of memory"),
        (500, "llama runner process has terminated: signal: killed"),
    ],
)
def test_out_of_memory(status, words):
    assert fault_of((status, {"error": words})) == (
        "",
        f"Ollama at HOST does not have enough memory for this model: {words}. "
        "Choose a smaller model or a smaller context window.",
    )


def test_out_of_memory_in_mid_answer_keeps_what_came():
    written, sentence = fault_of(Stream([*HALF, b'{"error":"CUDA out of memory"}\n']))
    assert written == "On the water,"
    assert "The text so far is kept" in sentence
    assert "Choose a smaller model or a smaller context window." in sentence


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            (404, {"error": "model 'scripted' not found"}),
            "Ollama at HOST does not have the model 'scripted'. Run: ollama pull scripted - or choose another model.",
        ),
        (
            (503, {"error": "server busy, please try again"}),
            "Ollama at HOST failed: server busy, please try again. Try again, or choose another model; "
            "the server's log may say more.",
        ),
        (
            Stream([b"<html><h1>Bad gateway</h1></html>"], 502, "text/html"),
            "Ollama at HOST failed: status 502 Bad Gateway. Try again, or choose another model; "
            "the server's log may say more.",
        ),
        (
            (400, {"error": '"scripted" does not support chat'}),
            'Ollama at HOST refused the request: "scripted" does not support chat. Choose another model, '
            "or change the settings.",
        ),
        (
            Stream([b"<html>hello</html>\n"], content_type="text/html"),
            "Ollama at HOST answered with a web page: the sign-in page of a network, perhaps, or another program. "
            "Check the address, or open it in a browser.",
        ),
        (
            Stream([b"<html>not here</html>"], 404, "text/html"),
            "The program at HOST is not an Ollama server. Choose another host or port.",
        ),
        ((200, []), "The program at HOST is not an Ollama server. Choose another host or port."),
        (Stream([], cut_after=0), UNANSWERED),
    ],
    ids=[
        "unknown model",
        "503",
        "502 in HTML",
        "400",
        "another program",
        "another program's 404",
        "no object",
        "closed at once",
    ],
)
def test_each_refusal_is_a_sentence(answer, sentence):
    assert fault_of(answer) == ("", sentence)


def test_a_keep_alive_that_is_no_time():
    refusal = (400, {"error": 'time: invalid duration "soon"'})
    assert "Write a time like 5m or 1h, 0 for not at all, or -1" in fault_of(refusal, "soon")[1]


def test_a_server_that_takes_too_long(monkeypatch):
    monkeypatch.setattr("rag.servers.ollama.REQUEST_TIMEOUT", 1.0)
    over = threading.Event()
    written, sentence = fault_of(streamed(ANSWER, pause=lambda number: over.wait(PATIENCE)))
    over.set()
    assert (written, sentence) == (
        "",
        "Ollama at HOST did not answer in time. It may still be loading the model: wait a minute and try again, "
        "or choose a smaller model.",
    )


def test_a_server_that_falls_silent_in_mid_answer(monkeypatch):
    monkeypatch.setattr("rag.servers.ollama.REQUEST_TIMEOUT", 1.0)
    assert fault_of(Stream(HALF, stays_open=True)) == ("On the water,", KEPT)


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("http://127.0.0.1:1", "No Ollama server answers at http://127.0.0.1:1. Start it with 'ollama serve'"),
        ("http://nowhere.invalid:1", "No Ollama server answers at http://nowhere.invalid:1: no host has that"),
        ("http://127.0.0.1:many", "'http://127.0.0.1:many' is not the address of a server. Write it like http://"),
        ("ftp://127.0.0.1", "'ftp://127.0.0.1' is not the address of a server"),
    ],
)
@pytest.mark.parametrize("call", [OllamaServer.models, OllamaServer.version, lambda server: list(ask(server.host))])
def test_no_server(host, sentence, call):
    with pytest.raises(OllamaError) as caught:
        call(OllamaServer(host))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("body", [[], "hello", {}, {"models": 3}, None])
def test_another_program_on_the_port(body):
    with scripted_ollama(dict.fromkeys(("/api/tags", "/api/version"), (200, body))) as address:
        for call in (OllamaServer.models, OllamaServer.version):
            with pytest.raises(OllamaError, match="is not an Ollama server"):
                call(OllamaServer(address))
