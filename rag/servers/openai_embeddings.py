"""Embeddings of an OpenAI-compatible server: batches sent several at a time, retried, and checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from rag.errors import OpenAIServerError
from rag.runtime.streams import pump
from rag.servers.faults import Exchange
from rag.servers.openai_compatible import OpenAIServer, ServedModel

if TYPE_CHECKING:
    import openai

    from rag.types import FloatArray

AT_ONCE = 4
"""Requests that are on their way at the same time: servers join them into larger batches."""
RETRIES = 4
_TIMEOUT = 120.0
"""Seconds for the whole reply to one batch; the server may have to load the model first."""
_MEGABYTES = 16
_CHOOSE = "Choose another embedding model."


@dataclass(frozen=True, slots=True)
class EmbeddedBatch:
    """The reply to one batch: its number, unit vectors float32 (n, dimension), and the tokens that the server counted.

    `tokens` are of all texts together, with special tokens where the server counts them; None if it reports none.
    """

    number: int
    vectors: FloatArray
    tokens: int | None


class OpenAIEmbeddings:
    """The embeddings of one model of a server."""

    def __init__(self, server: OpenAIServer, name: str) -> None:
        self._server = server
        self._name = name

    def describe(self) -> ServedModel:
        """What the server says of the model.

        Raises:
            OpenAIServerError: no server answers within two seconds, it refuses, or it does not list the model.
        """
        models = self._server.described()
        for model in models:
            if model.name == self._name:
                return model
        there = ", ".join(sorted(model.name for model in models)) or "it has none"
        raise OpenAIServerError(
            f"{self._server.called} does not have the model '{self._name}'. Choose one of its models: {there}."
        )

    def embed(self, batches: Sequence[Sequence[str]], *, retries: int = RETRIES) -> Iterator[EmbeddedBatch]:
        """The vectors of each batch, in the order in which the server answers.

        Raises:
            OpenAIServerError: the server is unreachable, lacks the model, refuses a text, or still fails after the
                retries; or its vectors are not as many as the texts, of one length, and of finite numbers.
        """
        with closing(pump(lambda: self._embedded(batches, retries))) as replies:
            yield from replies

    async def _embedded(self, batches: Sequence[Sequence[str]], retries: int) -> AsyncIterator[EmbeddedBatch]:
        from rag.servers.guarded_http import whole

        slots = asyncio.Semaphore(AT_ONCE)
        limits = whole(_TIMEOUT, megabytes=_MEGABYTES)
        with self._server.explained(Exchange(self._name), _TIMEOUT):
            async with self._server.client(limits, retries=retries) as client:

                async def answer(number: int, texts: Sequence[str]) -> EmbeddedBatch:
                    async with slots:
                        vectors, tokens = await self._request(client, texts)
                    return EmbeddedBatch(number, vectors, tokens)

                tasks = [asyncio.create_task(answer(number, texts)) for number, texts in enumerate(batches)]
                try:
                    for done in asyncio.as_completed(tasks):
                        yield await done
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _request(self, client: openai.AsyncOpenAI, texts: Sequence[str]) -> tuple[FloatArray, int | None]:
        """One request; if the server finds it too large, one for each half."""
        import numpy as np
        import openai

        try:
            reply = await client.embeddings.create(model=self._name, input=list(texts), encoding_format="float")
        except openai.APIStatusError as error:
            if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or len(texts) == 1:
                raise
            middle = len(texts) // 2
            halves = [await self._request(client, half) for half in (texts[:middle], texts[middle:])]
            counts = [tokens for _, tokens in halves if tokens is not None]
            return np.concatenate([vectors for vectors, _ in halves]), sum(counts) if len(counts) == 2 else None
        rows = {entry.index: entry.embedding for entry in reply.data}
        tokens = reply.usage.prompt_tokens if reply.usage else None
        return self._unit_vectors(rows, len(texts)), tokens if isinstance(tokens, int) and tokens > 0 else None

    def _unit_vectors(self, rows: Mapping[int, list[float]], n_texts: int) -> FloatArray:
        """The vectors in the order of the texts, of length 1. Raises OpenAIServerError, TypeError, ValueError."""
        import numpy as np

        if set(rows) != set(range(n_texts)) or len({len(row) for row in rows.values()}) != 1:
            said = f"{len(rows):,} vectors for {n_texts:,} texts, or of several lengths"
            raise OpenAIServerError(f"{self._server.called} sent {said}. {_CHOOSE}")
        vectors = np.array([rows[place] for place in range(n_texts)], dtype=np.float64)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            said = "vectors that are empty, zero or not of finite numbers"
            raise OpenAIServerError(f"{self._server.called} sent {said}. {_CHOOSE}")
        return np.asarray(vectors / norms, dtype=np.float32)
