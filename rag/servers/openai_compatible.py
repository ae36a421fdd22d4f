"""OpenAI-compatible client: llama.cpp, LM Studio, vLLM and other servers with OpenAI's API."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
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
    import httpx2
    import openai
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

    from rag.servers.guarded_http import Limits

_STATUS_TIMEOUT = 2.0
_REQUEST_TIMEOUT = 300.0
_EXAMPLE = "http://127.0.0.1:8080/v1"
_WAY_ON = "Start it, choose another address, or the built-in model."
_KIND = "OpenAI-compatible server"
_NO_KEY = "none"
_IN_STREAM = -1
"""Instead of an HTTP status, for an error in the middle of a stream."""
_LONGEST_CONTEXT = 1 << 31
_REVISION_LENGTH = 12
_THOUGHT_FIELDS = ("reasoning_content", "reasoning")


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of a server: its name; tokens that it reads, None if that is not reported; its revision, or empty."""

    name: str
    context_length: int | None
    revision: str = ""


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
        return sorted({model.name for model in self.described()})

    def described(self) -> list[ServedModel]:
        """The server's models with what it says of them. Errors as in `models`."""
        with self.explained(Exchange(), _STATUS_TIMEOUT), closing(pump(self._described)) as described:
            return next(described)

    async def _described(self) -> AsyncIterator[list[ServedModel]]:
        import openai

        from rag.servers.guarded_http import whole

        async with self.client(whole(_STATUS_TIMEOUT)) as client:
            try:
                listed = (await client.models.list()).data
            except openai.NotFoundError:
                # Text Embeddings Inference has one model, and describes it elsewhere.
                address = urlsplit(self._address())
                info = await client.get(f"{address.scheme}://{address.netloc}/info", cast_to=object)
                models = [_described_by_tei(info)]
            else:
                models = [
                    ServedModel(_readable(model.id), _context_length(model.model_extra or {})) for model in listed
                ]
        yield models

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
            for piece in split_thoughts(pieces, name):
                if isinstance(piece, Usage):
                    usage = piece
                else:
                    yield piece
        yield usage

    async def _answer(
        self, name: str, messages: Sequence[Message], max_tokens: int, temperature: float
    ) -> AsyncIterator[Piece]:
        from rag.servers.guarded_http import streamed

        with self.explained(Exchange(name)) as exchange:
            async with (
                self.client(streamed(_REQUEST_TIMEOUT)) as client,
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
                has_events = "event-stream" in chunks.response.headers.get("content-type", "")
        if not exchange.broke_off and not has_events:
            raise OpenAIServerError(faults.unreadable(_KIND, self.url, self.called, exchange))
        if not exchange.broke_off:
            raise OpenAIServerError(faults.broke_off(self.called, exchange))
        yield Usage(reported.prompt_tokens, reported.answer_tokens, reported.ending)

    @asynccontextmanager
    async def client(self, limits: Limits, *, retries: int = 0) -> AsyncIterator[openai.AsyncOpenAI]:
        """OpenAI's client for this server, within limits; use it within `explained`.

        Args:
            retries: how often a request is sent again if the server is busy or fails (status 429, from 500),
                is too slow or closes the connection: after 0.5 seconds, then after longer pauses of at most 8, or when
                the server says (Retry-After).
        """
        import httpx
        import openai

        from rag.servers.guarded_http import client_options

        options = client_options(limits)
        # The library takes clients of httpx as well as of httpx2; only its type hints name one of them.
        http_client = cast("httpx2.AsyncClient", httpx.AsyncClient(**options))
        async with openai.AsyncOpenAI(
            base_url=self._address(), api_key=self._key or _NO_KEY, max_retries=retries, http_client=http_client,
            timeout=openai.Timeout(limits.idle_seconds, connect=limits.connect_seconds),
        ) as client:  # fmt: skip
            yield client

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
    def called(self) -> str:
        """The server's name in a sentence."""
        return f"The server at {self.url}"

    @contextmanager
    def explained(self, exchange: Exchange, seconds: float = _REQUEST_TIMEOUT) -> Iterator[Exchange]:
        """Turn exceptions of the client into an OpenAIServerError that says what to do; `seconds` is the limit."""
        import httpx
        import openai

        from rag.servers.guarded_http import misbehaviour

        try:
            yield exchange
        except openai.APIStatusError as error:
            raise OpenAIServerError(self._refusal(exchange, error.status_code, _words(error))) from error
        except (openai.APIConnectionError, httpx.HTTPError, RecursionError) as error:
            is_late = isinstance(error, (openai.APITimeoutError, httpx.TimeoutException))
            if isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout)):
                raise OpenAIServerError(faults.absent(_KIND, self.url, error, way_on=_WAY_ON)) from error
            if is_late and seconds <= _STATUS_TIMEOUT:
                raise OpenAIServerError(faults.no_answer(self.called, seconds, way_on=_WAY_ON)) from error
            if is_late:
                raise OpenAIServerError(faults.too_slow(self.called, exchange)) from error
            if reason := misbehaviour(error):
                raise OpenAIServerError(faults.misbehaved(self.called, exchange, reason)) from error
            raise OpenAIServerError(faults.broke_off(self.called, exchange)) from error
        except openai.APIError as error:
            raise OpenAIServerError(faults.refused(self.called, exchange, _IN_STREAM, _words(error))) from error
        except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
            raise OpenAIServerError(faults.unreadable(_KIND, self.url, self.called, exchange)) from error

    def _refusal(self, exchange: Exchange, status: int, words: str) -> str:
        words = words.replace(self._key, "***") if self._key else words
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            said = faults.quote(words, status)
            return f"{self.called} does not accept the key: {said}. Set the key that the server was started with."
        if status == HTTPStatus.NOT_FOUND and not exchange.model:
            return faults.unreadable(_KIND, self.url, self.called, exchange)
        if status == HTTPStatus.NOT_FOUND and "model" in words:
            return f"{self.called} does not have the model '{exchange.model}'. Choose one of its models."
        return faults.refused(self.called, exchange, status, words)


@dataclass(slots=True)
class _Reported:
    """Usage and end reason, collected from the stream's chunks."""

    ending: Ending = "broken"
    prompt_tokens: int | None = None
    answer_tokens: int | None = None

    def read(self, chunk: ChatCompletionChunk) -> Iterator[Piece]:
        if chunk.usage:
            self.prompt_tokens, self.answer_tokens = map(
                _count, (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            )
        for choice in chunk.choices:
            for field in _THOUGHT_FIELDS:
                if thought := (choice.delta.model_extra or {}).get(field):
                    yield Thought(_readable(str(thought)))
                    break
            if choice.delta.content:
                yield _readable(choice.delta.content)
            if choice.finish_reason:
                self.ending = "length" if choice.finish_reason == "length" else "finished"


def _context_length(described: Mapping[str, object]) -> int | None:
    """Tokens that a model reads, by vLLM's name for it, or by that of llama.cpp."""
    meta = described.get("meta")
    return _length(described.get("max_model_len")) or _length(meta.get("n_ctx_train") if isinstance(meta, dict) else 0)


def _described_by_tei(info: object) -> ServedModel:
    """The model of Text Embeddings Inference from its reply to /info. Raises ValueError if it is another program's."""
    if not isinstance(info, dict) or not isinstance(info.get("model_id"), str):
        raise ValueError("no model is described")
    revision = info.get("model_sha")
    shortened = revision[:_REVISION_LENGTH] if isinstance(revision, str) else ""
    return ServedModel(_readable(info["model_id"]), _length(info.get("max_input_length")), shortened)


def _length(value: object) -> int | None:
    return value if isinstance(value, int) and 0 < value < _LONGEST_CONTEXT else None


def _as_parameters(messages: Sequence[Message]) -> list[ChatCompletionMessageParam]:
    wire = [{"role": message.role, "content": message.content} for message in messages]
    return cast("list[ChatCompletionMessageParam]", wire)


def _count(value: object) -> int | None:
    """The library does not check what a server reports."""
    return value if isinstance(value, int) and value >= 0 else None


def _readable(text: str) -> str:
    """The text with a mark for each half of a character, which could not be stored or shown. Raises AttributeError."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _words(error: openai.APIError) -> str:
    """The server's message, without the text that the library adds."""
    if isinstance(error.body, dict):
        return str(error.body.get("message") or error.body.get("detail") or error.body)
    import openai

    return str(error.body or ("" if isinstance(error, openai.APIStatusError) else error.message))
