"""Queries embedded in one batch, so that a retriever finds the vector of each at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.types import Embedder, EmbeddingSpec, TextTokenizer

if TYPE_CHECKING:
    from rag.types import FloatArray


class PreparedQueries:
    """An embedding model that has embedded these queries in advance; other texts go to the model."""

    def __init__(self, embedder: Embedder, queries: Sequence[str]) -> None:
        self._embedder = embedder
        self._vectors = dict(zip(queries, embedder.encode_queries(queries), strict=True))

    @property
    def spec(self) -> EmbeddingSpec:
        """Identifies the vectors: only vectors of equal specs can be compared."""
        return self._embedder.spec

    @property
    def window(self) -> int:
        """The largest number of tokens of a text that the model reads."""
        return self._embedder.window

    @property
    def tokenizer(self) -> TextTokenizer:
        """The model's tokenizer."""
        return self._embedder.tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, without special tokens."""
        return self._embedder.count_tokens(texts)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the document prefix."""
        return self._embedder.encode_documents(texts)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the query prefix."""
        import numpy as np

        if all(text in self._vectors for text in texts):
            return np.array([self._vectors[text] for text in texts], np.float32).reshape(-1, self.spec.dimension)
        return self._embedder.encode_queries(texts)
