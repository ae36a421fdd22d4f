"""Token vectors: the contextual vectors of a text's tokens, before the model pools them into one embedding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from rag.errors import ModelError
from rag.types import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn
    from transformers import PreTrainedTokenizerBase

    from rag.types import FloatArray, IntArray

Pooling = Literal["mean", "cls", "last", "other"]
"""Pooling: the mean of the token vectors, the first one ("cls"), the last one, or something else; then normalized."""
NOWHERE = -1
"""Start and end of a token that is not in the text."""
_REMEDY = "Choose another, such as all-MiniLM-L6-v2."
_PLAIN = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The n tokens that the model read for one text, including special tokens and those of its prefix.

    `tokens` are spelled as in the model's vocabulary ("##able" continues the word before it). `spans` int64 (n, 2)
    are characters [start, end) of the text, NOWHERE for tokens outside it. `is_special` bool (n,) marks tokens that
    the model added ("[CLS]"). `vectors` float32 (n, d) are from the last layer.
    """

    tokens: tuple[str, ...]
    spans: IntArray
    is_special: tuple[bool, ...]
    vectors: FloatArray


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An embedding model that provides its token vectors."""

    @property
    def precision(self) -> str:
        """The number format of the model's weights."""

    @property
    def pooling(self) -> Pooling:
        """How the model pools token vectors into the embedding."""

    def token_vectors(self, texts: Sequence[str], *, as_queries: bool = False) -> list[TokenVectors]:
        """The token vectors of each text, with the model's document prefix or query prefix."""


def pooling_of(modules: Iterable[nn.Module], *, has_prefix: bool) -> Pooling:
    """Detect the pooling of a sentence-transformers model from its modules.

    Returns "other" unless nothing but normalization follows, and unless a mean is over all tokens.
    """
    listed = list(modules)
    if [type(module).__name__ for module in listed] not in _PLAIN:
        return "other"
    mode = getattr(listed[1], "pooling_mode", "")
    reads_all = bool(getattr(listed[1], "include_prompt", True)) or not has_prefix
    if mode in ("cls", "lasttoken"):
        return "cls" if mode == "cls" else "last"
    return "mean" if mode == "mean" and reads_all else "other"


def in_float32(module: nn.Module, inputs: object, features: dict[str, Tensor]) -> dict[str, Tensor]:
    """Forward hook: convert the transformer's output to float32, so that the layers after it are precise."""
    import torch

    for name, value in features.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            features[name] = value.float()
    return features


def read_token_vectors(
    output: Mapping[str, Tensor], text: str, prefix: str, tokenizer: PreTrainedTokenizerBase
) -> TokenVectors:
    """The token vectors of one text from the model's output, without padding.

    Args:
        output: "input_ids" and "attention_mask" (padded length,), "token_embeddings" (padded length, d).
        text: the embedded text, without the prefix.

    Raises:
        ModelError: the model returns no token vectors, or reads other tokens than its tokenizer makes.
    """
    import numpy as np

    if not {"token_embeddings", "input_ids", "attention_mask"} <= output.keys():
        raise ModelError(f"This embedding model does not provide token vectors. {_REMEDY}")
    # The same settings as the model's own call: others would change the tokenizer while another thread uses it.
    encoded = tokenizer(
        [prefix + text], padding=True, truncation=True, return_offsets_mapping=True, return_special_tokens_mask=True
    )
    kept = output["attention_mask"].bool()
    ids = output["input_ids"][kept].tolist()
    is_real = np.array(encoded["attention_mask"][0], dtype=np.bool_)
    if np.array(encoded["input_ids"][0])[is_real].tolist() != ids:
        raise ModelError(f"This embedding model reads other tokens than its tokenizer produces. {_REMEDY}")
    offsets = np.array(encoded["offset_mapping"][0], dtype=np.int64)[is_real]
    is_special = np.array(encoded["special_tokens_mask"][0], dtype=np.bool_)[is_real]
    spans = _spans(offsets, is_special, len(prefix), len(prefix) + len(text))
    vectors: FloatArray = output["token_embeddings"][kept].float().detach().cpu().numpy()
    spelled = tuple(str(tokenizer.convert_ids_to_tokens(token)) for token in ids)
    return TokenVectors(spelled, spans, tuple(is_special.tolist()), vectors)


def _spans(offsets: IntArray, is_special: NDArray[np.bool_], start: int, end: int) -> IntArray:
    """Convert offsets into prefix + text to spans of the text; a token that crosses its beginning starts at 0."""
    spans = offsets.clip(start, end) - start
    spans[is_special | (spans[:, 0] == spans[:, 1])] = NOWHERE
    return spans
