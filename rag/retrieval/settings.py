"""Retrieval settings, the minimum similarity, and a note on questions that retrieval cannot answer completely."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag import config
from rag.errors import ExplorerError
from rag.types import Hit

Mode = Literal["dense", "hybrid", "keyword"]
_COUNTING = re.compile(
    r"\b(how many|how often|how much in total|number of|count(?:s|ed)?|list all|every single)\b", re.I
)


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
    mode: Mode = "dense"
    minimum: float = 0.0
    documents: tuple[str, ...] = ()
    relevance: float = 1.0
    budget: int = 0


def similar_enough(hits: Sequence[Hit], minimum: float) -> tuple[Hit, ...]:
    """The hits whose score, a cosine similarity, is at least the minimum.

    Raises:
        NothingFound: there are none; the message gives the highest similarity, if there are hits.
    """
    kept = tuple(hit for hit in hits if hit.score >= minimum)
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


def counting_note(question: str, n_read: int, n_chunks: int) -> str:
    """A warning if a question asks for a count or a complete list, but the model read only some passages; else empty.

    Args:
        n_read: how many passages the model was shown; 0 if no passages were used.
        n_chunks: how many chunks the collection has.
    """
    if not 0 < n_read < n_chunks or not _COUNTING.search(question):
        return ""
    was = "was" if n_read == 1 else "were"
    return f"Only {n_read} of {n_chunks:,} passages {was} read, so totals may be incomplete."
