"""Connection to an Ollama server: requests, JSON streams, and a clear error message for every fault."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import OllamaAbsent, OllamaError
from rag.runtime.streams import pump
from rag.servers import faults
from rag.servers.faults import Exchange

if TYPE_CHECKING:
    import ollama

    from rag.servers.guarded_http import Limits

REQUEST_TIMEOUT = 300.0
STATUS_TIMEOUT = 2.0
"""Seconds for a question about the server's state, from the first byte to the last."""
_KIND = "Ollama server"
_EXAMPLE = "http://127.0.0.1:11434"
_DEFAULT = "127.0.0.1:11434"
_NO_MODEL = re.compile(r"model .*not found", re.IGNORECASE)
_WAY_ON = "Start it with 'ollama serve', choose another host, or the built-in model."


class OllamaConnection:
    """Requests to the server at `host` (a URL, host or host:port)."""

    def __init__(self, host: str) -> None:
        self.host = host

    @property
    def called(self) -> str:
        """The server's name in a sentence."""
        return f"Ollama at {self.host}"

    def lacks(self, name: str, other_way: str = "choose another model") -> str:
        """The message for a model that is not installed."""
        return f"{self.called} does not have the model '{name}'. Run: ollama pull {name} - or {other_way}."

    def reply(
        self,
        path: str,
        request: Mapping[str, object] | None = None,
        *,
        method: str = "",
        seconds: float = REQUEST_TIMEOUT,
        megabytes: int = 4,
    ) -> bytes:
        """The body of the server's reply to one request, which must be complete in time; use it within `explained`.

        Args:
            request: sent as JSON by POST; without it, GET.
            megabytes: the largest body that is read.
        """
        used = method or ("GET" if request is None else "POST")
        with closing(pump(lambda: self._replied(used, path, request, seconds, megabytes))) as replies:
            return next(replies)

    async def _replied(
        self, method: str, path: str, request: Mapping[str, object] | None, seconds: float, megabytes: int
    ) -> AsyncIterator[bytes]:
        from rag.servers.guarded_http import whole
        from rag.servers.ollama_library import ollama

        async with self._client(whole(seconds, megabytes=megabytes)) as client:
            response = await client._client.request(method, path, json=request)
            if not response.is_success:
                raise ollama.ResponseError(response.text, response.status_code)
        yield response.content

    async def lines(self, path: str, request: Mapping[str, object], limits: Limits) -> AsyncGenerator[bytes, None]:
        """The JSON lines of the server's reply, without empty ones; a line with an error is raised.

        The library would also split lines at U+0085, which a model may write inside a text.
        """
        import httpx

        from rag.servers.ollama_library import ollama

        async with self._client(limits) as client, client._client.stream("POST", path, json=request) as response:
            if not response.is_success:
                raise ollama.ResponseError((await response.aread()).decode(errors="replace"), response.status_code)
            rest = bytearray()
            async for received in response.aiter_bytes():
                rest += received
                if b"\n" in received:
                    *lines, rest = rest.split(b"\n")
                    for line in lines:
                        if line.strip():
                            yield _checked(line)
            if rest.lstrip().startswith(b"{") and not _is_json(rest):
                raise httpx.RemoteProtocolError("The connection was closed in the middle of a line.")
            if rest.strip():
                yield _checked(rest)

    @asynccontextmanager
    async def _client(self, limits: Limits) -> AsyncIterator[ollama.AsyncClient]:
        from rag.servers.guarded_http import client_options
        from rag.servers.ollama_library import ollama

        async with ollama.AsyncClient(host=self._address(), **client_options(limits)) as client:
            if not self._may_have_key():
                client._client.headers.pop("Authorization", None)
            yield client

    @contextmanager
    def explained(self, exchange: Exchange, seconds: float = REQUEST_TIMEOUT) -> Iterator[Exchange]:
        """Turn exceptions of the client into an OllamaError that says what to do; `seconds` is the request's limit."""
        import httpx

        from rag.servers.guarded_http import misbehaviour
        from rag.servers.ollama_library import ollama

        try:
            yield exchange
        except ollama.ResponseError as error:
            raise OllamaError(self._refusal(exchange, error.status_code, str(error.error))) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise OllamaError(faults.no_address(self.host, _EXAMPLE)) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise OllamaAbsent(faults.absent(_KIND, self.host, error, way_on=_WAY_ON)) from error
        except httpx.TimeoutException as error:
            if seconds <= STATUS_TIMEOUT:
                raise OllamaAbsent(faults.no_answer(self.called, seconds, way_on=_WAY_ON)) from error
            raise OllamaError(faults.too_slow(self.called, exchange)) from error
        except (httpx.HTTPError, RecursionError) as error:
            if reason := misbehaviour(error):
                raise OllamaError(faults.misbehaved(self.called, exchange, reason)) from error
            raise OllamaError(faults.broke_off(self.called, exchange)) from error
        except (ValueError, TypeError, AttributeError, KeyError, ArithmeticError) as error:
            raise OllamaError(faults.unreadable(_KIND, self.host, self.called, exchange)) from error

    def _address(self) -> str:
        try:
            urlsplit(self.host if "://" in self.host else f"//{self.host}").port  # noqa: B018 - it may be no number
        except ValueError as error:
            raise OllamaError(faults.no_address(self.host, _EXAMPLE)) from error
        return self.host

    def _may_have_key(self) -> bool:
        """Whether OLLAMA_API_KEY, which the library sends, was given for this host: the one of OLLAMA_HOST."""
        return _plain(self.host) == _plain(os.environ.get("OLLAMA_HOST") or _DEFAULT)

    def _refusal(self, exchange: Exchange, status: int, words: str) -> str:
        if exchange.pulls:
            return faults.cannot_pull(self.called, exchange.model, status, words)
        if status == HTTPStatus.NOT_FOUND and exchange.model and _NO_MODEL.search(words):
            return self.lacks(exchange.model)
        if status == HTTPStatus.NOT_FOUND:
            return faults.unreadable(_KIND, self.host, self.called, exchange)
        return faults.refused(self.called, exchange, status, words)


def _plain(host: str) -> str:
    return host.strip().lower().removeprefix("http://").rstrip("/")


def _checked(line: bytes | bytearray) -> bytes:
    """The line, unless it holds an error, which is raised."""
    from rag.servers.ollama_library import ollama

    said = json.loads(line)
    if isinstance(said, dict) and said.get("error"):
        raise ollama.ResponseError(str(said["error"]))
    return bytes(line)


def _is_json(line: bytes | bytearray) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
