"""Index types: exact and approximate FAISS indexes, which trade some neighbors or precision for speed or memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from rag import config
from rag.errors import ExplorerError
from rag.index.flat import load_faiss
from rag.index.spec import WITH_LISTS, IndexSpec, completed, expected_bytes, least_chunks
from rag.runtime import artifacts

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_QUERY_BITS = 8
"""RaBitQ with an unquantized query (0) took 60 times as long and found no more."""
_TRAINED_PER_CENTER = 64
"""Training vectors per k-means center; faiss's default of 256 takes four times as long."""
_WORD_ROUNDS = 10
"""faiss's default of 25 k-means iterations for code words finds 0.5% more neighbors in more than twice the time."""
_SCANNED_PER_THREAD, _SCANNED_BY_DEFAULT = 800, 128_000
"""Numbers in the queries up to which faiss scans instead of multiplying; see `_batches_multiplied`."""


class _FaissIndex(Protocol):
    @property
    def ntotal(self) -> int: ...

    @property
    def d(self) -> int: ...

    def train(self, x: FloatArray) -> None: ...

    def add(self, x: FloatArray) -> None: ...

    def search(self, x: FloatArray, k: int, *, params: object) -> tuple[FloatArray, IntArray]: ...


def build(spec: IndexSpec, ids: IntArray, vectors: FloatArray) -> SearchIndex:
    """Build an index of unit vectors float32 (n, dimension) with ascending `ids` int64 (n,); reproducible by seed.

    This includes HNSW: since faiss 1.15 its graph does not depend on the number of threads.

    Raises:
        ExplorerError: the type needs more vectors for training than there are; the message gives the number.
        ValueError: the ids do not match the vectors, or a setting is out of range.
    """
    import numpy as np

    if vectors.ndim != 2 or ids.shape != vectors.shape[:1]:
        raise ValueError(f"An index needs one id per vector: got {ids.shape} ids, {vectors.shape} vectors.")
    if len(ids) and (ids[0] < 0 or (np.diff(ids) <= 0).any()):
        raise ValueError("The ids of an index must be 0 or more, ascending and unique.")
    spec = completed(spec, *vectors.shape)
    least = least_chunks(spec)
    if len(ids) < least:
        raise ExplorerError(
            f"An index of type '{spec.kind}' with these settings needs {least:,} chunks or more; "
            f"there are {len(ids):,}. Pick 'flat', which is exact and quick at this size, or add documents."
        )
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    index = _untrained(load_faiss(), spec, vectors.shape[1])
    if spec.kind == "ivf_pq":
        # Its many small k-means runs are no faster on more threads, and several times slower under other load.
        load_faiss(1)
    index.train(vectors)
    load_faiss()
    index.add(vectors)
    return SearchIndex(spec, index, ids, vectors)


def _untrained(faiss: ModuleType, spec: IndexSpec, dimension: int) -> _FaissIndex:
    index: _FaissIndex
    match spec.kind:
        case "flat":
            index = faiss.IndexFlatIP(dimension)
        case "hnsw":
            index = _hnsw(faiss, spec, dimension)
        case "sq8":
            index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        case "ivf_flat" | "ivf_pq" | "rabitq":
            index = _inverted_file(faiss, spec, dimension)
    return index


def _hnsw(faiss: ModuleType, spec: IndexSpec, dimension: int) -> _FaissIndex:
    index: _FaissIndex = faiss.IndexHNSWFlat(dimension, spec.m, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = spec.ef_construction  # type: ignore[attr-defined]
    index.hnsw.rng = faiss.RandomGenerator(spec.seed)  # type: ignore[attr-defined]
    return index


def _inverted_file(faiss: ModuleType, spec: IndexSpec, dimension: int) -> _FaissIndex:
    lists, product = faiss.IndexFlatIP(dimension), faiss.METRIC_INNER_PRODUCT
    index: _FaissIndex
    if spec.kind == "ivf_flat":
        inner = index = faiss.IndexIVFFlat(lists, dimension, spec.nlist, product)
    elif spec.kind == "ivf_pq":
        inner = index = faiss.IndexIVFPQ(lists, dimension, spec.nlist, spec.pq_m, spec.n_bits, product)
        inner.pq.cp.niter = _WORD_ROUNDS
        _set_clustering(inner.pq.cp, spec.seed)
    else:
        inner = faiss.IndexIVFRaBitQ(lists, dimension, spec.nlist, product, True, spec.n_bits)
        # RaBitQ rounds each dimension separately: without a random rotation, a few wide dimensions dominate.
        rotation = faiss.RandomRotationMatrix(dimension, dimension)
        rotation.init(spec.seed)
        index = faiss.IndexPreTransform(rotation, inner)
    _set_clustering(inner.cp, spec.seed)
    return index


def _set_clustering(parameters: object, seed: int) -> None:
    parameters.seed = seed  # type: ignore[attr-defined]
    parameters.max_points_per_centroid = _TRAINED_PER_CENTER  # type: ignore[attr-defined]
    parameters.min_points_per_centroid = 1  # type: ignore[attr-defined]  # below 39 it would print a warning


class SearchIndex:
    """An index of any type with the vectors it was built from. It may find fewer than k: see `search`."""

    def __init__(self, spec: IndexSpec, index: _FaissIndex, ids: IntArray, vectors: FloatArray) -> None:
        self.spec = spec
        self.ids = ids
        self.vectors = vectors
        self._index = index

    def with_search(self, spec: IndexSpec) -> SearchIndex:
        """The same index with another nprobe, ef_search or depth, without a rebuild.

        Raises:
            ValueError: `spec` differs in a build setting.
        """
        spec = completed(spec, *self.vectors.shape)
        if _built_from(spec) != _built_from(self.spec):
            raise ValueError(f"Only nprobe, ef_search and depth can change without a rebuild: {self.spec} to {spec}.")
        return SearchIndex(spec, self._index, self.ids, self.vectors)

    def search(self, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Scores float32 and ids int64, both (len(queries), min(k, n)), best first, ties by the smaller id.

        With several queries at once, copies of a chunk may differ by float32 rounding, so their order may vary. Scores
        are in [-1, 1]: the cosine, or an estimate of it if vectors are quantized (sq8, ivf_pq, rabitq) and depth is 0.
        If the index finds too few, the row ends with id -1 and score -1: check `ids >= 0`.

        Raises:
            ValueError: the queries are not (m, dimension), or k is negative.
        """
        if self.spec.depth:
            return self.rescored(queries, k)
        return self._best(*self._candidates(queries, k), k)

    def rescored(self, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Like `search`, but with true cosines and their order, over max(k, depth) candidates."""
        import numpy as np

        queries = np.asarray(queries, dtype=np.float32)
        positions = self._candidates(queries, max(k, self.spec.depth) if k else 0)[1]
        return self._best(self._cosines(queries, positions), positions, k)

    def true_scores(self, queries: FloatArray, ids: IntArray) -> FloatArray:
        """The cosine of each query with the chunks of its row of `ids` (m, k): float32 (m, k), -1 if the id is -1.

        Raises:
            ValueError: an id is not in the index.
        """
        import numpy as np

        positions = np.searchsorted(self.ids, ids).clip(max=len(self.ids) - 1)
        is_known = self.ids[positions] == ids
        if not (is_known | (ids == -1)).all():
            raise ValueError("Some ids are not in the index, so their scores cannot be computed.")
        return self._cosines(queries, np.where(is_known, positions, -1))

    def save(self, path: Path) -> None:
        """Save the index, without the vectors, as a cache file."""
        header = json.dumps(asdict(_built_from(self.spec))).encode()
        artifacts.write_cached(path, header + b"\n" + load_faiss().serialize_index(self._index).tobytes())

    @classmethod
    def load(cls, path: Path, spec: IndexSpec, ids: IntArray, vectors: FloatArray) -> SearchIndex | None:
        """Load a saved index; None if the file is missing, damaged, or has other build settings or shapes."""
        import numpy as np

        spec = completed(spec, *vectors.shape)
        header, _, content = (artifacts.read_cached(path) or b"").partition(b"\n")
        if header != json.dumps(asdict(_built_from(spec))).encode():
            return None
        index = load_faiss().deserialize_index(np.frombuffer(content, dtype=np.uint8))
        same_shape = (index.ntotal, index.d) == vectors.shape
        return cls(spec, index, ids, np.ascontiguousarray(vectors, dtype=np.float32)) if same_shape else None

    def serialized_bytes(self) -> int:
        """Size of the saved index in bytes, for comparison with `bytes_per_vector`."""
        return int(load_faiss().serialize_index(self._index).nbytes)

    def _candidates(self, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """The index's raw scores and positions, (m, min(k, n)), ties in any order; -1 for none."""
        import numpy as np

        if queries.ndim != 2 or queries.shape[1] != self.vectors.shape[1] or k < 0:
            raise ValueError(f"Queries must be (m, {self.vectors.shape[1]}), k 0 or more: {queries.shape}, {k}.")
        k = min(k, len(self.ids))
        if k == 0 or not len(queries):
            return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        # Since 1.15 faiss splits one query among its threads, which takes 1.5 to 4 times as long as one thread.
        faiss = load_faiss(1) if len(queries) == 1 else load_faiss()
        parameters = _search_parameters(faiss, self.spec)
        with _batches_multiplied(faiss):
            return self._index.search(np.ascontiguousarray(queries, dtype=np.float32), k, params=parameters)

    def _best(self, scores: FloatArray, positions: IntArray, k: int) -> tuple[FloatArray, IntArray]:
        import numpy as np

        order = np.lexsort((positions, -scores, positions < 0), axis=1)[:, :k]
        scores, positions = np.take_along_axis(scores, order, axis=1), np.take_along_axis(positions, order, axis=1)
        missing = positions < 0
        ids = self.ids[positions] if len(self.ids) else positions
        return np.where(missing, np.float32(-1.0), scores.clip(-1.0, 1.0)), np.where(missing, -1, ids)

    def _cosines(self, queries: FloatArray, positions: IntArray) -> FloatArray:
        """Float32 (m, k); -1 if the position is -1. With einsum, equal vectors get equal scores, unlike with BLAS."""
        import numpy as np

        scores = np.full(positions.shape, -1.0, dtype=np.float32)
        for row, found in enumerate(positions >= 0):
            scores[row, found] = np.einsum("kd,d->k", self.vectors[positions[row, found]], queries[row])
        return scores


def _built_from(spec: IndexSpec) -> IndexSpec:
    """The spec with search settings reset, so that only build settings are compared."""
    return replace(spec, nprobe=1, ef_search=1, depth=0)


def _search_parameters(faiss: ModuleType, spec: IndexSpec) -> object:
    if spec.kind == "hnsw":
        return faiss.SearchParametersHNSW(efSearch=spec.ef_search)
    if spec.kind == "rabitq":
        lists = faiss.IVFRaBitQSearchParameters(nprobe=spec.nprobe, qb=_QUERY_BITS)
        return faiss.SearchParametersPreTransform(index_params=lists)
    return faiss.SearchParametersIVF(nprobe=spec.nprobe) if spec.kind in WITH_LISTS else None


def bytes_per_vector(index: SearchIndex) -> float:
    """Bytes of memory per vector, including its share of shared data, without `vectors` themselves."""
    return expected_bytes(index.spec, *index.vectors.shape) / max(1, len(index.ids))


@contextmanager
def _batches_multiplied(faiss: ModuleType) -> Iterator[None]:
    """Search several queries by matrix products, which takes an eighth of the time of 64 single scans.

    By default, faiss 1.15 does this only from 128,000 numbers in the queries, which suits many cores; the limit by
    number of threads is from https://github.com/facebookresearch/faiss/pull/5109. The limit is global to the process,
    so it is reset afterwards: to a constant, not to the value found, which may be that of another search.
    """
    faiss.cvar.distance_compute_blas_threshold = _SCANNED_PER_THREAD * config.cpu_threads()
    try:
        yield
    finally:
        faiss.cvar.distance_compute_blas_threshold = _SCANNED_BY_DEFAULT
