"""Ollama client: list, download and delete models, stream answers, and embed texts."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.access.person import require_editor
from rag.errors import OllamaError
from rag.runtime.streams import pump
from rag.servers import faults
from rag.servers.faults import Exchange
from rag.servers.ollama_connection import REQUEST_TIMEOUT, STATUS_TIMEOUT, OllamaConnection
from rag.servers.pull_progress import Layers, PullProgress
from rag.servers.thinking import split_thoughts
from rag.servers.types import Ending, Message, Piece, Thought, Usage
from rag.servers.vocabulary import Vocabulary

if TYPE_CHECKING:
    import ollama

_DESCRIBING_TIMEOUT = 10.0
"""Seconds to describe a model: the server may have to read its file first."""
_PULL_TIMEOUT = 1800.0
_LONGEST_PULL = 7 * 24 * 3600.0
_PULL_MEGABYTES = 1024
_VOCABULARY_MEGABYTES = 16
_EMBEDDING_MEGABYTES = 16
_LONGEST_CONTEXT = 1 << 31
_EMBEDDING_FAMILIES = frozenset({"bert", "nomic-bert", "nomic-bert-moe"})
_NANOSECONDS = 1e9
_BARE_TEMPLATES = frozenset({"", "{{ .Prompt }}", "{{.Prompt}}"})


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """An installed model: its name, bytes on disk, parameter count in Ollama's words, and whether it only embeds."""

    name: str
    size: int
    parameters: str
    embeds_only: bool


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """The server's description of a model.

    `context_length` is in tokens, None if not reported. A model without a template (`has_template` is False) is a
    base model: it continues the prompt's text instead of answering. `quantization` and `parameters` are
    Ollama's words ("Q4_K_M", "268.10M").
    """

    context_length: int | None
    has_template: bool
    can_think: bool
    quantization: str
    parameters: str


class OllamaServer:
    """A client for one server. `host` is a URL, host or host:port."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._connection = OllamaConnection(host)

    def version(self) -> str:
        """The server's version. Raises OllamaError if no server answers within two seconds."""
        with self._connection.explained(Exchange(), STATUS_TIMEOUT):
            return str(json.loads(self._connection.reply("/api/version", seconds=STATUS_TIMEOUT))["version"])

    def models(self) -> list[OllamaModel]:
        """The installed models, sorted by name. Raises OllamaError if no server answers within two seconds."""
        models = []
        for model in self._listed():
            details = model.details
            family = (details.family if details else "") or ""
            parameters = (details.parameter_size if details else "") or ""
            models.append(OllamaModel(model.model or "", model.size or 0, parameters, family in _EMBEDDING_FAMILIES))
        return sorted(models, key=lambda model: model.name)

    def loaded(self) -> frozenset[str]:
        """Names of the models in memory now. Raises OllamaError if no server answers within two seconds."""
        from rag.servers.ollama_library import ollama

        with self._connection.explained(Exchange(), STATUS_TIMEOUT):
            reply = self._connection.reply("/api/ps", seconds=STATUS_TIMEOUT)
            return frozenset(model.model or "" for model in ollama.ProcessResponse.model_validate_json(reply).models)

    def resolve(self, name: str) -> OllamaModel:
        """The installed model `name`, with or without ':latest'. Raises OllamaError if it is not installed."""
        models = self.models()
        for model in models:
            if name in (model.name, model.name.removesuffix(":latest")):
                return model
        there = ", ".join(model.name for model in models) or "none"
        raise OllamaError(self._connection.lacks(name, f"choose an installed one ({there})"))

    def digest(self, name: str) -> str:
        """The first 12 characters of the model's digest: its revision. Raises OllamaError if it is not installed."""
        for model in self._listed():
            if name in (model.model, (model.model or "").removesuffix(":latest")):
                return (model.digest or "")[:12]
        raise OllamaError(self._connection.lacks(name))

    def _listed(self) -> Sequence[ollama.ListResponse.Model]:
        from rag.servers.ollama_library import ollama

        with self._connection.explained(Exchange(), STATUS_TIMEOUT):
            reply = self._connection.reply("/api/tags", seconds=STATUS_TIMEOUT)
            return ollama.ListResponse.model_validate_json(reply).models

    def details(self, name: str) -> ModelDetails:
        """Describe a model. This is one request to the server: cache the result.

        Raises:
            OllamaError: the server is unreachable or does not have the model.
        """
        from rag.servers.ollama_library import ollama

        with self._connection.explained(Exchange(name), _DESCRIBING_TIMEOUT):
            reply = self._connection.reply("/api/show", {"model": name}, seconds=_DESCRIBING_TIMEOUT)
            shown = ollama.ShowResponse.model_validate_json(reply)
            lengths = [int(value) for key, value in (shown.modelinfo or {}).items() if key.endswith(".context_length")]
        return ModelDetails(
            context_length=next((length for length in lengths if 0 < length < _LONGEST_CONTEXT), None),
            has_template=_has_template(shown.template or "", shown.modelfile or ""),
            can_think="thinking" in (shown.capabilities or []),
            quantization=(shown.details.quantization_level if shown.details else "") or "",
            parameters=(shown.details.parameter_size if shown.details else "") or "",
        )

    def context_length(self, name: str) -> int | None:
        """Number of tokens the model was trained to read; None if the server does not report it.

        Raises:
            OllamaError: the server is unreachable or does not have the model.
        """
        return self.details(name).context_length

    def vocabulary(self, name: str) -> list[str] | None:
        """The tokens of a WordPiece model, in GGUF's spelling, or None if the model has another tokenizer.

        Raises:
            OllamaError: the server is unreachable or does not have the model.
        """
        info = self._model_info(name)
        tokens = info.get("tokenizer.ggml.tokens")
        return tokens if info.get("tokenizer.ggml.model") == "bert" and isinstance(tokens, list) else None

    def answering_vocabulary(self, name: str) -> Vocabulary | None:
        """The vocabulary of an answering model; None if the server does not report it, or it is of another kind.

        Raises:
            OllamaError: the server is unreachable or does not have the model.
        """
        info = self._model_info(name)
        tokens, spelling = info.get("tokenizer.ggml.tokens"), info.get("tokenizer.ggml.model")
        if not tokens or not isinstance(tokens, list) or spelling not in ("llama", "gpt2"):
            return None
        return Vocabulary(tokens, spelling, str(info.get("tokenizer.ggml.pre", "")))

    def _model_info(self, name: str) -> Mapping[str, object]:
        """The metadata of the model's file, including its tokens: a few megabytes."""
        request = {"model": name, "verbose": True}
        with self._connection.explained(Exchange(name)):
            info = json.loads(self._connection.reply("/api/show", request, megabytes=_VOCABULARY_MEGABYTES))[
                "model_info"
            ]
            return {str(key): value for key, value in (info or {}).items()}

    def embed(self, name: str, texts: Sequence[str]) -> list[Sequence[float]]:
        """One vector for each text, in order, all of the model's dimension.

        Raises:
            OllamaError: the server is unreachable, lacks the model, or refuses a text that is longer than the model
                reads (it is never cut); or its vectors are not as many as the texts, of one dimension, and finite.
        """
        from rag.servers.ollama_library import ollama

        request = {"model": name, "input": list(texts), "truncate": False}
        with self._connection.explained(Exchange(name)):
            reply = self._connection.reply("/api/embed", request, megabytes=_EMBEDDING_MEGABYTES)
            vectors = list(ollama.EmbedResponse.model_validate_json(reply).embeddings)
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1:
            what = f"{len(vectors):,} vectors for {len(texts):,} texts, or of several lengths"
            raise OllamaError(f"{self._connection.called} sent {what}. Choose another embedding model.")
        if not all(vector and all(map(math.isfinite, vector)) for vector in vectors):
            what = "vectors that are empty or not of finite numbers"
            raise OllamaError(f"{self._connection.called} sent {what}. Choose another embedding model.")
        return vectors

    def chat(
        self,
        name: str,
        messages: Sequence[Message],
        *,
        num_ctx: int,
        num_predict: int,
        temperature: float = 0.0,
        keep_alive: str = "5m",
        stop_sequences: Sequence[str] = (),
        stop: threading.Event | None = None,
    ) -> Iterator[Piece]:
        """Stream the answer: pieces of text and thoughts, and one Usage last.

        `num_ctx` is the context window, prompt and answer together; `num_predict` the answer's token limit;
        `keep_alive` a time like "5m", or seconds; at one of the `stop_sequences` the answer ends. The Usage ends
        "stopped" if `stop` was set, and "broken" if the stream ended without its last message. Closing the iterator,
        or setting `stop`, closes the connection at once, and the server stops.

        Raises:
            OllamaError: the server is unreachable, slow, refuses or stops midway; pieces yielded before are valid.
        """
        options = {"num_ctx": num_ctx, "num_predict": num_predict, "temperature": temperature}
        request = {
            "model": name,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "options": options | ({"stop": list(stop_sequences)} if stop_sequences else {}),
            "keep_alive": _keep_alive(keep_alive),
            "stream": True,
        }
        usage = Usage(None, None, "stopped")
        with closing(pump(lambda: self._answer(name, request), stop)) as pieces:
            for piece in split_thoughts(pieces, name):
                if isinstance(piece, Usage):
                    usage = piece
                else:
                    yield piece
        yield usage

    async def _answer(self, name: str, request: Mapping[str, object]) -> AsyncIterator[Piece]:
        from rag.servers.guarded_http import streamed
        from rag.servers.ollama_library import ollama

        usage = Usage(None, None, "broken")
        with self._connection.explained(Exchange(name)) as exchange:
            async with aclosing(self._connection.lines("/api/chat", request, streamed(REQUEST_TIMEOUT))) as lines:
                async for line in lines:
                    part = ollama.ChatResponse.model_validate_json(line)
                    exchange.broke_off = faults.ANSWER_BROKE_OFF
                    if part.message.thinking:
                        yield Thought(part.message.thinking)
                    if part.message.content:
                        yield part.message.content
                    if part.done:
                        usage = _usage(part)
                        break
        if not exchange.broke_off:
            raise OllamaError(faults.broke_off(self._connection.called, exchange))
        yield usage

    def pull(self, name: str, stop: threading.Event | None = None) -> Iterator[PullProgress]:
        """Download a model from Ollama's library, and report the progress.

        Closing the iterator, or setting `stop`, cancels the download at once; the server keeps the part so far and
        continues from there next time.

        Raises:
            OllamaError: there is no such model, the server cannot reach the library, or it stops midway.
        """
        require_editor()
        return pump(lambda: self._pulled(name), stop)

    async def _pulled(self, name: str) -> AsyncIterator[PullProgress]:
        from rag.servers.guarded_http import streamed
        from rag.servers.ollama_library import ollama

        layers, limits = Layers(), streamed(_PULL_TIMEOUT, seconds=_LONGEST_PULL, megabytes=_PULL_MEGABYTES)
        request = {"model": name, "stream": True}
        with self._connection.explained(Exchange(name, pulls=True)) as exchange:
            async with aclosing(self._connection.lines("/api/pull", request, limits)) as lines:
                async for line in lines:
                    said = ollama.ProgressResponse.model_validate_json(line)
                    exchange.broke_off = faults.PULL_BROKE_OFF
                    yield layers.add(said.status or "", said.digest or "", said.completed or 0, said.total or 0)
        if not layers.all_there:
            raise OllamaError(faults.broke_off(self._connection.called, exchange))

    def delete(self, name: str) -> None:
        """Remove an installed model from the server's disk. Raises OllamaError if it is not installed."""
        require_editor()
        with self._connection.explained(Exchange(name)):
            self._connection.reply("/api/delete", {"model": name}, method="DELETE")


def _keep_alive(value: str) -> str | int:
    """The time to keep a model; plain seconds become a number, because the server refuses text without a unit."""
    try:
        return int(value)
    except ValueError:
        return value


def _has_template(template: str, modelfile: str) -> bool:
    """Whether the server renders chats for the model; newer ones do it in code if its file names a RENDERER."""
    return template.strip() not in _BARE_TEMPLATES or "\nRENDERER " in modelfile


def _usage(part: ollama.ChatResponse) -> Usage:
    ending: Ending = "length" if part.done_reason == "length" else "finished"
    return Usage(
        part.prompt_eval_count,
        part.eval_count,
        ending,
        load_seconds=_seconds(part.load_duration),
        prompt_seconds=_seconds(part.prompt_eval_duration),
        answer_seconds=_seconds(part.eval_duration),
    )


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / _NANOSECONDS
