"""A TCP server that sends bytes as scripted, valid HTTP or not, and 46 ways in which a model server can misbehave."""

from __future__ import annotations

import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

Bytes = Iterable[bytes]
Script = Callable[[], Bytes]
MEGABYTE = 1 << 20
_DRIP_SECONDS = 0.2
_MOST_DRIPS = 400


@dataclass
class RawServer:
    """A running server: its address, and everything that clients have sent."""

    address: str = ""
    received: list[bytes] = field(default_factory=list)


@contextmanager
def raw_server(script: Script, scripts: dict[str, Script] | None = None) -> Iterator[RawServer]:
    """A server that answers every request with the script's bytes, or with those for its path, and hangs up."""
    server, over = RawServer(), threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    listener.settimeout(0.05)
    server.address = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            request = _request(connection)
            server.received.append(request)
            path = request.split(b" ", 2)[1].decode() if request.count(b" ") > 1 else ""
            for piece in (scripts or {}).get(path, script)():
                if over.is_set():
                    break
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        over.set()
        thread.join()
        listener.close()


def _request(connection: socket.socket) -> bytes:
    """The request with its body."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (piece := connection.recv(1 << 16)):
            return received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def head(status: str = "200 OK", content_type: str = "application/json", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", "Connection: close", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def drip(start: bytes, piece: bytes) -> Bytes:
    """The start, and then a piece every fifth of a second."""
    yield start
    for _ in range(_MOST_DRIPS):
        time.sleep(_DRIP_SECONDS)
        yield piece


def flood(start: bytes, piece: bytes, megabytes: int = 300) -> Bytes:
    """The start, and then the piece again and again as fast as the client reads."""
    yield start
    block = piece * max(1, (1 << 16) // len(piece))
    for _ in range(megabytes * MEGABYTE // len(block)):
        yield block


@cache
def bomb(megabytes: int = 150) -> bytes:
    """A small gzip file that becomes many megabytes."""
    pack = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return b"".join(
        [pack.compress(b'{"models":"'), *(pack.compress(b" " * MEGABYTE) for _ in range(megabytes)), pack.flush()]
    )


def silence() -> Bytes:
    yield from drip(b"", b"")


def plain(body: bytes, status: str = "200 OK", content_type: str = "application/json", *more: str) -> Script:
    return lambda: [head(status, content_type, *more) + body]


PAGE = b"<!doctype html><title>Sign in</title><p>Welcome to the hotel's network."
DEEP = b"[" * 200_000 + b"]" * 200_000
ELSEWHERE = "Location: http://elsewhere.invalid/api"
NAMES = json.dumps({"models": [{"model": 3}], "data": [{"id": 3}, {"id": None}], "model": 1}).encode()
CHUNKED = head("200 OK", "application/json", "Transfer-Encoding: chunked")
LONG = head("200 OK", "application/json", "Content-Length: 99999")

SLOW: dict[str, Script] = {
    "silent": silence,
    "a byte now and then": lambda: drip(head(), b" "),
    "headers without an end, slowly": lambda: drip(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n"),
    "one header line, slowly": lambda: drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
    "interim replies without an end": lambda: drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunks of one byte, slowly": lambda: drip(CHUNKED, b"1\r\n \r\n"),
    "a length that never comes": lambda: drip(LONG + b'{"a":', b""),
    "a status line, slowly": lambda: drip(b"HTTP/1.1 2", b"0"),
    "an error, slowly": lambda: drip(head("500 Internal Server Error"), b" "),
}  # fmt: skip
"""They send something, but never a whole reply."""

LARGE: dict[str, Script] = {
    "a body without an end": lambda: flood(head() + b'{"models":"', b"a"),
    "chunks without an end": lambda: flood(CHUNKED, b"400\r\n" + b"a" * 1024 + b"\r\n"),
    "a gzip bomb": lambda: [head("200 OK", "application/json", "Content-Encoding: gzip"), bomb()],
    "a deflate bomb": lambda: [head("200 OK", "application/json", "Content-Encoding: deflate"), bomb()],
    "a gzip bomb in an error": lambda: [head("500 Error", "application/json", "Content-Encoding: gzip"), bomb()],
    "two codings on each other": plain(b"abc", "200 OK", "application/json", "Content-Encoding: gzip, gzip"),
    "brotli": plain(b"abc", "200 OK", "application/json", "Content-Encoding: br"),
    "damaged gzip": plain(b"no gzip", "200 OK", "application/json", "Content-Encoding: gzip"),
    "headers without an end, fast": lambda: flood(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n"),
    "one header line without an end": lambda: flood(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
    "interim replies without a pause": lambda: flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 20),
    "an error without an end": lambda: flood(head("500 Error"), b"a"),
    "lists in a list without an end": lambda: flood(head() + b'{"models":[', b"[],"),
    "objects without an end": lambda: flood(head() + b'{"models":[', b'{"a":1},'),
}
"""They would fill the memory."""

WRONG: dict[str, Script] = {
    "deep JSON": plain(DEEP),
    "deep JSON in an error": plain(DEEP, "500 Error"),
    "no JSON": plain(b"Ollama is running"),
    "an empty reply": plain(b"", "200 OK", "application/json", "Content-Length: 0"),
    "204": lambda: [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "304": lambda: [b"HTTP/1.1 304 Not Modified\r\n\r\n"],
    "names that are no text": plain(NAMES),
    "half a character": plain(b'{"models":[{"model":"\\ud800"}],"data":[{"id":{"a":"\\ud800"}}],"version":[]}'),
    "numbers too large": plain(b'{"models":[{"size":1e999}],"data":1e999}'),
    "half a reply": plain(b'{"models":[{"mod', "200 OK", "application/json", "Content-Length: 999"),
    "a list instead of an object": plain(b"[1]"),
    "bytes that are no text": plain(b'{"models":"\xff\xfe"}'),
    "not HTTP": lambda: [b"SSH-2.0-OpenSSH_9.2\r\n"],
    "random bytes": lambda: [bytes(range(256)) * 40],
    "closed at once": lambda: [],
    "half a head": lambda: [b"HTTP/1.1 200 OK\r\nContent-Ty"],
}
"""They are no such server, or a broken one."""

IN_THE_WAY: dict[str, Script] = {
    "a sign-in page": plain(PAGE, "200 OK", "text/html; charset=utf-8"),
    "a sign-in page called JSON": plain(PAGE),
    "a redirect to another host": plain(b"", "307 Temporary Redirect", "text/plain", ELSEWHERE),
    "a moved server": plain(b"", "301 Moved Permanently", "text/plain", ELSEWHERE),
    "a redirect in a circle": plain(b"", "308 Permanent Redirect", "text/plain", "Location: /again"),
    "a redirect to no address": plain(b"", "307 Temporary Redirect", "text/plain", "Location: http://a:nine/"),
    "a gateway without its server": plain(PAGE, "502 Bad Gateway", "text/html"),
}
"""Something answers in the server's place."""

FAULTS: dict[str, Script] = {**SLOW, **LARGE, **WRONG, **IN_THE_WAY}
