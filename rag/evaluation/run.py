"""Run an exam: its documents in a temporary collection, searched as the app searches, and the metrics that follow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.evaluation.beir import Exam
from rag.evaluation.exam_collection import SplitDocument, exam_collection, split_documents, whole_documents
from rag.evaluation.metrics import DEPTH, METRICS, measure
from rag.evaluation.prepared_queries import PreparedQueries
from rag.evaluation.significance import bootstrap_interval
from rag.retrieval.loading import load_retriever
from rag.retrieval.settings import Mode
from rag.types import ChunkingSpec, Embedder, EmbeddingSpec

if TYPE_CHECKING:
    from rag.embedding.cached import PreciseEmbedder
    from rag.retrieval.retrievers import Retriever
    from rag.types import FloatArray

NO_MODEL = EmbeddingSpec("", "", 1)
"""In place of a model where only words are searched."""
_DOCUMENTS_AT_ONCE = 1024
_QUERIES_AT_ONCE = 100
"""After so many documents embedded, or queries answered, the progress is reported."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What was evaluated, and how; the model's names are empty if only words were searched.

    Attributes:
        exam: the exam's name.
        embedding_revision: the version of the model's files.
        precision: the number format of the model: "float32", "bfloat16" or "as served".
        k: how many documents of each ranking count.
        chunking: how the documents were split; None if each was searched as a whole.
    """

    exam: str
    mode: Mode
    embedding_model: str
    embedding_revision: str
    precision: str
    k: int = DEPTH
    chunking: ChunkingSpec | None = None


@dataclass(frozen=True, slots=True)
class MeanFigure:
    """The mean of a metric over the queries, and its 95 % bootstrap interval; all in [0, 1]."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ExamRun:
    """The result of an exam.

    Attributes:
        per_query: the METRICS of each query with a relevant document, by query id and metric.
        means: the mean of each metric over these queries.
        n_documents: how many documents were searched.
        n_left_out: how many queries have no relevant document; they are not in the means.
        seconds: the time for everything except reading the exam and loading the model.
    """

    settings: RunSettings
    per_query: dict[str, dict[str, float]]
    means: dict[str, MeanFigure]
    n_documents: int
    n_left_out: int
    seconds: float


def run_exam(
    exam: Exam,
    mode: Mode,
    embedder: PreciseEmbedder | None,
    report: Callable[[str], None] = lambda _: None,
    *,
    chunking: ChunkingSpec | None = None,
) -> ExamRun:
    """Search for every judged query of the exam, and measure the rankings. No collection of the user is touched.

    Args:
        embedder: the model, with the app's cache of vectors; only "keyword" over whole documents needs none.
        report: is given a sentence after each part of the work.
        chunking: how to split the documents; each has the rank of its best chunk then. None searches them whole.

    Raises:
        CollectionError: the temporary collection cannot be written.
        DocumentError: the chunking does not fit a document or the model.
        ModelError: the model's server does not answer.
        ValueError: the mode or the chunking needs a model, and none was given.
    """
    started = time.perf_counter()
    if embedder is None and (chunking or mode != "keyword"):
        raise ValueError(f"the mode {mode} needs an embedding model")
    model = None if mode == "keyword" else embedder
    documents = split_documents(exam, chunking, embedder) if chunking and embedder else whole_documents(exam)
    vectors = _embedded(documents, model, report)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        collection = exam_collection(Path(folder), documents, vectors, model.spec if model else NO_MODEL)
        queries = PreparedQueries(model, [exam.queries[query] for query in exam.judged]) if model else None
        per_query = _figures(exam, load_retriever(collection, mode, queries), report)
    spec = model.spec if model else NO_MODEL
    precision = model.precision if model else ""
    settings = RunSettings(exam.name, mode, spec.model_id, spec.revision, precision, chunking=chunking)
    means = {metric: mean_figure([figures[metric] for figures in per_query.values()]) for metric in METRICS}
    seconds = time.perf_counter() - started
    return ExamRun(settings, per_query, means, len(exam.documents), exam.n_left_out, seconds)


def _embedded(documents: Sequence[SplitDocument], model: Embedder | None, report: Callable[[str], None]) -> FloatArray:
    """The vectors of all chunks, float32 (n, dimension); without a model, n times the same."""
    import numpy as np

    texts = [chunk.embedded_text for one in documents for chunk in one.chunks]
    what = "documents" if all(len(one.chunks) == 1 for one in documents) else "chunks"
    if model is None or not texts:
        return np.ones((len(texts), model.spec.dimension if model else NO_MODEL.dimension), dtype=np.float32)
    parts = []
    for start in range(0, len(texts), _DOCUMENTS_AT_ONCE):
        parts.append(model.encode_documents(texts[start : start + _DOCUMENTS_AT_ONCE]))
        report(f"{min(start + _DOCUMENTS_AT_ONCE, len(texts)):,} of {len(texts):,} {what} are embedded.")
    return np.concatenate(parts)


def _figures(exam: Exam, retriever: Retriever, report: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """The metrics of each judged query."""
    judged, figures = exam.judged, {}
    for number, query in enumerate(judged, start=1):
        figures[query] = measure(_ranking(retriever, exam.queries[query]), exam.grades[query])
        if number % _QUERIES_AT_ONCE == 0 or number == len(judged):
            report(f"{number:,} of {len(judged):,} questions are answered.")
    return figures


def _ranking(retriever: Retriever, query: str) -> list[str]:
    """The names of the first DEPTH documents, each at the rank of its best chunk."""
    k = DEPTH
    while True:
        hits = retriever.retrieve(query, k)
        ranking = list(dict.fromkeys(hit.document_name for hit in hits))
        if len(ranking) >= DEPTH or len(hits) < k:
            return ranking[:DEPTH]
        k *= 4


def mean_figure(values: list[float]) -> MeanFigure:
    """The mean of a metric over at least one query, with its 95 % bootstrap interval."""
    return MeanFigure(sum(values) / len(values), *bootstrap_interval(values))
