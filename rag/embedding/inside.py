"""Inside of an embedding model: its tokens, its token table, the vectors after each layer, attention and pooling."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rag.embedding.token_vectors import NOWHERE, Pooling, pooling_of
from rag.errors import ModelError
from rag.runtime.cpu import threads_for
from rag.text.tokens import Piece, SubwordTokenizer
from rag.types import EmbeddingSpec

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

    from rag.types import FloatArray

_ROWS = 50_000
"""Rows of the token table that are compared at a time, which limits the memory for their copies in float32."""


@dataclass(frozen=True, slots=True)
class Tokenization:
    """A text as the model's tokenizer cuts it.

    `pieces` are all tokens in order: special tokens, those of the model's prefix (their span is NOWHERE), and those of
    the text, also beyond the window. `is_read` says for each whether the model reads it. `prefix` is the text that the
    model puts before the text.
    """

    text: str
    prefix: str
    pieces: tuple[Piece, ...]
    is_read: tuple[bool, ...]

    @property
    def read(self) -> tuple[Piece, ...]:
        """The n tokens that the model reads."""
        return tuple(piece for piece, is_read in zip(self.pieces, self.is_read, strict=True) if is_read)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model computes for one text of n tokens with its L layers of dimension d.

    `table` float32 (n, d) are the rows of the token table, the same in every text. `layers` float32 (L, n, d) are the
    contextual vectors after each layer; the last are those that are pooled. `embedding` float32 (d',) is the unit
    vector that comes out.
    """

    tokens: tuple[Piece, ...]
    table: FloatArray
    layers: FloatArray
    embedding: FloatArray


@runtime_checkable
class WithInside(Protocol):
    """An embedding model that shows how it works inside."""

    @property
    def inside(self) -> ModelInside:
        """The inside of the model. Raises ModelError if it has no layers to show."""


class ModelInside:
    """The inside of a sentence-transformers model. Its methods may be called from any thread.

    Raises:
        ModelError: the model is no transformer, such as a table of static vectors.
    """

    def __init__(
        self, modules: Sequence[nn.Module], window: int, spec: EmbeddingSpec, tokenizer: SubwordTokenizer
    ) -> None:
        self._modules = modules
        self._spec = spec
        self._tokenizer = tokenizer
        self.window = window
        """The largest number of tokens that the model reads, with its special tokens."""
        transformer = getattr(modules[0], "auto_model", None)
        if transformer is None or not hasattr(transformer, "get_input_embeddings"):
            raise ModelError(
                f"'{spec.model_id}' has no layers: it is no transformer. Choose another embedding model to see them."
            )
        self._transformer: PreTrainedModel = transformer
        self._copying = threading.Lock()

    @property
    def n_layers(self) -> int:
        """Number of layers L."""
        return int(self._transformer.config.num_hidden_layers)

    @property
    def n_heads(self) -> int:
        """Number of attention heads in each layer."""
        return int(self._transformer.config.num_attention_heads)

    @property
    def n_vocabulary(self) -> int:
        """Number of rows of the token table."""
        return int(self._table.shape[0])

    @property
    def pooling(self) -> Pooling:
        """How the vectors of the last layer become one."""
        return pooling_of(self._modules, has_prefix=bool(self._spec.query_prefix or self._spec.document_prefix))

    def tokenize(self, text: str, *, as_query: bool = False) -> Tokenization:
        """All tokens of the text, and which of them the model reads; with the prefix for queries or for documents."""
        prefix = self._spec.query_prefix if as_query else self._spec.document_prefix
        pieces = self._tokenizer.pieces(prefix + text)
        n_special = sum(piece.is_special for piece in pieces)
        room, is_read = self.window - n_special, []
        for piece in pieces:
            is_read.append(piece.is_special or room > 0)
            room -= not piece.is_special
        placed = tuple(_without_prefix(piece, len(prefix)) for piece in pieces)
        return Tokenization(text, prefix, placed, tuple(is_read))

    def read(self, text: str, *, as_query: bool = False) -> Reading:
        """Everything that the model computes for the text, as far as its window reaches."""
        tokens = self.tokenize(text, as_query=as_query).read
        return self.read_tokens(tokens)

    def read_tokens(self, tokens: tuple[Piece, ...]) -> Reading:
        """What the model computes for these tokens, in this order."""
        import numpy as np
        import torch

        with torch.inference_mode(), threads_for(len(tokens)):
            output = self._transformer(**self._features(tokens), output_hidden_states=True)
        layers: FloatArray = np.stack([_array(states[0]) for states in output.hidden_states[1:]])
        # The last layer's output is what is pooled; some models normalize it after the last hidden state.
        layers[-1] = _array(output.last_hidden_state[0])
        return Reading(tokens, self.table_rows([one.token_id for one in tokens]), layers, self.pool(layers[-1]))

    def attention(self, tokens: tuple[Piece, ...]) -> FloatArray:
        """Attention float32 (layers, heads, n, n): how much each token (row) takes from each (column). Rows sum to 1.

        Raises:
            ModelError: the model cannot say.
        """
        import numpy as np
        import torch

        with torch.inference_mode(), threads_for(len(tokens)):
            output = self._explicit(**self._features(tokens), output_attentions=True)
        if not output.attentions or output.attentions[0] is None:
            raise ModelError(f"'{self._spec.model_id}' does not tell its attention. Choose another embedding model.")
        weights: FloatArray = np.stack([_array(layer[0]) for layer in output.attentions])
        return weights

    def pool(self, vectors: FloatArray) -> FloatArray:
        """The embedding, a unit vector float32 (d',), of contextual token vectors float32 (n, d)."""
        import torch

        features = {
            "token_embeddings": torch.from_numpy(vectors)[None],
            "attention_mask": torch.ones(1, len(vectors), dtype=torch.int64),
        }
        with torch.inference_mode(), threads_for(len(vectors)):
            for module in self._modules[1:]:
                features = module(features)
            pooled = features["sentence_embedding"][0]
            return _array(torch.nn.functional.normalize(pooled, dim=0))

    def table_rows(self, token_ids: list[int]) -> FloatArray:
        """Rows of the token table, float32 (n, d)."""
        return _array(self._table[token_ids])

    def nearest_tokens(self, token_id: int, k: int) -> list[tuple[int, float]]:
        """The k tokens of the vocabulary whose rows in the table have the highest cosine similarity, without itself."""
        import torch

        with torch.inference_mode():
            wanted = torch.nn.functional.normalize(self._table[token_id].float(), dim=0)
            parts = [
                torch.nn.functional.normalize(rows.float(), dim=1) @ wanted for rows in torch.split(self._table, _ROWS)
            ]
            similarities = torch.cat(parts)
            similarities[token_id] = -2.0
            values, places = similarities.topk(min(k, len(similarities) - 1))
        return [(int(place), float(value)) for place, value in zip(places, values, strict=True)]

    def spell(self, token_id: int) -> str:
        """The token as the vocabulary spells it ("##able" continues a word)."""
        return self._tokenizer.spell(token_id)

    @property
    def _table(self) -> torch.Tensor:
        rows = self._transformer.get_input_embeddings().get_parameter("weight")
        return rows.detach()

    def _features(self, tokens: tuple[Piece, ...]) -> dict[str, torch.Tensor]:
        import torch

        ids = torch.tensor([[token.token_id for token in tokens]], dtype=torch.int64)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    @property
    def _explicit(self) -> PreTrainedModel:
        """The same model with attention computed step by step, because the fast way keeps no weights."""
        with self._copying:
            return self._copy

    @cached_property
    def _copy(self) -> PreTrainedModel:
        """A second model of the same tensors; the first is left as it is, for others may be using it."""
        import torch

        ours = self._transformer
        with torch.device("meta"):
            copied = type(ours)._from_config(  # type: ignore[no-untyped-call]
                copy.deepcopy(ours.config), attn_implementation="eager"
            )
        if getattr(ours, "pooler", copied) is None:
            copied.pooler = None
        copied.load_state_dict(ours.state_dict(), assign=True)
        for name, buffer in ours.named_buffers():
            parent, _, attribute = name.rpartition(".")
            copied.get_submodule(parent).register_buffer(attribute, buffer, persistent=False)
        copied.train(mode=False)
        return copied  # type: ignore[no-any-return]


def _without_prefix(piece: Piece, length: int) -> Piece:
    """The piece with its place in the text, if the text begins at `length`."""
    if piece.is_special or piece.end <= length or piece.start == piece.end:
        return Piece(piece.token_id, piece.token, NOWHERE, NOWHERE, piece.is_special)
    return Piece(piece.token_id, piece.token, max(piece.start - length, 0), piece.end - length, False)


def _array(tensor: torch.Tensor) -> FloatArray:
    values: FloatArray = tensor.detach().float().cpu().numpy()
    return values
