"""OpenAI-compatible client: llama.cpp, LM Studio, vLLM and other servers with OpenAI's API."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from rag.errors import OpenAIServerError
from rag.runtime.streams import pump
from rag.servers import faults
from rag.servers.faults import Exchange
from rag.servers.thinking import split_thoughts
from rag.servers.types import Ending, Message, Piece, Thought, Usage

if TYPE_CHECKING:
    import ssl

    import openai
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

_CONNECT_TIMEOUT = 5.0
_STATUS_TIMEOUT = 2.0
_REQUEST_TIMEOUT = 300.0
_EXAMPLE = "http://127.0.0.1:8080/v1"
_WAY_ON = "Start it, choose another address, or the built-in model."
_KIND = "OpenAI-compatible server"
_NO_KEY = "none"
_IN_STREAM = -1
"""Instead of an HTTP status, for an error in the middle of a stream."""
_THOUGHT_FIELDS = ("reasoning_content", "reasoning")


class OpenAIServer:
    """A client for one server. `url` is its base address, with or without /v1; local servers need no key."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        self._key = key

    def models(self) -> list[str]:
        """The names of the server's models, sorted.

        Raises:
            OpenAIServerError: no server answers within two seconds, or it refuses.
        """
        import openai

        with (
            self._explained(Exchange()),
            openai.OpenAI(
                base_url=self._address(), api_key=self._key or _NO_KEY, max_retries=0, timeout=_STATUS_TIMEOUT
            ) as client,
        ):
            return sorted(model.id for model in client.models.list().data)

    def chat(
        self,
        name: str,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        stop: threading.Event | None = None,
    ) -> Iterator[Piece]:
        """Stream the answer of model `name`: pieces of text and thoughts, and one Usage last.

        The Usage ends "stopped" if `stop` was set, and "broken" if the stream ended without a reason. Closing
        the iterator, or setting `stop`, closes the connection at once, and the server stops.

        Raises:
            OpenAIServerError: the server is unreachable, slow, refuses or stops midway; earlier pieces are valid.
        """
        usage = Usage(None, None, "stopped")
        with closing(pump(lambda: self._answer(name, messages, max_tokens, temperature), stop)) as pieces:
            for piece in split_thoughts(pieces):
                if isinstance(piece, Usage):
                    usage = piece
                else:
                    yield piece
        yield usage

    async def _answer(
        self, name: str, messages: Sequence[Message], max_tokens: int, temperature: float
    ) -> AsyncIterator[Piece]:
        import openai

        with self._explained(Exchange(name)) as exchange:
            timeout = openai.Timeout(_REQUEST_TIMEOUT, connect=_CONNECT_TIMEOUT)
            async with (
                openai.AsyncOpenAI(
                    base_url=self._address(),
                    api_key=self._key or _NO_KEY,
                    max_retries=0,
                    timeout=timeout,
                    http_client=openai.DefaultAsyncHttpxClient(verify=_tls()),
                ) as client,
                await client.chat.completions.create(
                    model=name,
                    messages=_as_parameters(messages),
                    max_tokens=max_tokens,
                    temperature=temperature,
                    stream=True,
                    stream_options={"include_usage": True},
                ) as chunks,
            ):
                reported = _Reported()
                async for chunk in chunks:
                    exchange.broke_off = faults.ANSWER_BROKE_OFF
                    for piece in reported.read(chunk):
                        yield piece
        if not exchange.broke_off:
            raise OpenAIServerError(faults.broke_off(self._called, exchange))
        yield Usage(reported.prompt_tokens, reported.answer_tokens, reported.ending)

    def _address(self) -> str:
        """The base address; /v1 is added to an address without a path."""
        url = self.url if "://" in self.url else f"http://{self.url}"
        try:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
                raise ValueError(url)
        except ValueError as error:
            raise OpenAIServerError(faults.no_address(self.url, _EXAMPLE)) from error
        return url if parts.path.strip("/") else f"{url.rstrip('/')}/v1"

    @property
    def _called(self) -> str:
        return f"The server at {self.url}"

    @contextmanager
    def _explained(self, exchange: Exchange) -> Iterator[Exchange]:
        """Turn exceptions of the client into an OpenAIServerError that says what to do."""
        import httpx2
        import openai

        try:
            yield exchange
        except openai.APIStatusError as error:
            raise OpenAIServerError(self._refusal(exchange, error.status_code, _words(error))) from error
        except openai.APITimeoutError as error:
            raise OpenAIServerError(faults.too_slow(self._called, exchange)) from error
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, httpx2.ConnectError):
                raise OpenAIServerError(faults.absent(_KIND, self.url, error, way_on=_WAY_ON)) from error
            raise OpenAIServerError(faults.broke_off(self._called, exchange)) from error
        except openai.APIError as error:
            raise OpenAIServerError(faults.refused(self._called, exchange, _IN_STREAM, _words(error))) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise OpenAIServerError(faults.unreadable(_KIND, self.url, self._called, exchange)) from error

    def _refusal(self, exchange: Exchange, status: int, words: str) -> str:
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            said = faults.quote(words, status)
            return f"{self._called} does not accept the key: {said}. Set the key that the server was started with."
        if status == HTTPStatus.NOT_FOUND and "model" in words:
            return f"{self._called} does not have the model '{exchange.model}'. Choose one of its models."
        return faults.refused(self._called, exchange, status, words)


@dataclass(slots=True)
class _Reported:
    """Usage and end reason, collected from the stream's chunks."""

    ending: Ending = "broken"
    prompt_tokens: int | None = None
    answer_tokens: int | None = None

    def read(self, chunk: ChatCompletionChunk) -> Iterator[Piece]:
        if chunk.usage:
            self.prompt_tokens, self.answer_tokens = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        for choice in chunk.choices:
            for field in _THOUGHT_FIELDS:
                if thought := (choice.delta.model_extra or {}).get(field):
                    yield Thought(str(thought))
                    break
            if choice.delta.content:
                yield choice.delta.content
            if choice.finish_reason:
                self.ending = "length" if choice.finish_reason == "length" else "finished"


@cache
def _tls() -> ssl.SSLContext:
    """The trusted certificates, read once: that takes 30 ms, which would delay each answer."""
    import httpx2

    return httpx2.create_ssl_context()


def _as_parameters(messages: Sequence[Message]) -> list[ChatCompletionMessageParam]:
    wire = [{"role": message.role, "content": message.content} for message in messages]
    return cast("list[ChatCompletionMessageParam]", wire)


def _words(error: openai.APIError) -> str:
    """The server's message, without the text that the library adds."""
    if isinstance(error.body, dict):
        return str(error.body.get("message") or error.body.get("detail") or error.body)
    return str(error.body or error.message)
