"""Coverage of a collection by a run: how many questions found each chunk, and which questions failed.

A chunk is found by a question if it is among the first k results of any search of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.evaluation.collection_run import KEPT_HITS, CollectionRun
from rag.evaluation.questions import ExamQuestion, GoldSpan
from rag.evaluation.run_comparison import ranks_of, retrieved_counts
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.types import IntArray

_FEWEST_OF_A_HUB = 3
"""A chunk that fewer questions found is no hub, however rarely the others were found."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many questions found each chunk: `counts` int64 (n,), of `n_asked` questions.

    From `hub_from` questions on, a chunk is a hub.
    """

    counts: IntArray
    n_asked: int
    hub_from: int

    @property
    def n_not_found(self) -> int:
        """How many chunks no question found."""
        return int((self.counts == 0).sum())

    @property
    def n_hubs(self) -> int:
        """How many chunks are hubs."""
        return int((self.counts >= self.hub_from).sum())


@dataclass(frozen=True, slots=True)
class FailedQuestion:
    """A question whose expected passage at least one search does not have among its first k.

    `ranks` has the rank of the passage for each setting of the run; None if it is not among the kept hits.
    """

    question: ExamQuestion
    ranks: tuple[int | None, ...]

    @property
    def worst(self) -> int:
        """The place of the setting with the worst rank, the first of several."""
        ranks = [rank or KEPT_HITS + 1 for rank in self.ranks]
        return ranks.index(max(ranks))


def coverage_of(run: CollectionRun, chunk_ids: IntArray) -> Coverage:
    """How often the answered questions of a run found these chunks, in all its searches together.

    A hub is found by more questions than the mean plus two standard deviations over these chunks, and by at least 3.
    It is the definition of Radovanović, Nanopoulos and Ivanović, "Hubs in space", JMLR 2010, with the questions of the
    exam in place of the other chunks; `rag.neighbors.data_quality.hubs` counts those.

    Args:
        chunk_ids: int64 (n,).
    """
    import numpy as np

    found = retrieved_counts(run, range(len(run.conditions.settings)))
    counts = np.array([found.get(chunk_id, 0) for chunk_id in chunk_ids.tolist()], dtype=np.int64)
    limit = float(counts.mean() + 2 * counts.std()) if len(counts) else 0.0
    return Coverage(counts, len(run.answers), max(_FEWEST_OF_A_HUB, int(limit) + 1))


def failed_questions(run: CollectionRun) -> tuple[FailedQuestion, ...]:
    """The answered questions that failed in at least one search, those with the worst ranks first."""
    k = [setting.k for setting in run.conditions.settings]
    failed = []
    for question in run.questions:
        if question.question_id not in run.answers or not question.is_answerable:
            continue
        ranks = ranks_of(run, question)
        if any(rank is None or rank > most for rank, most in zip(ranks, k, strict=True)):
            failed.append(FailedQuestion(question, ranks))
    return tuple(sorted(failed, key=_badness))


def questions_that_found(run: CollectionRun, chunk_id: int) -> tuple[ExamQuestion, ...]:
    """The answered questions for which this chunk is among the first k of any search, in the exam's order."""
    return tuple(
        question
        for question in run.questions
        if any(
            hit.chunk_id == chunk_id
            for ranking, setting in zip(
                run.answers.get(question.question_id, ()), run.conditions.settings, strict=False
            )
            for hit in ranking.hits[: setting.k]
        )
    )


def chunk_with(chunks: Sequence[Chunk], span: GoldSpan) -> Chunk | None:
    """The chunk that shares the most characters with a span of the same document; None if none shares any."""
    shared = [min(chunk.end, span.end) - max(chunk.start, span.start) for chunk in chunks]
    best = max(range(len(chunks)), key=shared.__getitem__, default=-1)
    return chunks[best] if best >= 0 and shared[best] > 0 else None


def _badness(failed: FailedQuestion) -> list[int]:
    """Sorts the questions with the worst ranks first."""
    return sorted(-(rank or KEPT_HITS + 1) for rank in failed.ranks)
