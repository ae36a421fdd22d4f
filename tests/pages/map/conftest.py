"""A run of some of the sample's questions, which has failed questions."""

from __future__ import annotations

import pytest

from rag.evaluation.collection_exams import CollectionExam, documents_of, sample_exam
from rag.evaluation.collection_run import CollectionRun, Setting, answer_questions, new_run
from rag.evaluation.stored.runs import save_run
from rag.retrieval.settings import Mode
from rag.store.collection import Collection

ALL: tuple[Mode, ...] = ("dense", "hybrid", "keyword")


@pytest.fixture(scope="session")
def made(sample_folder, embedder) -> CollectionRun:
    """A run of ten questions with all searches, k = 1, made once."""
    collection = Collection.open(sample_folder, "Sample")
    exam = sample_exam(documents_of(collection))
    assert exam is not None
    chosen = CollectionExam(exam.name, exam.questions[18:26] + exam.questions[30:32])
    run = new_run(collection, chosen, tuple(Setting(mode, 1) for mode in ALL))
    return answer_questions(run, collection, embedder, lambda _: None)


@pytest.fixture
def run(sample, data_dir, made) -> CollectionRun:
    """That run, stored for the sample."""
    save_run(data_dir, made)
    return made
