"""Vector arithmetic: add and subtract the embeddings of texts, and interpolate between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import ExplorerError
from rag.neighbors.search import Neighbors, find
from rag.types import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    DoubleArray = NDArray[np.float64]

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Step:
    """One interpolation step: its position from 0 to 1, and the chunks nearest to it."""

    share: float
    neighbors: Neighbors


def text_arithmetic(embedder: Embedder, text: str, minus: str = "", plus: str = "") -> FloatArray:
    """The embedding of text - minus + plus, a unit vector float32 (dimension,); a blank `minus` or `plus` is left out.

    Raises:
        ExplorerError: the text is blank, or the vectors cancel each other out.
        ModelError: the embedding model fails.
    """
    if not text.strip():
        raise ExplorerError("The first text is empty. Type one in the first field.")
    given = [part for part in (text, minus, plus) if part.strip()]
    vectors = dict(zip(given, embedder.encode_queries(given), strict=True))
    return combine(vectors[text], vectors.get(minus), vectors.get(plus))


def combine(vector: FloatArray, minus: FloatArray | None = None, plus: FloatArray | None = None) -> FloatArray:
    """vector - minus + plus, normalized, float32 (dimension,).

    Its nearest vectors by cosine are those of 3CosAdd (Mikolov, Yih and Zweig, "Linguistic regularities in continuous
    space word representations", 2013), known from king - man + woman.

    Args:
        vector: a unit vector float32 (dimension,), like the other two.

    Raises:
        ExplorerError: the three cancel each other out.
    """
    import numpy as np

    total = vector.astype(np.float64)
    if minus is not None:
        total = total - minus
    if plus is not None:
        total = total + plus
    if np.linalg.norm(total) < _EPSILON:
        raise ExplorerError("The texts cancel each other out, so the result has no direction. Change one of them.")
    return _unit(total).astype(np.float32)


def between(a: FloatArray, b: FloatArray, share: float) -> FloatArray:
    """The unit vector a `share` of the way along the great circle from a to b, float32 (dimension,).

    Spherical interpolation (Shoemake, "Animating rotation with quaternion curves", 1985). Between opposite vectors
    all paths are equally short: the path then passes through the coordinate axis farthest from both.

    Args:
        a, b: unit vectors float32 (dimension,), of two dimensions or more.
        share: 0 is a, 1 is b.

    Raises:
        ValueError: share is not from 0 to 1.
    """
    import numpy as np

    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share must be from 0 to 1, and is {share}.")
    start, end = _unit(a.astype(np.float64)), _unit(b.astype(np.float64))
    aside = end - (start @ end) * start
    angle = float(np.arctan2(np.linalg.norm(aside), start @ end))
    if np.linalg.norm(aside) < _EPSILON:
        axis = np.eye(len(start))[np.abs(start).argmin()]
        aside = axis - (start @ axis) * start
    turned = np.cos(share * angle) * start + np.sin(share * angle) * _unit(aside)
    return _unit(turned).astype(np.float32)


def walk(
    a: FloatArray, b: FloatArray, ids: IntArray, vectors: FloatArray, *, n_steps: int = 7, k: int = 3
) -> tuple[Step, ...]:
    """The k chunks nearest to each of n evenly spaced vectors from a to b, including both ends.

    Args:
        a, b: unit vectors float32 (dimension,).
        ids: int64 (n,), ascending.
        vectors: the chunks' unit vectors float32 (n, dimension).

    Raises:
        ValueError: n_steps is below 2, or k below 1.
    """
    if n_steps < 2:
        raise ValueError(f"n_steps must be 2 or more, and is {n_steps}.")
    shares = [step / (n_steps - 1) for step in range(n_steps)]
    return tuple(Step(share, find(ids, vectors, between(a, b, share), k)) for share in shares)


def _unit(vector: DoubleArray) -> DoubleArray:
    import numpy as np

    unit: DoubleArray = vector / np.linalg.norm(vector)
    return unit
