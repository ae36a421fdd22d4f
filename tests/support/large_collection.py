"""A collection of any size with a layout, built in seconds, for tests that need many chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rag.map import layout
from rag.map.projection import ProjectionParameters, to_bytes
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.types import Chunk, ChunkingSpec, Document, EmbeddingSpec, Projection

_CHUNKS_A_DOCUMENT = 2_000
_DIMENSION = 16
_TOPICS = ("owls", "ships", "bread", "rivers", "stars", "clocks", "violins", "bridges", "storms", "gardens")


def large_collection(folder: Path, n: int) -> Collection:
    """A collection 'Large' of n chunks in clusters, with a map in which each cluster is a cloud."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".sample-made").touch()
    embedding = EmbeddingSpec("test/words", "1", _DIMENSION)
    collection = Collection.create(folder, "Large", embedding, ChunkingSpec())
    random = np.random.default_rng(7)
    centres = random.standard_normal((len(_TOPICS), _DIMENSION))
    places = random.standard_normal((len(_TOPICS), 2)) * 8
    xy = np.empty((n, 2), dtype=np.float32)
    for start in range(0, n, _CHUNKS_A_DOCUMENT):
        topics = random.integers(0, len(_TOPICS), min(_CHUNKS_A_DOCUMENT, n - start))
        vectors = centres[topics] + 0.4 * random.standard_normal((len(topics), _DIMENSION))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        xy[start : start + len(topics)] = places[topics] + random.standard_normal((len(topics), 2))
        document, chunks = _document(start, topics.tolist())
        collection.put_document(document, chunks, vectors.astype(np.float32), embedding)
    drawn = Projection(collection.chunk_ids(), xy, "umap", "", 0.9, 1.0, np.empty(0, np.int64))
    artifacts.write_cached(layout._path(collection, ProjectionParameters()), to_bytes(drawn))
    return collection


def _document(start: int, topics: list[int]) -> tuple[Document, list[Chunk]]:
    texts = [f"About {_TOPICS[topic]}, entry {start + i}." for i, topic in enumerate(topics)]
    text, chunks, position = "\n".join(texts), [], 0
    for chunk_text in texts:
        chunks.append(Chunk(f"d{start}", position, position + len(chunk_text), chunk_text, 5 + len(chunk_text) % 7))
        position += len(chunk_text) + 1
    return Document(f"d{start}", f"part {start // _CHUNKS_A_DOCUMENT:03}.txt", "text/plain", text, f"s{start}"), chunks
