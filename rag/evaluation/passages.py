"""Judge a ranking of chunks with gold passages, which are spans of documents.

A chunk is relevant to a passage if they share at least half of the shorter of the two. So the same questions can judge
collections with other chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.evaluation.metrics import DEPTH, hit_rate, measure, recall
from rag.evaluation.questions import GoldSpan
from rag.types import Finding, Hit

RECALL, NDCG, RECIPROCAL_RANK, HIT_RATE = "recall@k", f"ndcg@{DEPTH}", f"mrr@{DEPTH}", "hit_rate@k"
PASSAGE_METRICS = (NDCG, RECALL, RECIPROCAL_RANK, HIT_RATE)
"""The names of what `measure_passages` returns; k is the number of passages that a search gives."""


@dataclass(frozen=True, slots=True)
class RankedHit:
    """A chunk in a ranking: characters [start, end) of its document's text.

    `score` is its cosine similarity to the question; `found_by` has its rank and score in each search that counts.
    """

    chunk_id: int
    document: str
    start: int
    end: int
    score: float
    found_by: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedRanking:
    """A ranking in the form that `metrics.measure` takes: ids, best first, and the grades of the relevant ones."""

    ids: tuple[str, ...]
    grades: dict[str, int]


def ranked_hit(hit: Hit) -> RankedHit:
    """What is kept of a hit: everything except the chunk's text."""
    chunk = hit.chunk
    return RankedHit(chunk.chunk_id, hit.document_name, chunk.start, chunk.end, hit.score, hit.found_by)


def relevant_spans(spans: Sequence[GoldSpan]) -> tuple[GoldSpan, ...]:
    """The spans that answer the question: their grade is 1 or more."""
    return tuple(span for span in spans if span.grade > 0)


def is_relevant(hit: RankedHit, span: GoldSpan) -> bool:
    """Whether the chunk and the span share at least half of the characters of the shorter of the two."""
    if hit.document != span.document:
        return False
    shared = min(hit.end, span.end) - max(hit.start, span.start)
    return 0 < min(hit.end - hit.start, span.end - span.start) <= 2 * shared


def judged(hits: Sequence[RankedHit], spans: Sequence[GoldSpan]) -> JudgedRanking:
    """Each span counts at the first hit that is relevant to it; later hits of the same span add nothing.

    So a hit gets the id of the first relevant span that no earlier hit has found, else an id that no span has. If it
    finds several spans at once, they count as one passage with the highest of their grades: one chunk cannot stand at
    two ranks.
    """
    waiting = {str(number): span for number, span in enumerate(relevant_spans(spans))}
    grades, ids = {name: span.grade for name, span in waiting.items()}, []
    for rank, hit in enumerate(hits, start=1):
        found = [name for name, span in waiting.items() if is_relevant(hit, span)]
        if not found:
            ids.append(f"hit {rank}")
            continue
        ids.append(found[0])
        grades[found[0]] = max(waiting.pop(name).grade for name in found)
        for name in found[1:]:
            del grades[name]
    return JudgedRanking(tuple(ids), grades)


def measure_passages(hits: Sequence[RankedHit], spans: Sequence[GoldSpan], k: int) -> dict[str, float]:
    """The PASSAGE_METRICS of a ranking, by name, each in [0, 1].

    nDCG and reciprocal rank look at the first 10 hits, recall and hit rate at the first k.

    Args:
        hits: best first, at least max(k, 10) of them if there are as many.

    Raises:
        ValueError: no span is relevant, so there is nothing to measure.
    """
    ranking = judged(hits, spans)
    if not ranking.grades:
        raise ValueError("a question without a relevant passage cannot be measured")
    figures = measure(ranking.ids, ranking.grades)
    return {
        NDCG: figures[NDCG],
        RECALL: recall(ranking.ids, ranking.grades, k),
        RECIPROCAL_RANK: figures[RECIPROCAL_RANK],
        HIT_RATE: hit_rate(ranking.ids, ranking.grades, k),
    }


def first_rank(hits: Sequence[RankedHit], spans: Sequence[GoldSpan]) -> int | None:
    """The rank, from 1, of the first hit that is relevant to any of the spans; None if there is none."""
    wanted = relevant_spans(spans)
    ranks = (rank for rank, hit in enumerate(hits, start=1) if any(is_relevant(hit, span) for span in wanted))
    return next(ranks, None)
