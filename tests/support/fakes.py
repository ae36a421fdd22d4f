"""Models without weights: an embedder that puts texts with shared words close together, and a scripted generator."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag.generation.types import Prompt, PromptStyle
from rag.servers.types import Message, Piece, Usage
from rag.text.tokens import ByteTokenizer
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


class DigestEmbedder(WordEmbedder):
    """WordEmbedder with the digest of a whole text as its direction: quick, where only equal texts must be equal."""

    def _sum(self, text: str) -> FloatArray:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return np.frombuffer(digest, dtype=np.int16).astype(np.float32)


class ScriptedGenerator:
    """A model that always writes the same pieces, stops when asked to, and records its prompts."""

    name = "test/scripted"
    max_answer_tokens = 64
    temperature = 0.0
    counts_exactly = True

    def __init__(self, *pieces: Piece | Exception, style: PromptStyle = "chat", context_window: int = 4096) -> None:
        self.style = style
        self.context_window = context_window
        self.prompts: list[Prompt] = []
        self._pieces = pieces

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) + 4 for message in messages)

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        self.prompts.append(prompt)
        for piece in self._pieces:
            if stop and stop.is_set():
                yield Usage(None, None, "stopped")
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece
        if not any(isinstance(piece, Usage) for piece in self._pieces):
            yield Usage(self.count_tokens(prompt.messages), len(self._pieces), "finished")
