"""Embeddings -> nearest neighbors by cosine similarity: the only home of faiss."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from rag import cache, config

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray


class FlatIndex:
    """Exact search. On unit vectors the inner product is the cosine similarity: in [-1, 1], higher is nearer."""

    def __init__(self, index: object, ids: IntArray) -> None:
        self._index = index
        self.ids = ids

    @classmethod
    def build(cls, ids: IntArray, vectors: FloatArray) -> FlatIndex:
        """An index over unit vectors float32 (n, dimension) named by `ids` int64 (n,)."""
        faiss = _faiss()
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index, ids)

    def search(self, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Scores float32 and ids int64, both (len(queries), min(k, n)), best first, ties by the smaller id."""
        import numpy as np

        _faiss()
        k = min(k, len(self.ids))
        if k == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        scores, positions = self._index.search(np.ascontiguousarray(queries), k)  # type: ignore[attr-defined]
        order = np.lexsort((positions, -scores), axis=1)
        scores = np.take_along_axis(scores, order, axis=1).clip(-1.0, 1.0)
        return scores, self.ids[np.take_along_axis(positions, order, axis=1)]

    def save(self, path: Path) -> None:
        """Write the index as a cache file."""
        cache.write_cached(path, _faiss().serialize_index(self._index).tobytes())

    @classmethod
    def load(cls, path: Path, ids: IntArray) -> FlatIndex | None:
        """The index as saved, or None where the file is missing, damaged or of another number of vectors."""
        import numpy as np

        content = cache.read_cached(path)
        if content is None:
            return None
        index = _faiss().deserialize_index(np.frombuffer(content, dtype=np.uint8))
        return cls(index, ids) if index.ntotal == len(ids) else None


def _faiss() -> ModuleType:
    """faiss with its threads set: one on macOS, where its OpenMP and torch's crash each other, else every core."""
    import faiss

    faiss.omp_set_num_threads(1 if sys.platform == "darwin" else config.cpu_threads())
    module: ModuleType = faiss
    return module
