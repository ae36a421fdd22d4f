"""Generators: stream an answer from Ollama, an OpenAI-compatible server, or the built-in model."""

from __future__ import annotations

import threading
from collections.abc import Generator as Closable
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag import config
from rag.errors import ModelError, OllamaError
from rag.generation.builtin import BuiltinGenerator
from rag.generation.ranking import Candidate, Default, default_of, memory_of
from rag.generation.token_estimate import TokenEstimate, estimate_for
from rag.generation.types import AnsweringOptions, Generator, Prompt, PromptStyle
from rag.servers.ollama import OllamaServer
from rag.servers.openai_compatible import OpenAIServer
from rag.servers.types import Message, Piece, Usage

OLLAMA_PREFIX = "ollama:"
OPENAI_PREFIX = "openai:"
_BASE_MODEL_TOKENS = 96
_BASE_MODEL_ENDINGS = ("\n\n", "\nQuestion:", "\nAnswer:")
"""Where the answer of a base model ends: it would go on with another question."""


def load_generator(name: str, options: AnsweringOptions | None = None) -> Generator:
    """Load the answering model "builtin", "ollama:NAME" or "openai:NAME" with these options.

    Raises:
        ModelError: the name is unknown, the server is unreachable or lacks the model, or the wheel is missing.
        ExplorerError: the saved settings are damaged.
    """
    options = options or AnsweringOptions()
    if name == config.BUILTIN_GENERATOR:
        return BuiltinGenerator.load(options)
    if name.startswith(OLLAMA_PREFIX):
        return OllamaGenerator(OllamaServer(config.ollama_host()), name.removeprefix(OLLAMA_PREFIX), options)
    if name.startswith(OPENAI_PREFIX):
        if url := config.openai_url():
            server = OpenAIServer(url, config.openai_key())
            return OpenAIGenerator(server, name.removeprefix(OPENAI_PREFIX), options)
        raise ModelError(
            f"'{name}' is a model of an OpenAI-compatible server, but no server is set. Set its address "
            "(EXPLORER_OPENAI_URL), or choose another model."
        )
    raise ModelError(f"There is no answering model '{name}'. Use 'builtin', 'ollama:NAME' or 'openai:NAME'.")


def default_generator() -> Default:
    """The model that answers unless another is chosen; see `ranking.default_of`. Asks the servers.

    Raises:
        ExplorerError: the saved settings are damaged.
    """
    host = config.ollama_host()
    others = [Candidate(OPENAI_PREFIX + name) for name in _names_of_openai()]
    return default_of([*_candidates_of_ollama(OllamaServer(host)), *others], memory_of(host))


def _candidates_of_ollama(server: OllamaServer) -> list[Candidate]:
    """Ollama's answering models; none if no server answers."""
    try:
        models = [model for model in server.models() if not model.embeds_only]
        return [
            Candidate(OLLAMA_PREFIX + model.name, model.size, server.details(model.name).has_template)
            for model in models
        ]
    except OllamaError:
        return []


def _names_of_openai() -> list[str]:
    """Models of the OpenAI-compatible server; empty if none is set, or it does not answer."""
    url = config.openai_url()
    try:
        return OpenAIServer(url, config.openai_key()).models() if url else []
    except ModelError:
        return []


class ServedGenerator:
    """Base of all server models: holds the answering options and estimates token counts."""

    def __init__(self, name: str, options: AnsweringOptions, estimate: TokenEstimate) -> None:
        self._name = name
        self._options = options
        self._estimate = estimate

    @property
    def name(self) -> str:
        """The server's kind and the model's name: "ollama:NAME", "openai:NAME"."""
        return self._name

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together, from the options."""
        return self._options.context_window

    @property
    def max_answer_tokens(self) -> int:
        """Token limit of the answer."""
        return self._options.max_answer_tokens

    @property
    def temperature(self) -> float:
        """Sampling temperature; 0 always chooses the most likely token."""
        return self._options.temperature

    @property
    def style(self) -> PromptStyle:
        """ "chat": the server puts the messages into the model's template."""
        return "chat"

    @property
    def counts_exactly(self) -> bool:
        """False: a server reports counts only after an answer."""
        return False

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """A high estimate, which improves with the server's report after each answer."""
        return self._estimate.count(messages)

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        """Stream pieces of the answer, and one Usage last. A complete answer improves the token estimate.

        Raises:
            ModelError: the server is unreachable, refuses, or stops midway; pieces yielded before are valid.
        """
        pieces = self._ask(prompt, stop)
        try:
            for piece in pieces:
                yield self._learned_from(piece, prompt) if isinstance(piece, Usage) else piece
        finally:
            if isinstance(pieces, Closable):
                pieces.close()

    def _ask(self, prompt: Prompt, stop: threading.Event | None) -> Iterator[Piece]:
        raise NotImplementedError

    def _learned_from(self, usage: Usage, prompt: Prompt) -> Usage:
        """Update the estimate; return the usage with `was_cut` judged by the estimate before the update."""
        if not usage.prompt_tokens or usage.ending not in ("finished", "length"):
            return usage
        is_cut = self._estimate.is_cut(prompt.messages, usage.prompt_tokens)
        self._estimate.learn(prompt.messages, usage.prompt_tokens)
        return replace(usage, was_cut=is_cut)


class OllamaGenerator(ServedGenerator):
    """A model of the Ollama server; `num_ctx` is always sent, because the server would cut prompts silently."""

    def __init__(self, server: OllamaServer, model: str, options: AnsweringOptions) -> None:
        self._server = server
        self._model = server.resolve(model).name
        self._details = server.details(self._model)
        estimate = estimate_for(server.host, self._model, lambda: server.answering_vocabulary(self._model))
        super().__init__(OLLAMA_PREFIX + self._model, options, estimate)

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer together: from the options, at most what the model was trained for."""
        return min(self._options.context_window, self._details.context_length or config.DEFAULT_CONTEXT_WINDOW)

    @property
    def max_answer_tokens(self) -> int:
        """Token limit of the answer: from the options, and low for a base model, which would invent questions."""
        limit = self._options.max_answer_tokens
        return limit if self._details.has_template else min(limit, _BASE_MODEL_TOKENS)

    @property
    def style(self) -> PromptStyle:
        """ "plain" for a base model, which has no chat template; else "chat"."""
        return "chat" if self._details.has_template else "plain"

    def _ask(self, prompt: Prompt, stop: threading.Event | None) -> Iterator[Piece]:
        return self._server.chat(
            self._model,
            prompt.messages,
            num_ctx=prompt.context_window,
            num_predict=prompt.max_answer_tokens,
            temperature=self._options.temperature,
            keep_alive=self._options.keep_alive,
            stop_sequences=() if self._details.has_template else _BASE_MODEL_ENDINGS,
            stop=stop,
        )


class OpenAIGenerator(ServedGenerator):
    """A model of an OpenAI-compatible server. Its context window is set by the user, as servers do not report it."""

    def __init__(self, server: OpenAIServer, model: str, options: AnsweringOptions) -> None:
        self._server = server
        self._model = model
        super().__init__(OPENAI_PREFIX + model, options, estimate_for(server.url, model))

    def _ask(self, prompt: Prompt, stop: threading.Event | None) -> Iterator[Piece]:
        return self._server.chat(
            self._model,
            prompt.messages,
            max_tokens=prompt.max_answer_tokens,
            temperature=self._options.temperature,
            stop=stop,
        )
