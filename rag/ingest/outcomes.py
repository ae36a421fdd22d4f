"""What an ingest reports: its progress, and an outcome for each file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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
