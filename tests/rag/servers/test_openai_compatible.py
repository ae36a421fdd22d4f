"""Servers that speak OpenAI's API: what they are sent, what comes back, stopping, and a sentence for each fault."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest

from rag.errors import OpenAIServerError
from rag.servers.openai_compatible import OpenAIServer
from rag.servers.types import Message, Thought, Usage
from tests.support.scripted_ollama import Stream, scripted_ollama, scripted_server

CHAT = "/v1/chat/completions"
QUESTION = [Message("system", "Be brief."), Message("user", "Where do otters sleep?")]
PATIENCE = 10
KEPT = "The server at HOST stopped in the middle of the answer. The text so far is kept. Ask again."
UNANSWERED = (
    "The server at HOST closed the connection before it answered. It may have been stopped, or have run out of "
    "memory: try again, or choose a smaller model."
)


def event(**fields: object) -> bytes:
    return f"data: {json.dumps(fields, ensure_ascii=False)}\n\n".encode()


def said(finish_reason: str | None = None, **delta: str) -> bytes:
    return event(choices=[{"index": 0, "delta": delta, "finish_reason": finish_reason}])


COUNTED = event(choices=[], usage={"prompt_tokens": 20, "completion_tokens": 3, "total_tokens": 23})
HALF = [said(content="On"), said(content=" the"), said(content=" w\u00e4ter.")]
DONE = b"data: [DONE]\n\n"


def events(*chunks: bytes) -> Stream:
    return Stream(chunks, content_type="text/event-stream")


WHOLE = events(*HALF, said("stop"), COUNTED, DONE)


def ask(address: str, stop: threading.Event | None = None):
    return OpenAIServer(address).chat("scripted", QUESTION, max_tokens=64, stop=stop)


def asked(answer) -> list:
    with scripted_ollama({CHAT: answer}) as address:
        return list(ask(address))


def fault_of(answer) -> tuple[str, str]:
    """What was written before the fault, and the fault's sentence."""
    written = []
    with scripted_ollama({CHAT: answer}) as address:
        with pytest.raises(OpenAIServerError) as caught:
            written.extend(ask(address))
        return text_of(written), str(caught.value).replace(address, "HOST")


def text_of(pieces) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


def test_an_answer_comes_in_pieces_with_what_the_server_counted():
    assert asked(WHOLE) == ["On", " the", " w\u00e4ter.", Usage(20, 3, "finished")]


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_request_is_complete_wherever_the_address_ends(path):
    with scripted_server({CHAT: WHOLE}) as server:
        list(ask(server.address + path))
    assert server.sent_to(CHAT) == [
        {
            "model": "scripted",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Where do otters sleep?"},
            ],
            "max_tokens": 64,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_of_their_own_are_told_apart(field):
    pieces = asked(events(said(**{field: "Hm."}), said(content="Here."), said("stop")))
    assert pieces == [Thought("Hm."), "Here.", Usage(None, None, "finished")]


def test_thoughts_within_the_text_are_told_apart():
    pieces = asked(events(said(content="<thi"), said(content="nk>Hm.</think>Here."), said("stop")))
    assert pieces == [Thought("Hm."), "Here.", Usage(None, None, "finished")]


def test_letters_that_some_take_for_line_ends_stay_in_the_text():
    odd = "one\u0085two\u2028three\x1cfour\rfive"
    assert text_of(asked(events(said(content=odd), said("stop")))) == odd


def test_an_answer_that_reached_its_limit_says_so():
    assert asked(events(said(content="On"), said("length")))[-1].ending == "length"


def test_a_stream_without_a_reason_to_end_is_broken():
    assert asked(events(*HALF)) == ["On", " the", " w\u00e4ter.", Usage(None, None, "broken")]


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [True, False])
def test_a_connection_cut_after_any_byte(chunked):
    whole = replace(events(*HALF, said("stop")), chunked=chunked)
    wire = b"".join(whole.wire())
    ends = [wire.index(part) + len(part) for part in whole.chunks]
    streams = iter([replace(whole, cut_after=place) for place in range(len(wire))])
    sentences = set()
    with scripted_ollama({CHAT: lambda body: next(streams)}) as address:
        for place in range(len(wire)):
            written, ending = [], "raised"
            try:
                written.extend(ask(address))
                ending = written.pop().ending
            except OpenAIServerError as error:
                sentences.add(str(error).replace(address, "HOST"))
            arrived = [word for word, end in zip(["On", " the", " w\u00e4ter."], ends, strict=False) if end <= place]
            assert "On the w\u00e4ter.".startswith(text_of(written))
            assert text_of(written).startswith("".join(arrived))
            assert (ending == "finished") <= (place >= ends[-1] - 2), f"cut after {place} bytes"
            assert ending in ("raised", "broken", "finished")
    assert sentences == {KEPT, UNANSWERED}


def test_an_error_in_mid_stream():
    written, sentence = fault_of(events(*HALF, event(error={"message": "slot unavailable"})))
    assert (written, sentence) == ("On the w\u00e4ter.", f"{KEPT} Its message: slot unavailable.")


def test_reset_in_mid_answer():
    broken = events(*HALF)
    written, sentence = fault_of(replace(broken, cut_after=len(b"".join(broken.wire())) - 5, reset=True))
    assert "On the w\u00e4ter.".startswith(written)
    assert "answers at" not in sentence


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            (404, {"error": {"message": "model 'scripted' not found"}}),
            "The server at HOST does not have the model 'scripted'. Choose one of its models.",
        ),
        (
            (401, {"error": {"message": "Invalid API Key"}}),
            "The server at HOST does not accept the key: Invalid API Key. Set the key that the server was started "
            "with.",
        ),
        (
            (503, {"error": {"message": "Loading model"}}),
            "The server at HOST failed: Loading model. Try again, or choose another model; the server's log may say "
            "more.",
        ),
        (
            (500, {"error": {"message": "CUDA out of memory"}}),
            "The server at HOST does not have enough memory for this model: CUDA out of memory. Choose a smaller model "
            "or a smaller context window.",
        ),
        (
            (400, {"detail": "the prompt is too long"}),
            "The server at HOST refused the request: the prompt is too long. Choose another model, or change the "
            "settings.",
        ),
        (events(b"data: no json\n\n"), "The program at HOST is not an OpenAI-compatible server. Choose another"),
        (
            Stream([b"<html>hello</html>"], content_type="text/html"),
            "The server at HOST answered with a web page: the sign-in page of a network, perhaps, or another program.",
        ),
        (Stream([], cut_after=0), UNANSWERED),
    ],
    ids=["unknown model", "key", "loading", "memory", "400", "no json", "another program", "closed at once"],
)
def test_each_refusal_is_a_sentence(answer, sentence):
    written, said_of_it = fault_of(answer)
    assert written == ""
    assert said_of_it.startswith(sentence)


def test_a_server_that_takes_too_long(monkeypatch):
    monkeypatch.setattr("rag.servers.openai_compatible._REQUEST_TIMEOUT", 0.1)
    over = threading.Event()
    written, sentence = fault_of(replace(WHOLE, pause=lambda number: over.wait(PATIENCE)))
    over.set()
    assert written == ""
    assert "The server at HOST did not answer in time. It may still be loading the model" in sentence


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1", "No OpenAI-compatible server answers at http://127.0.0.1:1. Start it, choose"),
        ("http://nowhere.invalid:1", "answers at http://nowhere.invalid:1: no host has that name"),
        ("http://127.0.0.1:many", "'http://127.0.0.1:many' is not the address of a server. Write it like http://"),
        ("ftp://127.0.0.1", "'ftp://127.0.0.1' is not the address of a server"),
        ("", "'' is not the address of a server"),
    ],
)
@pytest.mark.parametrize("call", [OpenAIServer.models, lambda server: list(ask(server.url))])
def test_no_server(url, sentence, call):
    with pytest.raises(OpenAIServerError) as caught:
        call(OpenAIServer(url))
    assert sentence in str(caught.value)


def test_models_are_sorted_and_asked_with_the_key():
    offered = {"object": "list", "data": [{"id": "b", "object": "model"}, {"id": "a", "object": "model"}]}
    with scripted_server({"/v1/models": (200, offered)}) as server:
        assert OpenAIServer(server.address, key="secret").models() == ["a", "b"]
    assert server.requests[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("body", [[], "hello", {}, {"data": [3]}])
def test_another_program_on_the_port(body):
    with (
        scripted_ollama({"/v1/models": (200, body)}) as address,
        pytest.raises(OpenAIServerError, match="is not an OpenAI-compatible"),
    ):
        OpenAIServer(address).models()


def test_stop_in_mid_answer_hangs_up_and_keeps_what_came():
    with scripted_server({CHAT: replace(events(*HALF), stays_open=True)}) as server:
        stop = threading.Event()
        pieces = ask(server.address, stop)
        assert [next(pieces), next(pieces)] == ["On", " the"]
        stop.set()
        assert list(pieces) == [Usage(None, None, "stopped")]
        assert server.left.wait(PATIENCE)


def test_a_reader_that_goes_away_hangs_up():
    with scripted_server({CHAT: replace(events(*HALF), stays_open=True)}) as server:
        pieces = ask(server.address)
        next(pieces)
        pieces.close()
        assert server.left.wait(PATIENCE)


def test_ollama_is_such_a_server(ollama):
    server = OpenAIServer(ollama.host)
    assert "gemma3:270m" in server.models()
    pieces = list(server.chat("gemma3:270m", [Message("user", "The otter is")], max_tokens=8))
    assert len(pieces) > 3
    assert pieces[-1] == Usage(4, 8, "length")
    with pytest.raises(OpenAIServerError, match="does not have the model 'nope'"):
        list(server.chat("nope", QUESTION, max_tokens=8))
