"""Run an exam over a collection with several search settings, so that it can be cancelled and continued."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from rag import config
from rag.errors import CollectionError
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.collection_searches import CollectionSearches
from rag.evaluation.passages import RankedHit, ranked_hit
from rag.evaluation.questions import ExamQuestion
from rag.index.loading import chosen_index
from rag.retrieval.retrievers import Retriever
from rag.retrieval.settings import Mode
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Embedder

KEPT_HITS = 20
"""How many hits of each search are kept; the largest k."""
_SECONDS_BETWEEN_STORES = 0.5


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to search: by `mode`, for `k` passages, at most KEPT_HITS."""

    mode: Mode
    k: int = config.DEFAULT_K


@dataclass(frozen=True, slots=True)
class RunConditions:
    """What was searched, and how. `started` is the time in ISO 8601, in UTC.

    Attributes:
        generation: the state of the collection; it increases with every change of its documents.
        index: the kind of index that search by meaning used, such as "flat".
    """

    exam: str
    collection: str
    collection_uid: str
    generation: int
    n_chunks: int
    embedding_model: str
    embedding_revision: str
    chunking: ChunkingSpec
    index: str
    settings: tuple[Setting, ...]
    started: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one search gave for one question.

    `hits` are at most KEPT_HITS, best first; `weighing` says how meaning and words were weighted, as sentences, or is
    empty.
    """

    hits: tuple[RankedHit, ...]
    weighing: str = ""


@dataclass(frozen=True, slots=True)
class CollectionRun:
    """An exam's questions and the answers so far: by question id one ranking for each of the settings.

    `seconds` is the time that the answers took.
    """

    run_id: str
    conditions: RunConditions
    questions: tuple[ExamQuestion, ...]
    answers: dict[str, tuple[Ranking, ...]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def missing(self) -> tuple[ExamQuestion, ...]:
        """The questions that are not answered yet, in the exam's order."""
        return tuple(question for question in self.questions if question.question_id not in self.answers)

    @property
    def is_complete(self) -> bool:
        """Whether every question is answered."""
        return not self.missing


def new_run(collection: Collection, exam: CollectionExam, settings: tuple[Setting, ...]) -> CollectionRun:
    """A run without answers, with the present time in its id.

    Raises:
        CollectionError: the collection cannot be read.
        ValueError: there is no setting or no question, or a k is not from 1 to KEPT_HITS.
    """
    if not settings or not exam.questions or not all(1 <= setting.k <= KEPT_HITS for setting in settings):
        raise ValueError(f"a run needs a question, and settings with k from 1 to {KEPT_HITS}")
    now, embedding = datetime.now(UTC), collection.spec.embedding
    conditions = RunConditions(
        exam=exam.name,
        collection=collection.spec.name,
        collection_uid=collection.uid,
        generation=collection.generation(),
        n_chunks=collection.n_chunks(),
        embedding_model=embedding.model_id,
        embedding_revision=embedding.revision,
        chunking=collection.spec.chunking,
        index=chosen_index(collection).kind,
        settings=settings,
        started=now.isoformat(timespec="seconds"),
    )
    return CollectionRun(f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", conditions, exam.questions)


def answer_questions(
    run: CollectionRun,
    collection: Collection,
    model: Embedder,
    store: Callable[[CollectionRun], None],
    *,
    report: Callable[[float], None] = lambda _: None,
    store_every: float = _SECONDS_BETWEEN_STORES,
) -> CollectionRun:
    """Answer the questions that are missing, in the exam's order, and return the run with the answers.

    Args:
        model: the collection's embedding model.
        store: given the run so far, at the end and also if this ends early or fails; and after a question, unless
            less than `store_every` seconds have passed, so that a killed run loses little.
        report: given the share that is answered, in [0, 1]. An exception from it ends the run; so a task stops it.

    Raises:
        CollectionError: the collection cannot be read, or has changed since the run began.
        ModelMismatch: the collection was built with another embedding model.
        ModelError: the model's server does not answer.
    """
    stored_at = started = time.perf_counter()
    before, answers = run.seconds, dict(run.answers)

    def so_far() -> CollectionRun:
        return replace(run, answers=dict(answers), seconds=before + time.perf_counter() - started)

    try:
        require_unchanged(run, collection)
        searches = CollectionSearches.of(collection, model)
        for question in run.missing:
            report(len(answers) / len(run.questions))
            require_unchanged(run, collection)
            answers[question.question_id] = _answered(question, run, searches)
            if time.perf_counter() - stored_at >= store_every:
                store(so_far())
                stored_at = time.perf_counter()
    finally:
        ended = so_far()
        store(ended)
    return ended


def require_unchanged(run: CollectionRun, collection: Collection) -> None:
    """Raise CollectionError if documents of the collection changed since the run began."""
    if collection.uid != run.conditions.collection_uid or collection.generation() != run.conditions.generation:
        raise CollectionError(
            f"The documents of '{collection.spec.name}' have changed since this run began, so it cannot be continued. "
            "Its answers so far are kept. Start a new run."
        )


def _answered(question: ExamQuestion, run: CollectionRun, searches: CollectionSearches) -> tuple[Ranking, ...]:
    # Embedded once, and alone as on the Search page: in a batch, the last digits would depend on the other questions.
    prepared = searches.prepared([question.text])
    return tuple(_ranking(question, prepared.retriever(one.mode)) for one in run.conditions.settings)


def _ranking(question: ExamQuestion, retriever: Retriever) -> Ranking:
    found = retriever.retrieve(question.text, KEPT_HITS)
    return Ranking(tuple(map(ranked_hit, found)), found[0].weighing if found else "")
