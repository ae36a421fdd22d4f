"""What an embedding model makes before it pools: one vector for each token of a text."""

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

Pooling = Literal["mean", "cls", "other"]
"""How an embedding comes from the token vectors: their mean, the first one, or something else; then normalised."""
NOWHERE = -1
"""The start and the end of a token that is not in the text."""
_REMEDY = "Choose another, such as all-MiniLM-L6-v2."
_PLAIN = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The n tokens that the model read of one text, special tokens and those of its prefix among them.

    `tokens` are spelled as the model's vocabulary spells them ("##able" goes on with the word before); `spans` int64
    (n, 2) are characters [start, end) of the text, NOWHERE for tokens that are not of it; `is_special` bool for each
    token says whether the model added it ("[CLS]"); `vectors` float32 (n, d) are the last layer's.
    """

    tokens: tuple[str, ...]
    spans: IntArray
    is_special: tuple[bool, ...]
    vectors: FloatArray


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An embedding model that shows its token vectors."""

    @property
    def precision(self) -> str:
        """The number format of the model's weights."""

    @property
    def pooling(self) -> Pooling:
        """How a text's embedding comes from its token vectors."""

    def token_vectors(self, texts: Sequence[str], *, as_queries: bool = False) -> list[TokenVectors]:
        """The token vectors of each text, with the model's document prefix, or its query prefix."""


def pooling_of(modules: Iterable[nn.Module], *, has_prefix: bool) -> Pooling:
    """How the model of these sentence-transformers modules pools.

    "mean" and "cls" are said only where nothing but normalising follows, and where the mean is over all tokens.
    """
    listed = list(modules)
    if [type(module).__name__ for module in listed] not in _PLAIN:
        return "other"
    mode = getattr(listed[1], "pooling_mode", "")
    reads_all = bool(getattr(listed[1], "include_prompt", True)) or not has_prefix
    if mode == "cls":
        return "cls"
    return "mean" if mode == "mean" and reads_all else "other"


def in_float32(module: nn.Module, inputs: object, features: dict[str, Tensor]) -> dict[str, Tensor]:
    """The transformer's output in float32: what follows it (pooling, dense layers, normalising) keeps its digits."""
    import torch

    for name, value in features.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            features[name] = value.float()
    return features


def read_token_vectors(
    output: Mapping[str, Tensor], text: str, prefix: str, tokenizer: PreTrainedTokenizerBase
) -> TokenVectors:
    """The token vectors of one text from what the model put out for it, padding left out.

    Args:
        output: "input_ids" and "attention_mask" (padded length,), "token_embeddings" (padded length, d).
        text: as it was embedded, without the prefix.

    Raises:
        ModelError: the model puts out no token vectors, or reads other tokens than its tokenizer makes.
    """
    import numpy as np

    if not {"token_embeddings", "input_ids", "attention_mask"} <= output.keys():
        raise ModelError(f"This embedding model makes no vectors of tokens. {_REMEDY}")
    # With the settings of the model's own call: others would change the tokenizer under another thread's feet.
    encoded = tokenizer(
        [prefix + text], padding=True, truncation=True, return_offsets_mapping=True, return_special_tokens_mask=True
    )
    kept = output["attention_mask"].bool()
    ids = output["input_ids"][kept].tolist()
    is_real = np.array(encoded["attention_mask"][0], dtype=np.bool_)
    if np.array(encoded["input_ids"][0])[is_real].tolist() != ids:
        raise ModelError(f"This embedding model reads other tokens than its tokenizer makes. {_REMEDY}")
    offsets = np.array(encoded["offset_mapping"][0], dtype=np.int64)[is_real]
    is_special = np.array(encoded["special_tokens_mask"][0], dtype=np.bool_)[is_real]
    spans = _spans(offsets, is_special, len(prefix), len(prefix) + len(text))
    vectors: FloatArray = output["token_embeddings"][kept].float().detach().cpu().numpy()
    spelled = tuple(str(tokenizer.convert_ids_to_tokens(token)) for token in ids)
    return TokenVectors(spelled, spans, tuple(is_special.tolist()), vectors)


def _spans(offsets: IntArray, is_special: NDArray[np.bool_], start: int, end: int) -> IntArray:
    """Offsets into prefix and text as spans of the text alone; a token across its beginning starts there."""
    spans = offsets.clip(start, end) - start
    spans[is_special | (spans[:, 0] == spans[:, 1])] = NOWHERE
    return spans
