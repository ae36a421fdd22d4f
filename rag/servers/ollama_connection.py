"""Connection to an Ollama server: requests, JSON streams, and a clear error message for every fault."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import OllamaError
from rag.servers import faults
from rag.servers.faults import Exchange

if TYPE_CHECKING:
    import ssl

    import httpx
    import ollama

REQUEST_TIMEOUT = 300.0
_CONNECT_TIMEOUT = 5.0
_KIND = "Ollama server"
_EXAMPLE = "http://127.0.0.1:11434"
_NO_MODEL = re.compile(r"model .*not found", re.IGNORECASE)
_WAY_ON = "Start it with `ollama serve`, choose another host, or the built-in model."


class OllamaConnection:
    """Requests to the server at `host` (a URL, host or host:port); timeouts are in seconds without a byte."""

    def __init__(self, host: str) -> None:
        self.host = host

    @property
    def called(self) -> str:
        """The server's name in a sentence."""
        return f"Ollama at {self.host}"

    def lacks(self, name: str, other_way: str = "choose another model") -> str:
        """The message for a model that is not installed."""
        return f"{self.called} does not have the model '{name}'. Run: ollama pull {name} - or {other_way}."

    @contextmanager
    def asking(self, model: str = "", timeout: float = REQUEST_TIMEOUT) -> Iterator[ollama.Client]:
        """A client for one request; its failures become an OllamaError that says what to do."""
        import ollama

        with (
            self.explained(Exchange(model)),
            ollama.Client(host=self._address(), timeout=_timeouts(timeout), verify=_tls()) as client,
        ):
            yield client

    async def lines(self, path: str, request: Mapping[str, object], timeout: float) -> AsyncGenerator[bytes, None]:
        """The JSON lines of the server's reply; a line with an error is raised.

        The library would also split lines at U+0085, which a model may write inside a text.
        """
        import httpx
        import ollama

        async with (
            ollama.AsyncClient(host=self._address(), timeout=_timeouts(timeout), verify=_tls()) as client,
            client._client.stream("POST", path, json=request) as response,
        ):
            if response.is_error:
                raise ollama.ResponseError((await response.aread()).decode(errors="replace"), response.status_code)
            rest = b""
            async for received in response.aiter_bytes():
                *lines, rest = (rest + received).split(b"\n")
                for line in lines:
                    yield _checked(line)
            if rest and not _is_json(rest):
                raise httpx.RemoteProtocolError("The connection was closed in the middle of a line.")
            if rest:
                yield _checked(rest)

    @contextmanager
    def explained(self, exchange: Exchange) -> Iterator[Exchange]:
        """Turn exceptions of the client into an OllamaError that says what to do."""
        import httpx
        import ollama

        try:
            yield exchange
        except ollama.ResponseError as error:
            raise OllamaError(self._refusal(exchange, error.status_code, str(error.error))) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise OllamaError(faults.no_address(self.host, _EXAMPLE)) from error
        except (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise OllamaError(faults.absent(_KIND, self.host, error, way_on=_WAY_ON)) from error
        except httpx.TimeoutException as error:
            raise OllamaError(faults.too_slow(self.called, exchange)) from error
        except httpx.HTTPError as error:
            raise OllamaError(faults.broke_off(self.called, exchange)) from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise OllamaError(faults.unreadable(_KIND, self.host, self.called, exchange)) from error

    def _address(self) -> str:
        try:
            urlsplit(self.host if "://" in self.host else f"//{self.host}").port  # noqa: B018 - it may be no number
        except ValueError as error:
            raise OllamaError(faults.no_address(self.host, _EXAMPLE)) from error
        return self.host

    def _refusal(self, exchange: Exchange, status: int, words: str) -> str:
        if exchange.pulls:
            return faults.cannot_pull(self.called, exchange.model, status, words)
        if status == HTTPStatus.NOT_FOUND and exchange.model and _NO_MODEL.search(words):
            return self.lacks(exchange.model)
        if status == HTTPStatus.NOT_FOUND:
            return faults.unreadable(_KIND, self.host, self.called, exchange)
        return faults.refused(self.called, exchange, status, words)


@cache
def _tls() -> ssl.SSLContext:
    """The trusted certificates, read once: that takes 30 ms, which would delay each answer."""
    import httpx

    return httpx.create_ssl_context()


def _timeouts(seconds: float) -> httpx.Timeout:
    import httpx

    return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_TIMEOUT))


def _checked(line: bytes) -> bytes:
    """The line, unless it holds an error, which is raised."""
    import ollama

    said = json.loads(line)
    if isinstance(said, dict) and said.get("error"):
        raise ollama.ResponseError(str(said["error"]))
    return line


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
