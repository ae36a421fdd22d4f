"""Guarded HTTP: a model server cannot hold up, flood or mislead this app.

The guard is a transport of httpx, which both clients use. It works on the bytes: a deadline for the reply as a whole,
limits on its size, and no redirect to another host. Import it where it is used: httpx takes a while to load.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TypedDict, TypeVar

import httpx

from rag.servers.faults import causes, quote
from rag.servers.proxies import Proxy, proxy_for

T = TypeVar("T")


class ClientOptions(TypedDict):
    """Arguments of httpx.AsyncClient."""

    transport: httpx.AsyncBaseTransport
    trust_env: bool
    follow_redirects: bool
    max_redirects: int
    timeout: httpx.Timeout


_MEGABYTE = 1 << 20
_PIECE_BYTES = 1 << 16
_REDIRECTS = 5
_KEEPS_METHOD = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
_OF_PROXIES = frozenset({403, 407, 502, 503, 504, 511})
"""Statuses with which a proxy refuses, or reports that it did not reach the server."""
_PROXY_LOGIN = 407
_READABLE = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_CLOSED = ("Server disconnected", "peer closed connection", "peer unexpectedly", "The connection was closed")
"""How the messages of httpcore and h11 begin when the server has closed the connection."""
_WEB_PAGE = "answered with a web page"
_CHECK = "Check the address, or open it in a browser"
_OTHER = "Choose another server"


class Misbehaved(httpx.TransportError):
    """A reply that is refused. The message continues a sentence that begins with the server: "redirects to ..."."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reply may take.

    `seconds` is for the whole reply and `idle_seconds` until the next line that holds something; `n_bytes` is after
    decompression. `line_bytes` is for one line, and `json_weight` for the JSON values of the reply, which take much
    more memory than their bytes: 1 for each value, 2 for a list, 4 for an object.
    """

    seconds: float
    idle_seconds: float
    connect_seconds: float
    n_bytes: int
    line_bytes: int
    json_weight: int


def whole(seconds: float, *, connect_seconds: float = 5.0, megabytes: int = 4) -> Limits:
    """Limits for a reply that is read as a whole."""
    size = megabytes * _MEGABYTE
    return Limits(seconds, seconds, min(seconds, connect_seconds), size, size, megabytes * 100_000)


def streamed(idle_seconds: float, *, seconds: float = 3600.0, megabytes: int = 16) -> Limits:
    """Limits for a reply of many lines, each used as it arrives; one line holds at most a megabyte."""
    return Limits(seconds, idle_seconds, min(idle_seconds, 5.0), megabytes * _MEGABYTE, _MEGABYTE, 1 << 60)


class Guard(httpx.AsyncBaseTransport):
    """Sends requests to one server, directly if it is local, else as the environment says, and guards the replies."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._inner: httpx.AsyncHTTPTransport | None = None
        self._proxy: Proxy | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply, its body still to be read within the limits. Raises Misbehaved, or another error of httpx."""
        if self._inner is None:
            self._proxy = proxy_for(str(request.url))
            self._inner = _transport(self._proxy, request.url)
        request.headers["Accept-Encoding"] = "identity"
        clock = _Clock(self._limits)
        try:
            response = await clock.wait(self._inner.handle_async_request(request))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            if self._proxy and not any(isinstance(cause, ssl.SSLError) for cause in causes(error)):
                raise Misbehaved(_unreached(self._proxy, request.url, error)) from error
            raise
        if refusal := self._refusal(request, response):
            await response.aclose()
            raise Misbehaved(refusal)
        return _bounded(request, response, self._limits, clock)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._inner:
            await self._inner.aclose()

    def _refusal(self, request: httpx.Request, response: httpx.Response) -> str:
        """Why this reply is not read; empty if it is."""
        is_page = "html" in response.headers.get("content-type", "").lower()
        coding = response.headers.get("content-encoding", "").strip().lower()
        if self._proxy and response.status_code in _OF_PROXIES and (is_page or response.status_code == _PROXY_LOGIN):
            status = quote("", response.status_code)
            called = self._proxy.called
            return f"was not reached: {called} answered in its place ({status}). {self._proxy.advice(request.url.host)}"
        if response.has_redirect_location:
            return _elsewhere(request, response)
        if is_page and response.is_success:
            return self._page(request)
        return "" if coding in _READABLE else f"sent a reply that is compressed ('{quote(coding, 0)}'). {_OTHER}"

    def _page(self, request: httpx.Request) -> str:
        if self._proxy:
            return f"{_WEB_PAGE}. It came through {self._proxy.called}. {self._proxy.advice(request.url.host)}"
        return f"{_WEB_PAGE}: the sign-in page of a network, perhaps, or another program. {_CHECK}"


def client_options(limits: Limits) -> ClientOptions:
    """Options for a client of httpx that guards its replies."""
    timeout = httpx.Timeout(limits.idle_seconds, connect=limits.connect_seconds)
    return {
        "transport": Guard(limits), "trust_env": False, "follow_redirects": True, "max_redirects": _REDIRECTS,
        "timeout": timeout,
    }  # fmt: skip


def misbehaviour(error: BaseException) -> str:
    """Why a reply was refused, continuing a sentence that begins with the server; empty for any other error."""
    for cause in causes(error):
        match cause:
            case Misbehaved():
                return str(cause)
            case httpx.TooManyRedirects():
                return f"redirects from one address to the next without an end. {_CHECK}"
            case RecursionError():
                return f"sent JSON that is nested too deeply. {_OTHER}"
            case httpx.RemoteProtocolError() if not str(cause).startswith(_CLOSED):
                return f"sent something that is not a valid HTTP reply. {_CHECK}"
    return ""


class _Clock:
    """The time that is left for a reply."""

    def __init__(self, limits: Limits) -> None:
        now = asyncio.get_running_loop().time()
        self._end, self._idle = now + limits.seconds, limits.idle_seconds
        self._idle_end = now + limits.idle_seconds

    async def wait(self, step: Awaitable[T]) -> T:
        """The result of the next step. Raises ReadTimeout when the time is over."""
        try:
            async with asyncio.timeout_at(min(self._end, self._idle_end)):
                return await step
        except TimeoutError as error:
            raise httpx.ReadTimeout("The reply was not complete in time.") from error

    def progress(self) -> None:
        """A line has arrived."""
        self._idle_end = asyncio.get_running_loop().time() + self._idle


@dataclass(slots=True)
class _Measure:
    """Counts what has arrived. Raises Misbehaved beyond a limit."""

    limits: Limits
    is_answer: bool
    n_bytes: int = 0
    line_bytes: int = 0
    weight: int = 0

    def add(self, piece: bytes) -> None:
        if self.is_answer and not self.n_bytes and piece.lstrip()[:1] == b"<":
            raise Misbehaved(f"{_WEB_PAGE}: the sign-in page of a network, perhaps, or another program. {_CHECK}")
        end = piece.rfind(b"\n")
        self.line_bytes = self.line_bytes + len(piece) if end < 0 else len(piece) - end - 1
        self.n_bytes += len(piece)
        self.weight += piece.count(b",") + 2 * piece.count(b"[") + 4 * piece.count(b"{")
        if self.n_bytes > self.limits.n_bytes:
            raise Misbehaved(f"sent more than {self.limits.n_bytes // _MEGABYTE} MB. {_OTHER}")
        if self.line_bytes > self.limits.line_bytes:
            raise Misbehaved(f"sent a line of more than {self.limits.line_bytes // _MEGABYTE} MB. {_OTHER}")
        if self.weight > self.limits.json_weight:
            raise Misbehaved(f"sent too long a list: more than {self.limits.json_weight:,} values. {_OTHER}")


class _Body(httpx.AsyncByteStream):
    """The bytes of a reply within its limits."""

    def __init__(self, request: httpx.Request, response: httpx.Response, limits: Limits, clock: _Clock) -> None:
        self._response, self._clock = response, clock
        # Without a length, an empty reply may be one that has broken off.
        has_length = bool({"content-length", "transfer-encoding"}.intersection(response.headers))
        is_known = has_length or response.status_code == HTTPStatus.NO_CONTENT
        self._needs_body = response.is_success and is_known and request.method != "DELETE"
        self._measure = _Measure(limits, response.is_success)
        coding = response.headers.get("content-encoding", "").strip().lower()
        self._is_compressed = coding not in ("", "identity")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = aiter(self._response.stream)  # type: ignore[arg-type]
        unpack = zlib.decompressobj(_GZIP_OR_ZLIB) if self._is_compressed else None
        while (received := await self._clock.wait(anext(pieces, None))) is not None:
            for piece in _unpacked(received, unpack) if unpack else (received,):
                self._measure.add(piece)
                if b"\n" in piece and piece.strip():
                    self._clock.progress()
                yield piece
        if self._needs_body and not self._measure.n_bytes:
            raise Misbehaved(f"sent an empty reply (status {self._response.status_code}). {_CHECK}")

    async def aclose(self) -> None:
        await self._response.aclose()


def _unpacked(received: bytes, unpack: zlib._Decompress) -> Iterator[bytes]:
    """Decompressed in pieces, so that a small input cannot fill the memory."""
    while received:
        try:
            piece = unpack.decompress(received, _PIECE_BYTES)
        except zlib.error as error:
            raise Misbehaved(f"sent a compressed reply that is damaged. {_OTHER}") from error
        if piece:
            yield piece
        received = unpack.unconsumed_tail


def _bounded(request: httpx.Request, response: httpx.Response, limits: Limits, clock: _Clock) -> httpx.Response:
    dropped = (b"content-encoding", b"content-length")
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in dropped]
    body = _Body(request, response, limits, clock)
    return httpx.Response(response.status_code, headers=headers, stream=body, extensions=response.extensions)


def _transport(proxy: Proxy | None, url: httpx.URL) -> httpx.AsyncHTTPTransport:
    """Raises Misbehaved if the proxy cannot be used."""
    if proxy is None:
        return httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False)
    way_on = proxy.advice(url.host)
    try:
        return httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False, proxy=httpx.Proxy(proxy.address))
    except ImportError as error:
        reason = "and SOCKS needs the package socksio, which is not installed (pip install socksio)"
        raise Misbehaved(f"would be reached through {proxy.called}, {reason}. {way_on}") from error
    except (ValueError, httpx.InvalidURL) as error:
        raise Misbehaved(
            f"would be reached through {proxy.called}, which is not the address of a proxy. {way_on}"
        ) from error


def _unreached(proxy: Proxy, url: httpx.URL, error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ProxyError):
        return (
            f"was not reached: {proxy.called} answered in its place ({quote(str(error), 0)}). {proxy.advice(url.host)}"
        )
    return f"was not reached: {proxy.called} does not answer. {proxy.advice(url.host)}"


def _elsewhere(request: httpx.Request, response: httpx.Response) -> str:
    """A sentence if the redirect leads to another server, or would lose the question; empty if it can be followed."""
    try:
        target = request.url.join(response.headers["location"])
    except httpx.InvalidURL:
        return f"redirects to something that is not an address. {_CHECK}"
    if target.host and _origin(target) != _origin(request.url):
        named = quote(f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}", 0)
        return f"redirects to {named}. Nothing was sent there. If that is the server you mean, set its address instead"
    if request.method != "GET" and response.status_code not in _KEEPS_METHOD:
        return f"redirects to {quote(str(target.path), 0)}, and the request would be lost on the way. {_CHECK}"
    return ""


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


@cache
def _tls() -> ssl.SSLContext:
    """The trusted certificates, read once: that takes 30 ms, which would delay each answer."""
    return httpx.create_ssl_context()
