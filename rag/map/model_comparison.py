"""Model comparison: one collection under two embedding models, their aligned maps and shared neighbors."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import CollectionError, ModelError
from rag.index.exact_neighbors import nearest_others
from rag.index.loading import cache_path
from rag.map.alignment import align
from rag.map.layout import lay_out
from rag.map.projection import ProjectionParameters, from_bytes, to_bytes
from rag.map.word_count_model import WORD_MODEL, embed_words
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.store.records import are_unit
from rag.types import Embedder, Projection

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

_VERSION = 1
_BATCH = 256
_LEAST_AGREEMENT = 0.1


@dataclass(frozen=True, slots=True)
class SecondEmbedding:
    """A collection's chunks embedded by a second model.

    `chunk_ids` int64 (n,), ascending, and their unit vectors, float32 (n, dimension). `n_cut` chunks were cut to the
    model's window. `kept_at` is the cache file; its layouts are in the same folder.
    """

    chunk_ids: IntArray
    vectors: FloatArray
    n_cut: int
    kept_at: Path


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """A collection under two models; row i of every array belongs to `chunk_ids[i]`, int64 (n,), ascending.

    `first_xy` and `second_xy`, float32 (n, 2) or (n, 3), are the two maps, the second aligned with the first.
    `disparity` in [0, 1] is the remaining difference of shape (see `Alignment`): 0 is the same shape; None if all
    chunks of one map coincide.

    `first_neighbors` and `second_neighbors`, int64 (n, k), are the ids of each chunk's k nearest others by cosine,
    nearest first; k is n - 1 if there are fewer others. `chunk_overlap`, float32 (n,), is the share of
    neighbors common to both models, 1 for a single chunk; `mean_overlap` is its mean, and `chance_overlap` its
    expected value if one model chose neighbors at random; both are None below two chunks. `most_changed`, int64
    (n,), are the rows from the least overlap to the greatest, ties by id.
    """

    chunk_ids: IntArray
    first_xy: FloatArray
    second_xy: FloatArray
    disparity: float | None
    k: int
    first_neighbors: IntArray
    second_neighbors: IntArray
    chunk_overlap: FloatArray
    mean_overlap: float | None
    chance_overlap: float | None
    most_changed: IntArray


def embed_again(
    collection: Collection, model_name: str, load: Callable[[str], Embedder], report: Callable[[float], None]
) -> SecondEmbedding:
    """Embed all chunks with another model; the result is cached until the collection changes.

    The cache key is the model's name: a model replaced under the same name is not noticed.

    Args:
        model_name: `WORD_MODEL`, or a name for `load`.
        load: loads the model; not called if the vectors are cached, or for WORD_MODEL.
        report: called with the share done, from 0 to 1, after each batch of texts; it may raise to stop, and nothing is
            saved then. WORD_MODEL reports only its beginning and end.

    Raises:
        ModelError: from `load`, or the model's vectors are not unit vectors.
        CollectionError: the collection cannot be read.
    """
    import numpy as np

    digest = hashlib.sha256(f"{_VERSION} {model_name}".encode()).hexdigest()[:12]
    path = cache_path(collection, collection.generation(), f"second-{digest}")
    second = _read(path)
    if second is None:
        report(0.0)
        chunks = collection.chunks()
        vectors, n_cut = _embed([chunk.embedded_text for chunk in chunks], model_name, load, report)
        ids = np.array([chunk.chunk_id for chunk in chunks], dtype=np.int64)
        second = SecondEmbedding(ids, vectors, n_cut, path)
        artifacts.write_cached(path, _to_bytes(second))
        artifacts.drop_others(path, f"second-{digest}.*")
    report(1.0)
    return second


def _embed(
    texts: Sequence[str], model_name: str, load: Callable[[str], Embedder], report: Callable[[float], None]
) -> tuple[FloatArray, int]:
    """The texts' vectors, and the number of texts that were cut."""
    if model_name == WORD_MODEL:
        return embed_words(texts), 0
    vectors, n_cut = _embed_in_batches(texts, load(model_name), report)
    if not are_unit(vectors):
        raise ModelError(
            f"The model '{model_name}' produces embeddings that are not unit vectors. Choose another model."
        )
    return vectors, n_cut


def _embed_in_batches(
    texts: Sequence[str], embedder: Embedder, report: Callable[[float], None]
) -> tuple[FloatArray, int]:
    """Embed each distinct text once, so that equal texts have equal vectors regardless of their batch."""
    import numpy as np

    rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    distinct = list(rows)
    vectors = np.empty((len(distinct), embedder.spec.dimension), dtype=np.float32)
    cut: set[str] = set()
    for start in range(0, len(distinct), _BATCH):
        batch = distinct[start : start + _BATCH]
        read = [
            _as_read(text, count, embedder) for text, count in zip(batch, embedder.count_tokens(batch), strict=True)
        ]
        cut.update(text for text, kept in zip(batch, read, strict=True) if kept != text)
        vectors[start : start + len(batch)] = embedder.encode_documents(read)
        report((start + len(batch)) / len(distinct))
    return vectors[[rows[text] for text in texts]], sum(text in cut for text in texts)


def _as_read(text: str, n_tokens: int, embedder: Embedder) -> str:
    """The text, cut to the model's window; Ollama would refuse a longer text instead of cutting it."""
    while n_tokens > embedder.window:
        spans = embedder.tokenizer.spans(text)
        # A prefix may have more tokens alone than within the text, so cut again until it fits.
        text = text[: spans[min(embedder.window, len(spans) - 1), 0]]
        n_tokens = embedder.count_tokens([text])[0]
    return text


def layout_of(
    second: SecondEmbedding, parameters: ProjectionParameters, report: Callable[[float], None] | None = None
) -> Projection:
    """The layout of the chunks under the second model, cached next to its vectors. Takes seconds the first time.

    Args:
        report: called with the share done if nothing is cached; an exception from it ends the work without saving.

    Raises:
        ExplorerError: t-SNE was requested in 3D.
    """
    digest = hashlib.sha256(repr(parameters.canonical()).encode()).hexdigest()[:12]
    path = second.kept_at.with_name(f"{second.kept_at.name}.layout-{digest}")
    content = artifacts.read_cached(path)
    if content is not None:
        return from_bytes(content)
    projection = lay_out(second.chunk_ids, second.vectors, parameters, report)
    artifacts.write_cached(path, to_bytes(projection))
    return projection


def compare(
    collection: Collection,
    second: SecondEmbedding,
    first_layout: Projection,
    second_layout: Projection,
    k: int = 10,
) -> ModelComparison:
    """Compare both models: aligned maps, and the share of each chunk's k nearest neighbors that they have in common.

    Cosines are compared at six decimals and ties ordered by id, so that rounding does not separate equal chunks.
    20,000 chunks take seconds.

    Raises:
        CollectionError: the collection has changed since one of the inputs was computed.
        ValueError: k is below 1, or the layouts are not both 2D or both 3D.
    """
    import numpy as np

    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}.")
    ids, vectors = collection.embeddings()
    if not all(np.array_equal(part.chunk_ids, ids) for part in (second, first_layout, second_layout)):
        raise CollectionError(f"Collection '{collection.spec.name}' changed during the comparison. Compare it again.")
    first_near, second_near = nearest_others(vectors, k), nearest_others(second.vectors, k)
    overlap = _overlap(first_near, second_near)
    second_xy, disparity = _align_with(second_layout.xy, first_layout.xy)
    n, k = first_near.shape
    mean, chance = (float(overlap.mean()), k / (n - 1)) if n > 1 else (None, None)
    order = np.argsort(overlap, kind="stable").astype(np.int64)
    neighbors = ids[first_near], ids[second_near]
    return ModelComparison(ids, first_layout.xy, second_xy, disparity, k, *neighbors, overlap, mean, chance, order)


def _overlap(first: IntArray, second: IntArray) -> FloatArray:
    """The share of each row's neighbors that are in the same row of the other, float32 (n,); 1 if it has none."""
    import numpy as np

    if not first.shape[1]:
        return np.ones(len(first), dtype=np.float32)
    is_shared = (first[:, :, None] == second[:, None, :]).any(axis=2)
    return np.asarray(is_shared.mean(axis=1), dtype=np.float32)


def _align_with(moving: FloatArray, fixed: FloatArray) -> tuple[FloatArray, float | None]:
    """The moving layout's coordinates, aligned with the fixed one at the same size, and their disparity."""
    import numpy as np

    alignment = align(moving, fixed)
    if not len(moving):
        return moving, None
    if not (np.ptp(moving, axis=0).any() and np.ptp(fixed, axis=0).any()):
        moved: FloatArray = moving - moving.mean(axis=0) + fixed.mean(axis=0)
        return moved, None
    # The less two layouts agree, the smaller is the best fit: without this factor, the animation would shrink the map.
    size = max(1.0 - alignment.disparity, _LEAST_AGREEMENT) ** -0.5
    middle = fixed.mean(axis=0)
    laid: FloatArray = middle + (alignment.apply(moving) - middle) * size
    return laid, alignment.disparity


def in_words(comparison: ModelComparison) -> str:
    """The overlap as a sentence. Shapes are not mentioned, because UMAP moves groups between runs anyway."""
    mean, chance = comparison.mean_overlap, comparison.chance_overlap
    if mean is None or chance is None:
        return "Comparing two models needs at least two chunks."
    shared = f"The models share {comparison.k * mean:.1f} of a chunk's {comparison.k} nearest neighbors on average"
    by_chance = f"{comparison.k * chance:.1f} would be expected by chance"
    return f"{shared}; {by_chance}."


def _read(path: Path) -> SecondEmbedding | None:
    import numpy as np

    content = artifacts.read_cached(path)
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return SecondEmbedding(stored["chunk_ids"], stored["vectors"], int(stored["n_cut"]), path)


def _to_bytes(second: SecondEmbedding) -> bytes:
    """The vectors as an .npz file without pickle."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, chunk_ids=second.chunk_ids, vectors=second.vectors, n_cut=np.array(second.n_cut))
    return buffer.getvalue()
