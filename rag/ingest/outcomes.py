"""What an ingest reports: its progress, and an outcome for each file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from rag.runtime.events import IngestFinished, log_event

Outcome = Literal["added", "replaced", "unchanged", "empty", "failed"]
IN_COLLECTION: tuple[Outcome, ...] = ("added", "replaced", "unchanged")
"""The outcomes after which a file's chunks are in the collection."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """Result of ingesting one file.

    `reason` is a sentence for the user: why a file is empty or failed, otherwise a note, or nothing. `size` is the
    file's size in bytes, `chunks` the number of its stored chunks; it is 0 for an empty or failed file, even if an
    earlier version of it stays in the collection.
    """

    path: str
    outcome: Outcome
    reason: str
    chunks: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A progress report of an ingest: a file (or archive) and what is done with it.

    `chunks_embedded` and `size_embedded` count what was embedded since the previous report: chunks, and their share of
    their files' bytes. `pages` are those of a PDF that were read, and all its pages.
    """

    stage: Literal["reading", "embedding", "storing", "indexing"]
    name: str
    chunks_embedded: int = 0
    size_embedded: float = 0.0
    pages: tuple[int, int] | None = None


Report = Callable[[Progress], None]
"""Called at each step of an ingest, from two threads."""


def no_report(progress: Progress) -> None:
    """Default progress report: does nothing."""


def logged(collection: str, outcomes: Iterator[FileOutcome], n_files: int) -> Iterator[FileOutcome]:
    """The same outcomes; at their end, or where they are broken off, the event log gets their figures.

    Args:
        collection: the id of the collection.
        n_files: how many outcomes there are if nothing is stopped; archives may have more.
    """
    started = time.perf_counter()
    count: Counter[Outcome] = Counter()
    chunks = n_bytes = 0
    try:
        for outcome in outcomes:
            count[outcome.outcome] += 1
            chunks += outcome.chunks if outcome.outcome in ("added", "replaced") else 0
            n_bytes += outcome.size
            yield outcome
    finally:
        log_event(
            IngestFinished(
                collection, count["added"], count["replaced"], count["unchanged"], count["empty"], count["failed"],
                chunks, n_bytes, time.perf_counter() - started, count.total() >= n_files,
            )
        )  # fmt: skip
