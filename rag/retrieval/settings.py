"""Retrieval settings, and the minimum similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag import config
from rag.errors import ExplorerError
from rag.types import Hit

Mode = Literal["dense", "hybrid", "keyword"]


class NothingFound(ExplorerError):
    """No chunk reaches the minimum similarity, so there is nothing to give to a model."""


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """Which chunks are retrieved for a question, and how many of them the prompt may hold.

    Attributes:
        k: how many chunks at most.
        mode: search by meaning (dense), by words (keyword), or by both (hybrid).
        minimum: the minimum cosine similarity to the question; 0 for no minimum.
        documents: the names of the documents to search in; empty for all.
        relevance: the lambda of maximal marginal relevance, in [0, 1]. 1 ranks by score alone; lower values prefer
            passages that differ from each other.
        budget: the token limit for all passages together, counted by the answering model; 0 for no limit except its
            context window.
    """

    k: int = config.DEFAULT_K
    mode: Mode = "hybrid"
    minimum: float = 0.0
    documents: tuple[str, ...] = ()
    relevance: float = 1.0
    budget: int = 0


def similar_enough(hits: Sequence[Hit], minimum: float) -> tuple[Hit, ...]:
    """The hits whose score, a cosine similarity, is at least the minimum, and those that a label puts first.

    Raises:
        NothingFound: there are none; the message gives the highest similarity, if there are hits.
    """
    kept = tuple(hit for hit in hits if hit.score >= minimum or hit.label)
    if kept:
        return kept
    if not hits:
        raise NothingFound(
            "Nothing was found for this question, so no model was asked. Use other words or another search mode."
        )
    best = max(hit.score for hit in hits)
    raise NothingFound(
        f"The documents do not seem to cover this: the best passage has a similarity of {best:.2f}, and the minimum is "
        f"{minimum:.2f}. No model was asked. Lower the minimum, or choose 'Answer anyway'."
    )
