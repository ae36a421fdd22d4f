"""Runs over a collection: the app's own rankings, cancelled, killed and continued to the same result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from rag import config
from rag.errors import CollectionError, ModelMismatch
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.collection_run import KEPT_HITS, CollectionRun, Setting, answer_questions, new_run
from rag.evaluation.collection_searches import CollectionSearches, passage_ranks
from rag.evaluation.passages import ranked_hit
from rag.evaluation.run_comparison import figures_of
from rag.evaluation.stored.runs import load_run, run_paths, save_run
from rag.index.loading import load_index
from rag.retrieval.loading import load_retriever
from rag.retrieval.retrievers import DenseRetriever
from rag.runtime.background import Stopped, TaskBoard
from rag.store.collection import Collection
from tests.rag.evaluation.small_exam import ASKED, DOCUMENTS, question, small_collection, small_exam
from tests.support.collections import plain_document, put
from tests.support.fakes import WordEmbedder

SETTINGS = (Setting("dense", 2), Setting("hybrid", 2), Setting("keyword", 2))
_KILLED = """
import os, signal, sys
from pathlib import Path
from rag.evaluation.collection_run import answer_questions
from rag.evaluation.stored.runs import load_run, run_paths, save_run
from rag.store.collection import Collection
from tests.support.fakes import WordEmbedder

folder = Path(sys.argv[1])
collection = Collection.open(folder, "Small")
run = load_run(run_paths(folder, collection.uid)[0])

def die_in_the_middle(share):
    if share >= 0.5:
        os.kill(os.getpid(), signal.SIGKILL)

answer_questions(
    run, collection, WordEmbedder(), lambda one: save_run(folder, one), report=die_in_the_middle, store_every=0
)
"""


def keep_nothing(_: CollectionRun) -> None:
    """Store of a test that needs none."""


def answered(collection: Collection, run: CollectionRun | None = None) -> CollectionRun:
    run = run or new_run(collection, small_exam(), SETTINGS)
    return answer_questions(run, collection, WordEmbedder(), keep_nothing)


def test_rankings_are_those_of_the_app(data_dir):
    collection = small_collection(data_dir)
    run = answered(collection)
    assert run.is_complete
    for text, rankings in zip(ASKED, run.answers.values(), strict=False):
        for setting, ranking in zip(SETTINGS, rankings, strict=True):
            hits = load_retriever(collection, setting.mode, WordEmbedder()).retrieve(text, KEPT_HITS)
            assert [hit.chunk_id for hit in ranking.hits] == [hit.chunk.chunk_id for hit in hits]
            if setting.mode != "keyword":
                assert ranking.hits == tuple(map(ranked_hit, hits))


def test_every_score_is_a_cosine(data_dir):
    collection, model = small_collection(data_dir), WordEmbedder()
    dense = DenseRetriever(collection, load_index(collection), model)
    for one in small_exam().questions:
        cosines = {hit.chunk.chunk_id: hit.score for hit in dense.retrieve(one.text, 10)}
        for ranking in answered(collection).answers[one.question_id]:
            assert all(hit.score == pytest.approx(cosines[hit.chunk_id], abs=1e-6) for hit in ranking.hits)


def test_the_conditions_say_what_was_searched(data_dir):
    collection = small_collection(data_dir)
    one = new_run(collection, small_exam(), SETTINGS).conditions
    assert (one.exam, one.collection, one.collection_uid) == ("Small exam", "Small", collection.uid)
    assert (one.generation, one.n_chunks) == (collection.generation(), 6)
    assert (one.embedding_model, one.embedding_revision) == ("test/words", "1")
    assert (one.chunking, one.index, one.settings) == (collection.spec.chunking, "flat", SETTINGS)


def test_unanswerable_questions_have_rankings_but_no_figures(data_dir):
    run = answered(small_collection(data_dir))
    assert all(ranking.hits for ranking in run.answers["q3"][:2])
    assert figures_of(run, 0).keys() == {"q0", "q1", "q2"}


def test_a_run_that_is_stopped_stores_what_it_has_and_is_continued_to_the_same_result(data_dir):
    collection, stored, shares = small_collection(data_dir), [], []
    whole = answered(collection)

    def stop_at_the_third(share: float) -> None:
        shares.append(share)
        if len(shares) == 3:
            raise Stopped("stopped")

    run = new_run(collection, small_exam(), SETTINGS)
    with pytest.raises(Stopped):
        answer_questions(run, collection, WordEmbedder(), stored.append, report=stop_at_the_third)
    (part,) = stored
    assert shares == [0.0, 0.25, 0.5]
    assert list(part.answers) == ["q0", "q1"]
    assert not part.is_complete
    continued = answered(collection, part)
    assert continued.answers == whole.answers
    assert list(continued.answers) == ["q0", "q1", "q2", "q3"]
    assert continued.seconds > part.seconds > 0


def test_each_answer_is_stored_if_wanted(data_dir):
    stored: list[CollectionRun] = []
    collection = small_collection(data_dir)
    run = new_run(collection, small_exam(), SETTINGS)
    ended = answer_questions(run, collection, WordEmbedder(), stored.append, store_every=0)
    assert [len(one.answers) for one in stored] == [1, 2, 3, 4, 4]
    assert stored[-1] == ended


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_run_is_found_and_continued_to_the_same_result(data_dir: Path):
    collection = small_collection(data_dir)
    whole, run = answered(collection), new_run(collection, small_exam(), SETTINGS)
    save_run(data_dir, run)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(data_dir)], cwd=config.ROOT, env=os.environ, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    (path,) = run_paths(data_dir, collection.uid)
    part = load_run(path)
    assert list(part.answers) == ["q0", "q1"]
    save_run(data_dir, answered(collection, part))
    assert load_run(path).answers == whole.answers


def test_a_task_can_be_stopped_and_its_run_continued(data_dir):
    collection, board, asked = small_collection(data_dir), TaskBoard(), threading.Event()
    run, model = new_run(collection, small_exam(), SETTINGS), WordEmbedder()

    def work(report):
        def reported(share: float) -> None:
            if share >= 0.25:
                asked.set()
                board.stop("run")
            report(share)

        answer_questions(run, collection, model, lambda one: save_run(data_dir, one), report=reported)

    board.start("run", "Asking", work)
    board.wait("run")
    assert asked.is_set()
    view = board.view("run")
    assert view is not None
    assert view.state == "stopped"
    part = load_run(run_paths(data_dir, collection.uid)[0])
    assert list(part.answers) == ["q0"]
    assert answered(collection, part).is_complete


def test_a_changed_collection_ends_the_run_with_a_sentence(data_dir):
    collection = small_collection(data_dir)
    run = new_run(collection, small_exam(), SETTINGS)
    put(collection, WordEmbedder(), plain_document("new.txt", "Something else was added."))
    with pytest.raises(CollectionError, match=r"have changed since this run began.*Start a new run"):
        answered(collection, run)
    with pytest.raises(CollectionError, match="have changed"):
        answered(small_collection(data_dir, "Other"), run)


def test_another_model_is_refused(data_dir):
    collection = small_collection(data_dir)
    run = new_run(collection, small_exam(), SETTINGS)
    with pytest.raises(ModelMismatch):
        answer_questions(run, collection, WordEmbedder(8), keep_nothing)


def test_a_question_is_embedded_once_for_all_settings(data_dir):
    collection, model = small_collection(data_dir), WordEmbedder()
    many = [question(number, f"{ASKED[0]} {number}", DOCUMENTS[0]) for number in range(40)]
    run = new_run(collection, CollectionExam("Many", tuple(many)), SETTINGS)
    ended = answer_questions(run, collection, model, keep_nothing)
    assert list(ended.answers) == [one.question_id for one in many]
    assert model.embedded == 40


def test_a_run_needs_questions_and_settings(data_dir):
    collection = small_collection(data_dir)
    for exam, settings in (
        (CollectionExam("None", ()), SETTINGS),
        (small_exam(), ()),
        (small_exam(), (Setting("dense", KEPT_HITS + 1),)),
    ):
        with pytest.raises(ValueError, match="a run needs a question"):
            new_run(collection, exam, settings)


def test_the_ranks_of_a_passage_far_down(data_dir):
    collection, model = small_collection(data_dir), WordEmbedder()
    searches = CollectionSearches.of(collection, model)
    asked = replace(small_exam().questions[0], spans=small_exam().questions[2].spans)
    order = [
        hit.document_name for hit in DenseRetriever(collection, load_index(collection), model).retrieve(asked.text, 6)
    ]
    ranks = passage_ranks(searches, asked, ("dense", "keyword"))
    assert ranks["dense"] == order.index("2.txt") + 1 > 1
    assert ranks["keyword"] is None
    assert passage_ranks(searches, asked, ("dense",), deepest=1) == {"dense": None}
