"""Measuring a grid: the app's own rankings, and the same results after a stop, a kill, or a fault."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from rag import config
from rag.errors import CollectionError, ModelError
from rag.evaluation.grid.compare import measure_results
from rag.evaluation.grid.grid_run import Grid, PointResult, new_grid, notes_of
from rag.evaluation.grid.plan import MODEL, SIZE, GridPoint
from rag.evaluation.grid.stored import LOCK, grid_folder, grid_paths, load_grid, save_grid
from rag.evaluation.grid.work import measure_points
from rag.evaluation.passages import ranked_hit
from rag.ingest.pipeline import copy_documents
from rag.retrieval.loading import load_retriever
from rag.runtime.background import Stopped
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.rag.evaluation.grid.small_grid import Models, grid_collection, grid_exam, results_of, small_grid
from tests.support.collections import plain_document, put
from tests.support.fakes import WordEmbedder

_KILLED = """
import os, signal, sys
from pathlib import Path
from rag.evaluation.grid.stored import load_grid
from rag.evaluation.grid.work import measure_points
from rag.store.collection import Collection
from tests.rag.evaluation.grid.small_grid import Models

folder = Path(sys.argv[1])
collection = Collection.open(folder, "Long")
grid = load_grid(Path(sys.argv[3]))

def die_in_the_middle(share):
    if share >= float(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

measure_points(folder, grid, collection, Models(folder).load, report=die_in_the_middle)
"""


def measure(folder: Path, grid: Grid, collection: Collection, **options) -> dict[int, PointResult]:
    measure_points(folder, grid, collection, Models(folder).load, **options)
    return results_of(folder, grid)


def comparable(results: dict[int, PointResult]) -> dict[int, object]:
    """Everything in the results that is the same in every run: no times, and not what came from the cache."""
    return {
        number: (one.rankings, one.storage.n_chunks, one.storage.n_tokens, one.storage.megabytes, one.storage.left_out)
        for number, one in results.items()
    }


def leftovers(folder: Path, grid: Grid) -> list[str]:
    names = (path.name for path in grid_folder(folder, grid).iterdir())
    return sorted(name for name in names if not name.startswith("point-") and name not in (LOCK, "grid.json"))


def test_rankings_are_those_of_a_copy_made_and_searched_by_the_app(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection)
    results = measure(data_dir, grid, collection)
    assert list(results) == list(range(9))
    model = WordEmbedder()
    for number, point in enumerate(grid.points):
        copy = Collection.create(data_dir, f"Copy {number}", model.spec, point.chunking)
        assert {one.outcome for one in copy_documents(collection, copy, model)} == {"added"}
        facts = results[number].storage
        assert facts.n_chunks == copy.n_chunks()
        assert facts.n_tokens == sum(chunk.n_tokens for chunk in copy.chunks())
        if point.mode == "keyword":
            continue  # The app's other keyword search has BM25 as its score.
        retriever = load_retriever(copy, point.mode, model)
        for question in grid.questions:
            hits = retriever.retrieve(question.text, grid.depth)
            expected = [replace(ranked_hit(hit), chunk_id=0, found_by=()) for hit in hits]
            assert list(results[number].rankings[question.question_id]) == expected
    assert leftovers(data_dir, grid) == []
    assert [path.name for path in data_dir.glob("*.sqlite") if "Copy" not in path.name] == [
        "Long.sqlite",
        "vectors.sqlite",
    ]


def test_the_present_setting_gives_what_the_collection_itself_gives(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection)
    results = measure(data_dir, grid, collection)
    for question in grid.questions:
        hits = load_retriever(collection, "hybrid", WordEmbedder()).retrieve(question.text, 10)
        found = [(hit.document_name, hit.chunk.start, hit.chunk.end) for hit in hits]
        assert [(one.document, one.start, one.end) for one in results[0].rankings[question.question_id]] == found
    assert notes_of(grid, results) == ()


def test_only_answerable_questions_are_asked(data_dir):
    grid = small_grid(data_dir, grid_collection(data_dir))
    assert [question.question_id for question in grid.questions] == ["q0", "q1", "q2"]


def test_the_facts_of_a_storage(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection)
    first = measure(data_dir, grid, collection)[0].storage
    assert first.n_embedded + first.n_cached == first.n_chunks == collection.n_chunks()
    assert first.n_embedded > 0
    assert first.embedding_revision == "1"
    assert first.collection_bytes > first.n_chunks * 16 * 4
    assert first.words_bytes > 0
    assert first.megabytes == (first.collection_bytes + first.words_bytes) / 1e6
    parts = (first.seconds.split, first.seconds.embed, first.seconds.store, first.seconds.index)
    assert all(one > 0 for one in parts)
    assert first.seconds.total == sum(parts)
    again = small_grid(data_dir, collection)
    second = measure(data_dir, again, collection)[0].storage
    assert (second.n_embedded, second.n_cached) == (0, second.n_chunks)


def test_progress_rises_to_one(data_dir):
    collection, shares = grid_collection(data_dir), []
    measure(data_dir, small_grid(data_dir, collection), collection, report=shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert len(set(shares)) > 30


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.65, 0.95])
def test_a_stopped_grid_keeps_its_points_and_is_continued_to_the_same_result(data_dir, share):
    collection = grid_collection(data_dir)
    whole = measure(data_dir, small_grid(data_dir, collection), collection)
    grid = small_grid(data_dir, collection)

    def stop(done: float) -> None:
        if done >= share:
            raise Stopped("stopped")

    with pytest.raises(Stopped):
        measure(data_dir, grid, collection, report=stop)
    assert leftovers(data_dir, grid) == []
    part = results_of(data_dir, grid)
    assert len(part) < 9
    assert comparable(measure(data_dir, grid, collection)) == comparable(whole)
    assert {number: one for number, one in results_of(data_dir, grid).items() if number in part} == part


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("share", ["0.5", "0.62"])
def test_a_killed_grid_is_continued_to_the_same_table(data_dir, share):
    collection = grid_collection(data_dir)
    undisturbed = small_grid(data_dir, collection)
    whole = measure(data_dir, undisturbed, collection)
    grid = small_grid(data_dir, collection)
    path = grid_folder(data_dir, grid) / "grid.json"
    command = [sys.executable, "-c", _KILLED, str(data_dir), share, str(path)]
    killed = subprocess.run(command, cwd=config.ROOT, env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert leftovers(data_dir, grid) == ["working"]
    part = results_of(data_dir, grid)
    assert 0 < len(part) < 9
    assert path in grid_paths(data_dir, collection.uid)
    found = load_grid(path)
    assert found == grid
    results = measure(data_dir, found, collection)
    assert leftovers(data_dir, grid) == []
    assert comparable(results) == comparable(whole)
    assert measure_results(found, results) == measure_results(undisturbed, whole)
    by_storage: dict[object, set[object]] = {}
    for number, one in results.items():
        by_storage.setdefault(grid.points[number].storage, set()).add(one.storage)
    assert all(len(facts) == 1 for facts in by_storage.values())


def test_a_missing_model_does_not_stop_the_others(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection, {MODEL: ("absent",), SIZE: (60,)})
    with pytest.raises(
        ModelError, match=r"^2 settings were not measured\. The embedding model 'absent' is not .*'Continue'"
    ):
        measure(data_dir, grid, collection)
    assert {grid.points[number].model_id for number in results_of(data_dir, grid)} == {"test/words"}
    assert len(results_of(data_dir, grid)) == 2


def test_changed_documents_end_it_with_a_sentence(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection)
    put(collection, WordEmbedder(), plain_document("new.txt", "Something else was added."))
    with pytest.raises(CollectionError, match=r"have changed since this comparison began.*Start a new comparison"):
        measure(data_dir, grid, collection)
    assert results_of(data_dir, grid) == {}


def test_documents_that_change_meanwhile_end_it_with_a_sentence(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection)

    def change(done: float) -> None:
        if 0.3 < done < 1.0 and collection.generation() == grid.conditions.generation:
            put(collection, WordEmbedder(), plain_document("new.txt", "Something else was added."))

    with pytest.raises(CollectionError, match="have changed since"):
        measure(data_dir, grid, collection, report=change)
    assert 0 < len(results_of(data_dir, grid)) < 9


def test_two_processes_do_not_measure_the_same_grid(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection)
    with FileLock(grid_folder(data_dir, grid) / LOCK), pytest.raises(CollectionError, match="another process"):
        measure(data_dir, grid, collection)


def test_documents_that_cannot_be_split_are_named(data_dir):
    collection = grid_collection(data_dir)
    put(collection, WordEmbedder(), plain_document("emoji.txt", "\U0001f989 " * 3))
    point = GridPoint(ChunkingSpec(120), "test/words", "hybrid")
    # Tokens are bytes, and an emoji has four of them.
    grid = new_grid(collection, grid_exam(), (point, replace(point, chunking=ChunkingSpec(3))), 2)
    save_grid(data_dir, grid)
    results = measure(data_dir, grid, collection)
    (left,) = results[1].storage.left_out
    assert left.document == "emoji.txt"
    assert "does not fit into chunks of 3 tokens" in left.reason
    assert notes_of(grid, results) == (f"'emoji.txt' was left out in some settings: {left.reason}",)


def test_notes_say_how_the_copy_differs(data_dir):
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection, {})
    results = measure(data_dir, grid, collection)
    other = replace(grid, conditions=replace(grid.conditions, n_chunks=7, embedding_revision="0", index="hnsw"))
    notes = notes_of(other, results)
    assert len(notes) == 3
    assert f"on a copy with {collection.n_chunks()} chunks; the collection itself has 7" in notes[0]
    assert "from revision 0 to 1" in notes[1]
    assert "approximate index (hnsw)" in notes[2]


def test_a_grid_needs_points_and_answerable_questions(data_dir):
    collection = grid_collection(data_dir)
    exam, point = grid_exam(), GridPoint(ChunkingSpec(60), "test/words", "dense")
    for one, points, k in (
        (exam, (), 2),
        (replace(exam, questions=exam.questions[3:]), (point,), 2),
        (exam, (point,), 0),
        (exam, (point,), 21),
    ):
        with pytest.raises(ValueError, match="a grid needs"):
            new_grid(collection, one, points, k)
