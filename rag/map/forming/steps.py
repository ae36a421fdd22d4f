"""Steps of a UMAP layout: the coordinates after some of its epochs, in the frame of the map that is shown."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.index.flat import nearest
from rag.map.alignment import align
from rag.map.projection import ProjectionParameters, comparable, umap_steps
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

MOST_CHUNKS = 20_000
"""Above this many chunks the steps are not computed: it would take minutes."""
N_STEPS = 30
_SEARCH_SHARE = 0.15
_EARLY = 1.5


@dataclass(frozen=True, slots=True)
class LayoutSteps:
    """Coordinates of chunks while their layout is computed.

    `chunk_ids` are int64 (n,), ascending; `epochs` int64 (m,), ascending, say after how many epochs `xy`, float32
    (m, n, 2), were the coordinates. The last are the finished layout.
    """

    chunk_ids: IntArray
    epochs: IntArray
    xy: FloatArray


def can_be_watched(shown: Projection, parameters: ProjectionParameters) -> bool:
    """Whether the steps of a layout can be computed: it is by UMAP, in 2D, and of at most MOST_CHUNKS chunks."""
    return parameters.method == shown.method == "umap" and shown.xy.shape[1] == 2 and len(shown.xy) <= MOST_CHUNKS


def step_epochs(n_epochs: int, n_steps: int = N_STEPS) -> IntArray:
    """After how many epochs the steps are: int64, from 1 to n_epochs, closer at first, when points move most."""
    import numpy as np

    return np.unique(np.round(1 + (n_epochs - 1) * np.linspace(0, 1, n_steps) ** _EARLY).astype(np.int64))


def load_steps(collection: Collection, parameters: ProjectionParameters, shown: Projection) -> LayoutSteps | None:
    """The cached steps of this layout, or None."""
    import numpy as np

    content = artifacts.read_cached(_path(collection, parameters, shown))
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return LayoutSteps(stored["chunk_ids"], stored["epochs"], stored["xy"])


def make_steps(
    collection: Collection,
    parameters: ProjectionParameters,
    shown: Projection,
    report: Callable[[float], None] | None = None,
) -> LayoutSteps:
    """Compute the layout again, record its steps, and save them.

    All steps are moved, rotated and scaled alike, so that the last lies as close as possible to the map that is shown.

    Args:
        shown: the layout of `parameters` as it is shown.
        report: called with the share done, in [0, 1], never decreasing; an exception from it ends the work.

    Raises:
        ValueError: the layout cannot be watched, see `can_be_watched`.
    """
    import numpy as np

    if not can_be_watched(shown, parameters):
        raise ValueError(f"Only UMAP in 2D of up to {MOST_CHUNKS:,} chunks has steps, got {parameters}.")
    report = report or _nothing
    ids, vectors = collection.embeddings()
    compared = comparable(vectors, parameters.metric)
    scores, rows = nearest(compared, parameters.n_searched, lambda share: report(_SEARCH_SHARE * share))
    epochs = step_epochs(parameters.n_epochs)
    # UMAP counts epochs from 0 and adds the last by itself.
    raw = umap_steps(
        compared, rows, scores, parameters, (epochs[:-1] - 1).tolist(),
        lambda share: report(_SEARCH_SHARE + (1.0 - _SEARCH_SHARE) * share),
    )  # fmt: skip
    _, here, there = np.intersect1d(ids, shown.chunk_ids, assume_unique=True, return_indices=True)
    alignment = align(raw[-1][here], shown.xy[there])
    steps = LayoutSteps(ids, epochs, np.stack([alignment.apply(one) for one in raw]))
    buffer = io.BytesIO()
    np.savez(buffer, chunk_ids=steps.chunk_ids, epochs=steps.epochs, xy=steps.xy)
    artifacts.write_cached(_path(collection, parameters, shown), buffer.getvalue())
    return steps


def _path(collection: Collection, parameters: ProjectionParameters, shown: Projection) -> Path:
    content = repr(parameters.canonical()).encode() + shown.chunk_ids.tobytes() + shown.xy.tobytes()
    return collection.cache_folder / f"steps-{hashlib.sha256(content).hexdigest()[:16]}.{collection.uid[:12]}"


def _nothing(share: float) -> None:
    """Default progress report: does nothing."""
