"""A grid: an exam's questions, the settings to compare, and what was measured with each of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.collection_run import KEPT_HITS
from rag.evaluation.grid.plan import GridPoint
from rag.evaluation.metrics import DEPTH
from rag.evaluation.passages import RankedHit
from rag.evaluation.questions import ExamQuestion
from rag.index.loading import chosen_index
from rag.store.collection import Collection


@dataclass(frozen=True, slots=True)
class GridConditions:
    """What the settings are compared on. `started` is the time in ISO 8601, in UTC.

    Attributes:
        generation: the state of the collection; it increases with every change of its documents.
        n_chunks: how many chunks the collection itself has.
        embedding_revision: the version of the collection's embedding model.
        index: the kind of index that the collection itself uses, such as "flat"; a grid always searches exactly.
        k: how many hits count.
    """

    exam: str
    collection: str
    collection_uid: str
    generation: int
    n_chunks: int
    embedding_revision: str
    index: str
    k: int
    started: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The answerable questions of an exam, and the settings that they are asked with; the first is the present one."""

    grid_id: str
    conditions: GridConditions
    questions: tuple[ExamQuestion, ...]
    points: tuple[GridPoint, ...]

    @property
    def depth(self) -> int:
        """How many hits of each question are kept: enough for all metrics."""
        return max(self.conditions.k, DEPTH)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document that could not be split, embedded or stored, and why, as a sentence."""

    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class BuildSeconds:
    """How long it took to fill a storage; the parts add up.

    Attributes:
        split: waiting for split documents; they are split while earlier ones are embedded.
        embed: computing embeddings, or reading them from the cache.
        store: writing documents, chunks and embeddings.
        index: indexing the words; exact search needs no index of the embeddings.
    """

    split: float
    embed: float
    store: float
    index: float

    @property
    def total(self) -> float:
        """All parts together."""
        return self.split + self.embed + self.store + self.index


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """What it costs to store the documents in one way.

    Attributes:
        embedding_revision: the version of the embedding model.
        n_tokens: tokens of all chunks; what chunks share counts in each.
        n_embedded: how many texts the model embedded; the strategy "semantic" embeds sentences as well.
        n_cached: how many embeddings came from the cache, or were those of an equal text.
        collection_bytes: the size of the collection's file: documents, chunks and embeddings.
        words_bytes: the size of the word index in files.
    """

    embedding_revision: str
    n_chunks: int
    n_tokens: int
    n_embedded: int
    n_cached: int
    seconds: BuildSeconds
    collection_bytes: int
    words_bytes: int
    left_out: tuple[LeftOut, ...] = ()

    @property
    def megabytes(self) -> float:
        """The collection's file and its word index on disk, in millions of bytes."""
        return (self.collection_bytes + self.words_bytes) / 1_000_000


@dataclass(frozen=True, slots=True)
class PointResult:
    """What one setting gave.

    Attributes:
        number: the place of the setting among the grid's points.
        rankings: by question id the first hits, best first, at most the grid's depth; they have no chunk ids.
        seconds: by question id the time to embed the question and to search.
    """

    number: int
    storage: StorageFacts
    rankings: dict[str, tuple[RankedHit, ...]]
    seconds: dict[str, float]


def new_grid(collection: Collection, exam: CollectionExam, points: tuple[GridPoint, ...], k: int) -> Grid:
    """A grid with the answerable questions of the exam, with the present time in its id.

    Raises:
        CollectionError: the collection cannot be read.
        ValueError: there is no point or no answerable question, or k is not from 1 to KEPT_HITS.
    """
    questions = tuple(question for question in exam.questions if question.is_answerable)
    if not points or not questions or not 1 <= k <= KEPT_HITS:
        raise ValueError(f"a grid needs a setting, an answerable question, and a k from 1 to {KEPT_HITS}")
    now = datetime.now(UTC)
    conditions = GridConditions(
        exam=exam.name,
        collection=collection.spec.name,
        collection_uid=collection.uid,
        generation=collection.generation(),
        n_chunks=collection.n_chunks(),
        embedding_revision=collection.spec.embedding.revision,
        index=chosen_index(collection).kind,
        k=k,
        started=now.isoformat(timespec="seconds"),
    )
    return Grid(f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", conditions, questions, points)


def notes_of(grid: Grid, results: dict[int, PointResult]) -> tuple[str, ...]:
    """What a reader of the results should know, as sentences."""
    notes, present = [], results.get(0)
    before = grid.conditions
    if present is not None and present.storage.n_chunks != before.n_chunks:
        notes.append(
            f"The present setting was measured on a copy with {present.storage.n_chunks:,} chunks; the collection "
            f"itself has {before.n_chunks:,}: its documents were split by an earlier version, or by other settings."
        )
    if present is not None and present.storage.embedding_revision != before.embedding_revision:
        notes.append(
            f"The embedding model has changed since the collection was made: from revision "
            f"{before.embedding_revision or 'unknown'} to {present.storage.embedding_revision or 'unknown'}. "
            "All settings were measured with the new one."
        )
    if before.index != "flat":
        notes.append(
            f"This collection is searched with an approximate index ({before.index}); the grid compares all chunks."
        )
    for left in dict.fromkeys(one for result in results.values() for one in result.storage.left_out):
        notes.append(f"'{left.document}' was left out in some settings: {left.reason}")
    return tuple(notes)
