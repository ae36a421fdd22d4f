"""Token contributions: a similarity split into the contributions of all pairs of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.embedding.token_vectors import Pooling, TokenEmbedder, TokenVectors
from rag.errors import ModelError
from rag.types import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray

    DoubleArray = NDArray[np.float64]

AGREES = 1e-4
"""Tolerance between the sum of contributions and the score, for a model in float32."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The contribution of token `left` of the first text and token `right` of the second to the similarity."""

    left: int
    right: int
    contribution: float


@dataclass(frozen=True, slots=True)
class TokenContributions:
    """A similarity, split by pairs of tokens.

    `contributions` float32 (n, m), positive or negative, belong to n tokens of the left text and m of the right; their
    sum is `total`. `cosine_of_embeddings` is the cosine of the two embeddings as the model computes them now,
    `stored_score` the score of the collection's stored vector, if known. If `is_exact`, the embeddings are the means of
    these token vectors, and the contributions explain the whole score; otherwise they explain the similarity of the
    means, which is an approximation. `note` tells the user which it is.
    """

    left: TokenVectors
    right: TokenVectors
    contributions: FloatArray
    total: float
    cosine_of_embeddings: float
    stored_score: float | None
    pooling: Pooling
    is_exact: bool
    note: str

    @property
    def left_sums(self) -> FloatArray:
        """Contribution of each token of the left text to the total, float32 (n,)."""
        import numpy as np

        sums: FloatArray = self.contributions.sum(axis=1, dtype=np.float64).astype(np.float32)
        return sums

    @property
    def right_sums(self) -> FloatArray:
        """Contribution of each token of the right text to the total, float32 (m,)."""
        import numpy as np

        sums: FloatArray = self.contributions.sum(axis=0, dtype=np.float64).astype(np.float32)
        return sums

    def top_pairs(self, k: int, *, with_special: bool = True) -> tuple[TokenPair, ...]:
        """The k pairs with the largest contributions, largest first; ties in the order of the texts."""
        import numpy as np

        rows = _shown(self.left, with_special)
        columns = _shown(self.right, with_special)
        shown = self.contributions[np.ix_(rows, columns)]
        best = np.argsort(-shown.ravel(), kind="stable")[: max(k, 0)].tolist()
        places = [divmod(place, len(columns)) for place in best]
        return tuple(TokenPair(rows[i], columns[j], float(shown[i, j])) for i, j in places)


def _shown(side: TokenVectors, with_special: bool) -> list[int]:
    return [i for i, is_special in enumerate(side.is_special) if with_special or not is_special]


def explain_score(
    embedder: Embedder, left: str, right: str, *, left_is_query: bool = True, stored_score: float | None = None
) -> TokenContributions:
    """Split the similarity of a query or chunk (left) and a chunk (right) by pairs of tokens.

    Args:
        left_is_query: whether the left text gets the model's query prefix; else the document prefix, like the right.
        stored_score: the score of the collection's stored vector, shown for comparison.

    Raises:
        ModelError: the model provides no token vectors, like all models of Ollama.
    """
    if not isinstance(embedder, TokenEmbedder):
        raise ModelError(
            f"'{embedder.spec.model_id}' provides one vector for a whole text and none for its tokens, so its "
            "scores cannot be split by tokens. Use a collection with a model that runs in this app, such as "
            "all-MiniLM-L6-v2."
        )
    (left_tokens,) = embedder.token_vectors([left], as_queries=left_is_query)
    (right_tokens,) = embedder.token_vectors([right])
    encode_left = embedder.encode_queries if left_is_query else embedder.encode_documents
    cosine = float(encode_left([left])[0] @ embedder.encode_documents([right])[0])
    contributions = token_contributions(left_tokens.vectors, right_tokens.vectors)
    total = float(contributions.sum())
    note = _sum_note(embedder, total, cosine if stored_score is None else stored_score)
    note = f"{note} {_cut_note(embedder, left, right)}".strip()
    return TokenContributions(
        left_tokens, right_tokens, contributions.astype("float32"), total, cosine, stored_score, embedder.pooling,
        embedder.pooling == "mean", note,
    )  # fmt: skip


def token_contributions(left: FloatArray, right: FloatArray) -> DoubleArray:
    """Contribution of each pair of token vectors to the cosine of their means, float64 (n, m); the sum is the cosine.

    The dot product of two means is the mean of all dot products: cos = sum_ij l_i.r_j / (n m |mean l| |mean r|).

    Args:
        left: float32 (n, d), n at least 1.
        right: float32 (m, d), m at least 1.

    Raises:
        ValueError: a text has no tokens.
    """
    import numpy as np

    if not len(left) or not len(right):
        raise ValueError(f"Both texts need tokens, but have {len(left)} and {len(right)}.")
    products: DoubleArray = _as_parts(left) @ _as_parts(right).T
    return np.asarray(products, dtype=np.float64)


def _as_parts(vectors: FloatArray) -> DoubleArray:
    """Scale the token vectors so that their sum is the unit vector of their mean."""
    import numpy as np

    doubles = vectors.astype(np.float64)
    length = float(np.linalg.norm(doubles.sum(axis=0)))
    return doubles / max(length, float(np.finfo(np.float32).tiny))


def _sum_note(embedder: TokenEmbedder, total: float, score: float) -> str:
    """The sum of the contributions, and the reason if it differs from the score."""
    if embedder.pooling == "mean" and abs(total - score) <= AGREES:
        return "This model's embedding is the mean of its tokens, so the pairs of tokens add up to the score."
    if embedder.pooling == "mean":
        return (
            "This model's embedding is the mean of its tokens. Computed now, in "
            f"{embedder.precision}, the pairs of tokens add up to {total:.4f}, and the score is {score:.4f}: "
            "rounding differs if a text is embedded at another time or in another batch."
        )
    how = "its first token alone" if embedder.pooling == "cls" else "more than the plain mean of its tokens"
    return (
        f"An approximation: this model's embedding is made of {how}. Shown is what the pairs of tokens contribute to "
        f"the similarity of the two means, which is {total:.4f}; the score is {score:.4f}."
    )


def _cut_note(embedder: TokenEmbedder, left: str, right: str) -> str:
    cut = [count > embedder.window for count in embedder.count_tokens([left, right])]
    if not any(cut):
        return ""
    which = "Both texts are" if all(cut) else "The first text is" if cut[0] else "The second text is"
    return f"{which} longer than the model reads: only the first {embedder.window} tokens count."
