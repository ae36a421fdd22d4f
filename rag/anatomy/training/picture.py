"""The 2D picture of a training: principal components, turned so that the picture does not flip between snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.types import FloatArray


@dataclass(frozen=True, slots=True)
class View:
    """A flat view on vectors: (vectors - center) @ axes.

    Attributes:
        axes: two orthonormal directions, float32 (dimension, 2).
        center: float32 (dimension,).
    """

    axes: FloatArray
    center: FloatArray

    def of(self, vectors: FloatArray) -> FloatArray:
        """Coordinates float32 (n, 2) of vectors float32 (n, dimension), in the unit of the vectors."""
        import torch

        centered = torch.from_numpy(vectors) - torch.from_numpy(self.center)
        xy: FloatArray = (centered @ torch.from_numpy(self.axes)).numpy()
        return xy


def principal_view(vectors: FloatArray, near: FloatArray | None = None) -> View:
    """The view with the largest variance (PCA), turned within its plane.

    Args:
        vectors: float32 (n, dimension) with a dimension of 2 or more.
        near: coordinates float32 (n, 2) of an earlier picture. The view is turned or mirrored so that the sum of
            squared distances to them is smallest (orthogonal Procrustes, without scale). By default each axis points
            to where its largest share is positive.
    """
    import torch

    points = torch.from_numpy(vectors).double()
    center = points.mean(dim=0)
    around = points - center
    axes = torch.linalg.eigh(around.T @ around).eigenvectors[:, -2:].flip(1)
    if near is None:
        largest = axes.abs().argmax(dim=0)
        axes = axes * torch.sign(axes[largest, torch.arange(2)])
    else:
        earlier = torch.from_numpy(near).double()
        left, _, right = torch.linalg.svd((around @ axes).T @ (earlier - earlier.mean(dim=0)))
        axes = axes @ (left @ right)
    return View(axes.float().numpy(), center.float().numpy())
