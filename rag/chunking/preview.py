"""Chunk preview: which parts of the text lie in which chunks, and a histogram of chunk sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Stretch:
    """text[start:end] of a document; `chunks` are the positions, in the list of chunks, of those that contain it."""

    start: int
    end: int
    chunks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SizeBin:
    """Number of chunks with `low` to `high` tokens, both included."""

    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """Chunk sizes in tokens; all zero and without bins if there are no chunks."""

    count: int
    minimum: int
    median: float
    maximum: int
    bins: tuple[SizeBin, ...]


def overlay(chunks: Sequence[Chunk], start: int, end: int) -> list[Stretch]:
    """Cut the document's text from `start` to `end` wherever a chunk begins or ends.

    Returns:
        Stretches without gaps, in order: each character from `start` to `end` is in exactly one.
    """
    inside = [(number, chunk) for number, chunk in enumerate(chunks) if chunk.start < end and chunk.end > start]
    edges = {start, end} | {edge for _, chunk in inside for edge in (chunk.start, chunk.end) if start < edge < end}
    opening = sorted(inside, key=lambda item: item[1].start)
    stretches: list[Stretch] = []
    held: list[tuple[int, Chunk]] = []
    bounds, taken = sorted(edges), 0
    for left, right in pairwise(bounds):
        while taken < len(opening) and opening[taken][1].start <= left:
            held.append(opening[taken])
            taken += 1
        held = [(number, chunk) for number, chunk in held if chunk.end > left]
        stretches.append(Stretch(left, right, tuple(sorted(number for number, _ in held))))
    return stretches


def size_summary(chunks: Sequence[Chunk], n_bins: int = 20) -> SizeSummary:
    """The chunks' sizes and their histogram, in at most `n_bins` bins of equal width from 0 to the largest."""
    sizes = [chunk.n_tokens for chunk in chunks]
    if not sizes:
        return SizeSummary(0, 0, 0.0, 0, ())
    width = max(sizes) // n_bins + 1
    counts = [0] * (max(sizes) // width + 1)
    for size in sizes:
        counts[size // width] += 1
    bins = tuple(SizeBin(i * width, (i + 1) * width - 1, count) for i, count in enumerate(counts))
    return SizeSummary(len(sizes), min(sizes), float(median(sizes)), max(sizes), bins)
