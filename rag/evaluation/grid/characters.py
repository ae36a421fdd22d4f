"""Recall, precision and IoU of retrieved text in characters: how much of the expected passages the first k hits hold.

The rank of a chunk says nothing about its size: a chunk of a whole chapter is relevant, and most of it is not needed.
Defined for tokens by Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024); characters
do not depend on a model's tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.evaluation.passages import RankedHit, relevant_spans
from rag.evaluation.questions import GoldSpan

SPAN_RECALL, SPAN_PRECISION, IOU = "span_recall@k", "span_precision@k", "iou@k"
CHARACTER_METRICS = (SPAN_RECALL, SPAN_PRECISION, IOU)
"""The names of what `measure_characters` returns."""

Interval = tuple[int, int]
"""Characters [start, end) of a document's text."""


@dataclass(frozen=True, slots=True)
class CharacterCounts:
    """Numbers of characters.

    Attributes:
        gold: in the relevant spans; where spans overlap, each character counts once.
        read: in the chunks; where chunks overlap, a character counts as often as it is read.
        covered: of the relevant spans, in any chunk; each character counts once.
    """

    gold: int
    read: int
    covered: int


def measure_characters(hits: Sequence[RankedHit], spans: Sequence[GoldSpan], k: int) -> dict[str, float]:
    """The CHARACTER_METRICS of the first k hits, by name, each in [0, 1].

    Recall is covered / gold, precision is covered / read, and IoU (intersection over union) is
    covered / (gold + read - covered). Without any hit, all are 0.

    Raises:
        ValueError: no span is relevant, so there is nothing to measure.
    """
    counts = count_characters(hits[:k], spans)
    if not counts.gold:
        raise ValueError("a question without a relevant passage cannot be measured")
    return {
        SPAN_RECALL: counts.covered / counts.gold,
        SPAN_PRECISION: counts.covered / counts.read if counts.read else 0.0,
        IOU: counts.covered / (counts.gold + counts.read - counts.covered),
    }


def count_characters(hits: Sequence[RankedHit], spans: Sequence[GoldSpan]) -> CharacterCounts:
    """The numbers of characters in the relevant spans, in the hits, and in both."""
    gold = covered = 0
    relevant = relevant_spans(spans)
    for document in dict.fromkeys(span.document for span in relevant):
        wanted = merged((span.start, span.end) for span in relevant if span.document == document)
        found = merged((hit.start, hit.end) for hit in hits if hit.document == document)
        gold += sum(end - start for start, end in wanted)
        covered += sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in wanted for b in found)
    return CharacterCounts(gold, sum(hit.end - hit.start for hit in hits), covered)


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same characters as intervals that do not touch, in ascending order."""
    whole: list[Interval] = []
    for start, end in sorted(intervals):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole
