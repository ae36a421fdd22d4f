"""Neighbors -> 2D by t-SNE: the only home of openTSNE.

van der Maaten and Hinton, "Visualizing data using t-SNE", 2008; openTSNE: Poličar, Stražar and Zupan, 2024. It
starts from PCA, which keeps the large picture: Kobak and Berens, "The art of using t-SNE", 2019.
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

    The same input gives the same coordinates, whatever the number of threads: the forces on each point are added
    up by one thread.

    Args:
        neighbors: rows of each point's nearest others, int64 (n, 3 * perplexity).
        distances: how far they are, float32 of the same shape.
        pca: where the points start, float32 (n, 2), in any unit.
        perplexity: how many neighbors count, about; less than n / 3.
        seed: of the noise that keeps copies from starting in the same place, 1 % of the start's spread.
        report: told the share of steps that are done, in [0, 1]; what it raises ends the work.

    Raises:
        ValueError: there are not three neighbors for each unit of perplexity.
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
    """One for few points, whose steps are too short to be shared out where other programs want the same cores.

    One on macOS as well, where the OpenMP libraries of two packages can crash each other.
    """
    return 1 if n < _MANY or sys.platform == "darwin" else config.cpu_threads()


def _start(pca: FloatArray, seed: int) -> DoubleArray:
    """Much smaller than the map will be, as t-SNE needs it, with a little noise."""
    import numpy as np

    spread = float(pca[:, 0].std()) or 1.0
    noise = np.random.default_rng(seed).normal(scale=_START_NOISE, size=pca.shape)
    return _START_SPREAD * (pca.astype(np.float64) / spread + noise)


class _Steps:
    """What openTSNE calls every few steps; true would end its work without a word."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done = 0

    def __call__(self, iteration: int, error: float, embedding: DoubleArray) -> bool:
        self._done += _STEPS_PER_REPORT
        self._report(self._done / (_EARLY_STEPS + _STEPS))
        return False
