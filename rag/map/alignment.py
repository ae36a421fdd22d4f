"""Alignment: transform one layout onto another, so that common points lie as close as possible (Procrustes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray

    DoubleArray = NDArray[np.float64]

_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Alignment:
    """A similarity transform: xy -> scale * xy @ rotation + translation.

    `rotation` is orthogonal float64 (d, d), a reflection if its determinant is -1; `translation` float64 (d,).
    `disparity` in [0, 1] is the remaining sum of squared distances between the layouts, as a share of the fixed
    layout's variance (the term of scipy.spatial.procrustes): 0 is a perfect fit, 1 is no fit. The scale is the ratio
    of the two spreads times sqrt(1 - disparity), so a poorly fitting layout becomes smaller than the fixed one.
    """

    rotation: DoubleArray
    scale: float
    translation: DoubleArray
    disparity: float

    def apply(self, xy: FloatArray) -> FloatArray:
        """Transformed coordinates float32 (n, d)."""
        import numpy as np

        moved = self.scale * (xy.astype(np.float64) @ self.rotation) + self.translation
        return moved.astype(np.float32)


def align(moving: FloatArray, fixed: FloatArray, weights: FloatArray | None = None) -> Alignment:
    """Reflect, rotate, scale and move one layout to minimize its squared distances to the other (Procrustes).

    Schönemann, "A generalized solution of the orthogonal Procrustes problem", 1966; with scale and translation
    Schönemann and Carroll, 1970. A reflection is used only if it fits better than a rotation.

    Args:
        moving: the layout to transform, float32 (n, 2), or (n, 3); row i is the same chunk in both.
        fixed: the layout to approach, of the same shape.
        weights: the weight of each row, float32 (n,), not negative; equal by default.

    Returns:
        The transform; the identity if either layout has fewer than two different points among the weighted rows, or if
        no rotation brings the two closer.

    Raises:
        ValueError: the shapes differ, or a weight is negative.
    """
    import numpy as np

    shares = _shares(moving, fixed, weights)
    if not (_is_spread(moving, shares) and _is_spread(fixed, shares)):
        return _identity(moving.shape[1])
    moving_center, moved, moving_spread = _centered(moving, shares)
    fixed_center, target, fixed_spread = _centered(fixed, shares)
    left, sizes, right = np.linalg.svd((moved * shares[:, None]).T @ target)
    likeness = float(sizes.sum()) / (moving_spread * fixed_spread) ** 0.5
    if likeness <= _EPSILON:
        return _identity(moving.shape[1])
    if sizes[-1] <= _EPSILON * sizes[0] and np.linalg.det(left @ right) < 0:
        right[-1] *= -1.0
    rotation, scale = left @ right, likeness * (fixed_spread / moving_spread) ** 0.5
    translation = fixed_center - scale * (moving_center @ rotation)
    return Alignment(rotation, scale, translation, max(0.0, 1.0 - likeness**2))


def _shares(moving: FloatArray, fixed: FloatArray, weights: FloatArray | None) -> DoubleArray:
    """The weights as shares that sum to 1, float64 (n,); all 0 if no row has a weight."""
    import numpy as np

    counts = np.ones(len(moving)) if weights is None else weights.astype(np.float64)
    if moving.shape != fixed.shape or counts.shape != moving.shape[:1]:
        shapes = f"{moving.shape}, {fixed.shape} and {counts.shape}"
        raise ValueError(f"Two layouts (n, d) and n weights must match in shape, got {shapes}.")
    if (counts < 0).any():
        raise ValueError(f"Weights must be 0 or more, got a smallest weight of {counts.min()}.")
    total = counts.sum()
    return np.divide(counts, total) if total > 0 else counts


def _is_spread(layout: FloatArray, shares: DoubleArray) -> bool:
    """Whether the weighted rows contain two different points."""
    import numpy as np

    counted = layout[shares > 0]
    return bool(len(counted) and np.ptp(counted, axis=0).max() > 0)


def _centered(layout: FloatArray, shares: DoubleArray) -> tuple[DoubleArray, DoubleArray, float]:
    """The center float64 (d,), the layout around it float64 (n, d), and its mean squared distance from it."""
    center = shares @ layout
    around = layout - center
    return center, around, float(shares @ (around**2).sum(axis=1))


def _identity(n_axes: int) -> Alignment:
    import numpy as np

    return Alignment(np.eye(n_axes), 1.0, np.zeros(n_axes), 0.0)
