"""The embedding model as the app and the command line use it: with what it embedded before at hand."""

from __future__ import annotations

from rag.embedding.cached import CachedEmbedder, VectorCache
from rag.embedding.embedder import load_embedder


def load_cached_embedder(name: str) -> CachedEmbedder:
    """The embedding model `name` behind this machine's embedding cache.

    Raises:
        ModelError: it cannot be had; the message lists what is available.
    """
    return CachedEmbedder(load_embedder(name), VectorCache.default())
