"""The score receipt: which pairs of tokens a similarity is made of."""

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
"""How near the contributions of a model in float32 come to the score that they add up to."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The part of a similarity that token `left` of the first text and token `right` of the second have together."""

    left: int
    right: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """A similarity, token pair by token pair.

    `contributions` float32 (n, m), of either sign, belong to n tokens of the left text and m of the right; they add
    up to `total`. `cosine_of_embeddings` is that of the two embeddings as the model makes them now, `stored_score`
    the one that a collection's vector gave, where it is known. `is_exact` says that the embeddings are means of these
    token vectors, so that the contributions are all there is; where they are not, these are those of the means, an
    approximation. `note` says this to the person, with what else to know.
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
        """What each token of the left text adds to the total, float32 (n,)."""
        import numpy as np

        sums: FloatArray = self.contributions.sum(axis=1, dtype=np.float64).astype(np.float32)
        return sums

    @property
    def right_sums(self) -> FloatArray:
        """What each token of the right text adds to the total, float32 (m,)."""
        import numpy as np

        sums: FloatArray = self.contributions.sum(axis=0, dtype=np.float64).astype(np.float32)
        return sums

    def top_pairs(self, k: int, *, with_special: bool = True) -> tuple[TokenPair, ...]:
        """The k pairs with the largest contributions, largest first; equal ones in the order of the texts."""
        import numpy as np

        rows = _shown(self.left, with_special)
        columns = _shown(self.right, with_special)
        shown = self.contributions[np.ix_(rows, columns)]
        best = np.argsort(-shown.ravel(), kind="stable")[: max(k, 0)].tolist()
        places = [divmod(place, len(columns)) for place in best]
        return tuple(TokenPair(rows[i], columns[j], float(shown[i, j])) for i, j in places)


def _shown(side: TokenVectors, with_special: bool) -> list[int]:
    return [i for i, is_special in enumerate(side.is_special) if with_special or not is_special]


def score_receipt(
    embedder: Embedder, left: str, right: str, *, left_is_query: bool = True, stored_score: float | None = None
) -> Receipt:
    """The receipt of the similarity of a query, or another chunk, and a chunk.

    Args:
        left_is_query: whether the left text gets the model's query prefix, or its document prefix as the right one.
        stored_score: the score that the collection's own vector has, to be shown beside.

    Raises:
        ModelError: the model gives no token vectors, as Ollama's do not.
    """
    if not isinstance(embedder, TokenEmbedder):
        raise ModelError(
            f"'{embedder.spec.model_id}' gives one vector for a whole text and none for its tokens, so its scores "
            "cannot be taken apart. Use a collection with a model that runs in this program, such as all-MiniLM-L6-v2."
        )
    (left_tokens,) = embedder.token_vectors([left], as_queries=left_is_query)
    (right_tokens,) = embedder.token_vectors([right])
    encode_left = embedder.encode_queries if left_is_query else embedder.encode_documents
    cosine = float(encode_left([left])[0] @ embedder.encode_documents([right])[0])
    contributions = token_contributions(left_tokens.vectors, right_tokens.vectors)
    total = float(contributions.sum())
    note = _sum_note(embedder, total, cosine if stored_score is None else stored_score)
    note = f"{note} {_cut_note(embedder, left, right)}".strip()
    return Receipt(
        left_tokens, right_tokens, contributions.astype("float32"), total, cosine, stored_score, embedder.pooling,
        embedder.pooling == "mean", note,
    )  # fmt: skip


def token_contributions(left: FloatArray, right: FloatArray) -> DoubleArray:
    """What each pair of token vectors has in the cosine of their two means, float64 (n, m); it is their sum.

    The dot product of two means is the mean of all dot products: cos = sum_ij l_i.r_j / (n m |mean l| |mean r|).

    Args:
        left: float32 (n, d), n at least 1.
        right: float32 (m, d), m at least 1.

    Raises:
        ValueError: a text has no tokens.
    """
    import numpy as np

    if not len(left) or not len(right):
        raise ValueError(f"Both texts need tokens, and have {len(left)} and {len(right)}.")
    products: DoubleArray = _as_parts(left) @ _as_parts(right).T
    return np.asarray(products, dtype=np.float64)


def _as_parts(vectors: FloatArray) -> DoubleArray:
    """The token vectors scaled so that they add up to the unit vector of their mean."""
    import numpy as np

    doubles = vectors.astype(np.float64)
    length = float(np.linalg.norm(doubles.sum(axis=0)))
    return doubles / max(length, float(np.finfo(np.float32).tiny))


def _sum_note(embedder: TokenEmbedder, total: float, score: float) -> str:
    """What the contributions add up to, and why this is not the score where it is not."""
    if embedder.pooling == "mean" and abs(total - score) <= AGREES:
        return "This model's embedding is the mean of its tokens, so the pairs of tokens add up to the score."
    if embedder.pooling == "mean":
        return (
            "This model's embedding is the mean of its tokens. Computed now, in "
            f"{embedder.precision}, the pairs of tokens add up to {total:.4f}, and the score is {score:.4f}: a text "
            "embedded at another time or beside others is rounded otherwise."
        )
    how = "its first token alone" if embedder.pooling == "cls" else "more than the plain mean of its tokens"
    return (
        f"An approximation: this model's embedding is made of {how}. Shown is what the pairs of tokens add to the "
        f"similarity of the two means, which is {total:.4f}; the score is {score:.4f}."
    )


def _cut_note(embedder: TokenEmbedder, left: str, right: str) -> str:
    cut = [count > embedder.window for count in embedder.count_tokens([left, right])]
    if not any(cut):
        return ""
    which = "Both texts are" if all(cut) else "The first text is" if cut[0] else "The second text is"
    return f"{which} longer than the model reads: only the first {embedder.window} tokens count."
