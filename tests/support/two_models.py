"""Shared by tests of a second embedding model: collections of given texts, vectors, layouts, and brute force."""

from __future__ import annotations

import numpy as np

from rag.store.collection import Collection
from rag.types import Chunk, Projection
from tests.support.collections import CHUNKING, QuickEmbedder, plain_document


def collection_of(folder, texts, embedder=None):
    """A chunk for each text; the ids begin at 2, as if an earlier chunk had been deleted."""
    embedder = embedder or QuickEmbedder()
    collection = Collection.create(folder, "Two", embedder.spec, CHUNKING)
    for name, passages in (("gone", ["gone"]), ("kept", texts)):
        document = plain_document(name, "\n".join(passages))
        starts = np.cumsum([0, *(len(text) + 1 for text in passages)]).tolist()
        chunks = [
            Chunk(document.document_id, at, at + len(text), text, 1) for at, text in zip(starts, passages, strict=False)
        ]
        collection.put_document(document, chunks, embedder.encode_documents(passages), embedder.spec)
    collection.delete_document("id of gone")
    return collection


def some_texts(n, seed=1):
    random = np.random.default_rng(seed)
    return [" ".join(f"word{i}" for i in random.integers(0, 40, 5)) for _ in range(n)]


def unit(n, dimension=8, seed=1):
    vectors = np.random.default_rng(seed).standard_normal((n, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def layout(ids, xy):
    return Projection(ids, xy.astype(np.float32), "umap", "", None, 0.0, ids[:0])


def plane(n, seed=3, axes=2):
    return (np.random.default_rng(seed).standard_normal((n, axes)) * [5, 2, 1][:axes] + 4).astype(np.float32)


def brute_force(vectors, k):
    """Each row's k nearest others, by a full sort of double-precision cosines, ties by row."""
    doubles = vectors.astype(np.float64)
    doubles /= np.maximum(np.linalg.norm(doubles, axis=1, keepdims=True), 1e-300)
    cosines = (doubles @ doubles.T).round(6)
    others = [[j for j in range(len(doubles)) if j != i] for i in range(len(doubles))]
    return [sorted(row, key=lambda j, i=i: (-cosines[i, j], j))[:k] for i, row in enumerate(others)]


def must_not_load(name):
    raise AssertionError(f"{name} was loaded")
