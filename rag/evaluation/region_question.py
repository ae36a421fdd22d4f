"""A question that a person writes for a region of the map: the chunk that stands for the region, and the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.evaluation.drafting.draft import question_key
from rag.evaluation.questions import QUOTED, ExamQuestion, GoldSpan
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

WRITTEN_KIND = "written"
_DECIMALS = 6


def by_centrality(vectors: FloatArray) -> IntArray:
    """The rows by their mean cosine similarity to all others, int64 (n,), highest first; ties go to the smaller row.

    Args:
        vectors: unit vectors, float32 (n, dimension).
    """
    import numpy as np

    # The similarity to itself is 1 for every row, so it changes no order. Copies differ in the last digits.
    to_all = vectors @ vectors.mean(axis=0, dtype=np.float64).astype(np.float32) if len(vectors) else np.empty(0)
    return np.argsort(-np.round(to_all, _DECIMALS), kind="stable").astype(np.int64)


def written_question(chunk: Chunk, document_name: str, text: str) -> ExamQuestion:
    """A question with the whole chunk as its expected passage; spaces and line breaks in the text become one space.

    Raises:
        ValueError: the text is empty.
    """
    asked = " ".join(text.split())
    if not asked:
        raise ValueError("A question needs a text")
    span = GoldSpan(document_name, chunk.start, chunk.end, 1, chunk.text[:QUOTED])
    return ExamQuestion(question_key(WRITTEN_KIND, asked, span), asked, (span,), WRITTEN_KIND, "written")
