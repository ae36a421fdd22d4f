"""What every embedding model here has in common: its description, its tokenizer, and each text embedded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.embedding.batching import once_each
from rag.types import EmbeddingSpec, TextTokenizer

if TYPE_CHECKING:
    from rag.types import FloatArray


class TextEmbedder:
    """An embedding model. A subclass sets `_spec`, `_window` and `_tokenizer`, and embeds in `_encode`."""

    _spec: EmbeddingSpec
    _window: int
    _tokenizer: TextTokenizer

    @property
    def spec(self) -> EmbeddingSpec:
        """Identifies the vectors: only vectors of equal specs can be compared."""
        return self._spec

    @property
    def window(self) -> int:
        """The largest number of tokens of a text that the model reads, without its prefix and special tokens."""
        return self._window

    @property
    def tokenizer(self) -> TextTokenizer:
        """The model's tokenizer; for a model of a server, one that estimates if the model's is not known."""
        return self._tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, without special tokens; see `tokenizer`."""
        return self._tokenizer.count(texts)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the document prefix. Equal texts are embedded once.

        Raises:
            OllamaError, OpenAIServerError: the model's server fails.
        """
        return once_each(
            texts, self._spec.dimension, lambda distinct: self._encode(distinct, self._spec.document_prefix)
        )

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the query prefix. Errors as in `encode_documents`."""
        return once_each(texts, self._spec.dimension, lambda distinct: self._encode(distinct, self._spec.query_prefix))

    def _encode(self, texts: list[str], prefix: str) -> FloatArray:
        """Unit vectors float32 (n, dimension) of different texts, each with the prefix before it."""
        raise NotImplementedError
