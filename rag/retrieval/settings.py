"""How chunks are chosen for an answer, and what is to be said where none or too few are."""

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
    """No chunk is similar enough to the question to be given to a model."""


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """`k` chunks at most, found by meaning, words or both, of a cosine similarity of at least `minimum`,
    where that is above 0.

    `documents` are the names of those to search in; empty for all. `relevance` is the lambda of maximal marginal
    relevance: 1 ranks by score alone, less prefers passages that differ from one another. `budget` is how many tokens
    of passages the prompt may hold, as the answering model counts them; 0 for as many as fit.
    """

    k: int = config.DEFAULT_K
    mode: Mode = "dense"
    minimum: float = 0.0
    documents: tuple[str, ...] = ()
    relevance: float = 1.0
    budget: int = 0


def similar_enough(hits: Sequence[Hit], minimum: float) -> tuple[Hit, ...]:
    """The hits that reach the minimum.

    Raises:
        NothingFound: there are none; the message says how near the best came.
    """
    kept = tuple(hit for hit in hits if hit.score >= minimum)
    if kept:
        return kept
    if not hits:
        raise NothingFound(
            "Nothing was found for this question, so no model was asked. Use other words, or another way to search."
        )
    best = max(hit.score for hit in hits)
    raise NothingFound(
        f"The documents do not seem to cover this: the nearest passage has a similarity of {best:.2f}, and at least "
        f"{minimum:.2f} is asked for. No model was asked. Lower the minimum, or ask all the same."
    )


def counting_note(question: str, k: int) -> str:
    """A sentence where a question asks to count or to list all, which k passages cannot; else empty."""
    if k == 0 or not _COUNTING.search(question):
        return ""
    found = "1 passage that was" if k == 1 else f"{k} passages that were"
    return (
        f"This asks to count or to list. A model sees only the {found} found, not all documents: do not trust a total."
    )
