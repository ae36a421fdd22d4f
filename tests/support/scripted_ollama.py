"""A local HTTP server that answers as a model server would, as scripted by a test, and breaks off where scripted."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHAT_MODEL = {"name": "scripted:latest", "model": "scripted:latest", "size": 1, "details": {"family": "llama"}}
TEMPLATE = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}"


@dataclass(frozen=True)
class Stream:
    """An answer written chunk by chunk, with chunked encoding or until the connection closes.

    `pause` is called with the number of each chunk before it is written, from 0; the head goes out with the first.
    `cut_after` closes the connection after so many bytes of the whole response, head included; with `reset` the
    client sees a reset instead of an end. A stream that `stays_open` then waits until the client hangs up.
    """

    chunks: Sequence[bytes]
    status: int = 200
    content_type: str = "application/x-ndjson"
    chunked: bool = True
    pause: Callable[[int], object] | None = None
    cut_after: int | None = None
    reset: bool = False
    stays_open: bool = False

    def wire(self) -> list[bytes]:
        """The response as sent over the network: the head with the first chunk, each other chunk, and the end."""
        framing = "Transfer-Encoding: chunked" if self.chunked else "Connection: close"
        head = f"HTTP/1.1 {self.status} Scripted\r\nContent-Type: {self.content_type}\r\n{framing}\r\n\r\n".encode()
        frames = [b"%x\r\n%b\r\n" % (len(c), c) if self.chunked else c for c in self.chunks]
        end = [b"0\r\n\r\n"] if self.chunked and not self.stays_open else []
        return [head + b"".join(frames[:1]), *frames[1:], *end]


Fixed = tuple[int, object]
Answer = Fixed | Stream | Callable[[dict], "Fixed | Stream"]
"""A status and a JSON body, a stream, or what makes one of them from the request's JSON body."""

HEALTHY: Mapping[str, Answer] = {
    "/api/tags": (200, {"models": [CHAT_MODEL]}),
    "/api/show": (200, {"model_info": {"llama.context_length": 4096}, "template": TEMPLATE}),
}


def chat_lines(text: str, *, prompt_tokens: int, thinking: str = "") -> list[bytes]:
    """Lines of /api/chat with a word each, thoughts first; the last is done and counts the words as tokens."""
    words = [("thinking", word) for word in _words(thinking)] + [("content", word) for word in _words(text)]
    parts = [
        {"model": "scripted:latest", "message": {"role": "assistant", "content": "", kind: word}, "done": False}
        for kind, word in words
    ]
    last = {
        "model": "scripted:latest",
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": "stop",
        "load_duration": 1_000_000_000,
        "prompt_eval_count": prompt_tokens,
        "prompt_eval_duration": 2_000_000_000,
        "eval_count": len(words),
        "eval_duration": 4_000_000_000,
    }
    return [json.dumps(part, ensure_ascii=False).encode() + b"\n" for part in [*parts, last]]


def streamed(
    text: str, *, prompt_tokens: int = 10, thinking: str = "", pause: Callable[[int], object] | None = None
) -> Stream:
    """An answer for "/api/chat" that writes `text` word by word."""
    return Stream(chat_lines(text, prompt_tokens=prompt_tokens, thinking=thinking), pause=pause)


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+", text)


@dataclass(frozen=True)
class Request:
    """What a client sent, byte for byte."""

    path: str
    body: bytes
    headers: Message

    @property
    def json(self) -> dict:
        return json.loads(self.body) if self.body else {}


@dataclass
class ScriptedServer:
    """A running server: its address, its requests, and whether a client closed a stream that stays open."""

    address: str = ""
    requests: list[Request] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    def sent_to(self, path: str) -> list[dict]:
        """The JSON bodies of the requests to a path, in order."""
        return [request.json for request in list(self.requests) if request.path == path]


@contextmanager
def scripted_ollama(answers: Mapping[str, Answer]) -> Iterator[str]:
    """The address of a server that gives each path its answer; 404 for every other path."""
    with scripted_server(answers) as server:
        yield server.address


@contextmanager
def scripted_server(answers: Mapping[str, Answer]) -> Iterator[ScriptedServer]:
    """A server that gives each path its answer and records its requests; 404 for every other path."""
    scripted = ScriptedServer()

    class Handler(_Handler):
        script = answers
        kept = scripted

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scripted.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    script: Mapping[str, Answer]
    kept: ScriptedServer

    def respond(self) -> None:
        request = Request(self.path, self.rfile.read(int(self.headers.get("Content-Length", 0))), self.headers)
        self.kept.requests.append(request)
        answer = self.script.get(self.path, (404, {"error": "not found"}))
        if callable(answer):
            answer = answer(request.json)
        if not isinstance(answer, Stream):
            status, body = answer
            answer = Stream([json.dumps(body).encode()], status, "application/json", chunked=False)
        try:
            self._write(answer)
        except ConnectionError:  # what a client that hung up has not read turns its leaving into a reset
            if answer.stays_open:
                self.kept.left.set()
        self.close_connection = True

    do_GET = do_POST = do_DELETE = respond

    def _write(self, answer: Stream) -> None:
        left = sum(map(len, answer.wire())) if answer.cut_after is None else answer.cut_after
        for number, part in enumerate(answer.wire()):
            if answer.pause:
                answer.pause(number)
            self.wfile.write(part[:left])
            left -= min(left, len(part))
            if not left:
                break
        if answer.stays_open and not self.rfile.read(1):
            self.kept.left.set()
        if answer.reset:
            self._reset()

    def _reset(self) -> None:
        """Close the socket so that the client is sent a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def log_message(self, *arguments: object) -> None:
        """Keep the test's output clean."""
