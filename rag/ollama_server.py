"""The Ollama server: the only home of the ollama library. Every fault becomes a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.chat_types import Ending, Message, Usage
from rag.errors import OllamaError

if TYPE_CHECKING:
    import ollama

_STATUS_TIMEOUT = 2.0
_REQUEST_TIMEOUT = 300.0
_EMBEDDING_FAMILIES = frozenset({"bert", "nomic-bert", "nomic-bert-moe"})


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """An installed model: its name, bytes on disk, parameter count as Ollama words it, and whether it only embeds."""

    name: str
    size: int
    parameters: str
    embeds_only: bool


class OllamaServer:
    """One server. `host` is a URL, host or host:port."""

    def __init__(self, host: str) -> None:
        self.host = host

    def _client(self, timeout: float = _REQUEST_TIMEOUT) -> ollama.Client:
        import ollama

        return ollama.Client(host=self.host, timeout=timeout)

    @contextmanager
    def _explained(self, model: str = "") -> Iterator[None]:
        """Turn what the client raises into an OllamaError that says what to do."""
        import httpx
        import ollama

        try:
            yield
        except ollama.ResponseError as error:
            if error.status_code == 404 and model:
                raise OllamaError(
                    f"Ollama at {self.host} does not have the model '{model}'. Run: ollama pull {model} "
                    "- or choose another model."
                ) from error
            raise OllamaError(f"Ollama at {self.host} refused the request: {error.error}.") from error
        except httpx.TimeoutException as error:
            raise OllamaError(
                f"Ollama at {self.host} did not answer in time. It may be loading the model; try again."
            ) from error
        except (ConnectionError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise OllamaError(
                f"No Ollama server answers at {self.host}. Start it with: ollama serve - "
                "or choose the built-in model. OLLAMA_HOST says where the server is."
            ) from error

    def models(self) -> list[OllamaModel]:
        """The installed models by name. Raises OllamaError where no server answers within two seconds."""
        with self._explained():
            listed = self._client(_STATUS_TIMEOUT).list().models
        models = []
        for model in listed:
            details = model.details
            family = (details.family if details else "") or ""
            parameters = (details.parameter_size if details else "") or ""
            models.append(OllamaModel(model.model or "", model.size or 0, parameters, family in _EMBEDDING_FAMILIES))
        return sorted(models, key=lambda model: model.name)

    def resolve(self, name: str) -> OllamaModel:
        """The installed model `name`, with or without ':latest'. Raises OllamaError where it is not installed."""
        models = self.models()
        for model in models:
            if name in (model.name, model.name.removesuffix(":latest")):
                return model
        there = ", ".join(model.name for model in models) or "none"
        raise OllamaError(
            f"Ollama at {self.host} does not have the model '{name}'. Run: ollama pull {name} - "
            f"or choose an installed one ({there})."
        )

    def digest(self, name: str) -> str:
        """The first 12 characters of the model's digest: its revision."""
        with self._explained(name):
            for model in self._client(_STATUS_TIMEOUT).list().models:
                if name in (model.model, (model.model or "").removesuffix(":latest")):
                    return (model.digest or "")[:12]
        raise OllamaError(f"Ollama at {self.host} does not have the model '{name}'. Run: ollama pull {name}")

    def context_length(self, name: str) -> int | None:
        """Tokens the model was trained to read, or None where the server does not say."""
        with self._explained(name):
            info = self._client().show(name).modelinfo or {}
        lengths = [int(value) for key, value in info.items() if key.endswith(".context_length")]
        return lengths[0] if lengths else None

    def vocabulary(self, name: str) -> list[str] | None:
        """The tokens of a WordPiece model, in GGUF's spelling, or None where the model has another tokenizer."""
        with self._explained(name):
            body = self._client()._client.post("/api/show", json={"model": name, "verbose": True}).json()
        info = body.get("model_info", {}) if isinstance(body, dict) else {}
        tokens = info.get("tokenizer.ggml.tokens")
        return tokens if info.get("tokenizer.ggml.model") == "bert" and isinstance(tokens, list) else None

    def embed(self, name: str, texts: Sequence[str]) -> list[Sequence[float]]:
        """A vector for each text. A text longer than the model reads is refused, never cut."""
        with self._explained(name):
            return list(self._client().embed(model=name, input=list(texts), truncate=False).embeddings)

    def chat(self, name: str, messages: Sequence[Message], *, num_ctx: int, num_predict: int) -> Iterator[str | Usage]:
        """Pieces of the answer, then a Usage; its ending is "broken" where the stream stopped without its last message.

        Closing the iterator closes the connection, and the server stops.
        """
        wire = [{"role": message.role, "content": message.content} for message in messages]
        options = {"num_ctx": num_ctx, "num_predict": num_predict, "temperature": 0.0}
        usage = Usage(None, None, "broken")
        with self._explained(name):
            for part in self._client().chat(model=name, messages=wire, options=options, stream=True):
                if part.message.content:
                    yield part.message.content
                if part.done:
                    ending: Ending = "length" if part.done_reason == "length" else "finished"
                    usage = Usage(part.prompt_eval_count, part.eval_count, ending)
        yield usage
