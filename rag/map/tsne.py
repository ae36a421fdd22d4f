"""t-SNE projection with openTSNE, from precomputed neighbors.

van der Maaten and Hinton, "Visualizing data using t-SNE", 2008; openTSNE: Poličar, Stražar and Zupan, 2024. It
starts from PCA, which preserves the global structure: Kobak and Berens, "The art of using t-SNE", 2019.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rag import config
from rag.map.projection_settings import NEIGHBORS_PER_PERPLEXITY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.runtime.background import Report
    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

_EARLY_STEPS = 250
_STEPS = 500
_STEPS_PER_REPORT = 10
_MANY = 5_000
_START_SPREAD = 1e-4
_START_NOISE = 0.01


def draw_tsne(
    neighbors: IntArray, distances: FloatArray, pca: FloatArray, perplexity: int, seed: int, report: Report
) -> FloatArray:
    """Coordinates float32 (n, 2).

    The same input gives the same coordinates for any number of threads: the forces on each point are summed by one
    thread.

    Args:
        neighbors: rows of each point's nearest others, int64 (n, 3 * perplexity).
        distances: their distances, float32 of the same shape.
        pca: the initial positions, float32 (n, 2), in any unit.
        perplexity: the effective number of neighbors; less than n / 3.
        seed: of the noise that separates copies at the start, 1% of the spread.
        report: called with the share of completed steps, in [0, 1]; an exception from it ends the work.

    Raises:
        ValueError: the number of neighbors of a point is not 3 * perplexity.
    """
    import numpy as np
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    if neighbors.shape[1] != NEIGHBORS_PER_PERPLEXITY * perplexity:
        raise ValueError(f"A perplexity of {perplexity} needs three times as many neighbors, got {neighbors.shape[1]}.")
    threads = _threads(len(neighbors))
    index = PrecomputedNeighbors(neighbors, distances.astype(np.float64))
    affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=index, n_jobs=threads)
    optimizer = TSNE(
        perplexity=perplexity,
        early_exaggeration_iter=_EARLY_STEPS,
        n_iter=_STEPS,
        n_jobs=threads,
        random_state=seed,
        callbacks=_Steps(report),
        callbacks_every_iters=_STEPS_PER_REPORT,
    )
    return np.asarray(optimizer.fit(affinities=affinities, initialization=_start(pca, seed)), dtype=np.float32)


def _threads(n: int) -> int:
    """The number of threads: one for few points, whose steps are too short to gain from more.

    Also one on macOS, where the OpenMP libraries of two packages can conflict.
    """
    return 1 if n < _MANY or sys.platform == "darwin" else config.cpu_threads()


def _start(pca: FloatArray, seed: int) -> DoubleArray:
    """Initial positions: much smaller than the final map, as t-SNE requires, with a little noise."""
    import numpy as np

    spread = float(pca[:, 0].std()) or 1.0
    noise = np.random.default_rng(seed).normal(scale=_START_NOISE, size=pca.shape)
    return _START_SPREAD * (pca.astype(np.float64) / spread + noise)


class _Steps:
    """The callback of openTSNE, called every few steps; returning true would end the work silently."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done = 0

    def __call__(self, iteration: int, error: float, embedding: DoubleArray) -> bool:
        self._done += _STEPS_PER_REPORT
        self._report(self._done / (_EARLY_STEPS + _STEPS))
        return False
