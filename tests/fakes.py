"""An embedder without a model: quick, deterministic, and texts that share words are near."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag.tokenizing import ByteTokenizer
from rag.types import EmbeddingSpec

if TYPE_CHECKING:
    from rag.types import FloatArray


class WordEmbedder:
    """A sum of one seeded random direction for each word; tokens are bytes. Counts the texts it has embedded."""

    def __init__(self, dimension: int = 16) -> None:
        self.spec = EmbeddingSpec("test/words", "1", dimension)
        self.window = 400
        self.tokenizer = ByteTokenizer()
        self.embedded = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.tokenizer.count(texts)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        self.embedded += len(texts)
        vectors = np.array([self._sum(text) for text in texts], dtype=np.float32).reshape(-1, self.spec.dimension)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        return self.encode_documents(texts)

    def _sum(self, text: str) -> FloatArray:
        words = text.lower().split() or [text]
        seeds = [int.from_bytes(hashlib.sha256(word.encode()).digest()[:8]) for word in words]
        return np.sum([np.random.default_rng(seed).standard_normal(self.spec.dimension) for seed in seeds], axis=0)
