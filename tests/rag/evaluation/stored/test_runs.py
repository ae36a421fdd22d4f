"""Stored runs: what is saved comes back, and a damaged, foreign or unwritable file is a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag.evaluation.collection_run import CollectionRun, Setting, answer_questions, new_run
from rag.evaluation.stored.runs import (
    as_json,
    baseline_paths,
    delete_run,
    evaluation_folder,
    is_marked,
    load_run,
    mark_baseline,
    run_path,
    run_paths,
    save_run,
)
from rag.evaluation.stored.saved_run import RunFileError
from tests.rag.evaluation.small_exam import small_collection, small_exam
from tests.support.fakes import WordEmbedder


@pytest.fixture
def run(data_dir: Path) -> CollectionRun:
    collection = small_collection(data_dir)
    settings = (Setting("dense", 2), Setting("hybrid", 2))
    return answer_questions(new_run(collection, small_exam(), settings), collection, WordEmbedder(), lambda _: None)


def with_id(run: CollectionRun, run_id: str) -> CollectionRun:
    return replace(run, run_id=run_id)


def test_a_run_comes_back(data_dir, run):
    save_run(data_dir, run)
    assert load_run(run_path(data_dir, run)) == run
    assert run_path(data_dir, run) == data_dir / "evaluations" / run.conditions.collection_uid / f"{run.run_id}.json"


def test_saving_again_replaces_the_file_and_leaves_nothing_else(data_dir, run):
    save_run(data_dir, replace(run, answers={}))
    save_run(data_dir, run)
    assert load_run(run_path(data_dir, run)).is_complete
    assert [path.name for path in evaluation_folder(data_dir, run.conditions.collection_uid).iterdir()] == [
        f"{run.run_id}.json"
    ]


def test_runs_are_listed_newest_first(data_dir, run):
    for run_id in ("20260101T000000-aaaaaa", "20261231T000000-aaaaaa", "20260601T000000-aaaaaa"):
        save_run(data_dir, with_id(run, run_id))
    names = [path.stem[:6] for path in run_paths(data_dir, run.conditions.collection_uid)]
    assert names == ["202612", "202606", "202601"]
    assert run_paths(data_dir, "f" * 32) == []


def test_a_collections_id_from_a_foreign_file_cannot_leave_the_folder(data_dir):
    for uid in ("../../elsewhere", "/etc", "", "A" * 32, "\udc80"):
        assert evaluation_folder(data_dir, uid).parent == data_dir / "evaluations"


def test_marks_of_baselines(data_dir, run):
    other = with_id(run, "20260101T000000-aaaaaa")
    for one in (run, other):
        save_run(data_dir, one)
    assert baseline_paths(data_dir) == []
    mark_baseline(data_dir, run, is_baseline=True)
    assert is_marked(data_dir, run)
    assert not is_marked(data_dir, other)
    assert baseline_paths(data_dir) == [run_path(data_dir, run)]
    assert len(run_paths(data_dir, run.conditions.collection_uid)) == 2
    mark_baseline(data_dir, run, is_baseline=False)
    assert baseline_paths(data_dir) == []


def test_a_deleted_run_is_no_baseline_any_more(data_dir, run):
    save_run(data_dir, run)
    mark_baseline(data_dir, run, is_baseline=True)
    delete_run(data_dir, run)
    assert run_paths(data_dir, run.conditions.collection_uid) == baseline_paths(data_dir) == []
    delete_run(data_dir, run)


def broken(run: CollectionRun, **changes: object) -> bytes:
    content = json.loads(as_json(run))
    content["run"] |= changes
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lambda run: b"", "Invalid JSON"),
        (lambda run: as_json(run)[:-100], "Invalid JSON"),
        (lambda run: b"[]", "Input should be an object"),
        (lambda run: b"[" * 100_000, ""),
        (lambda run: as_json(run).replace(b'"version":1', b'"version":2'), "version is 2"),
        (lambda run: b'{"format": "other", "version": 1}', "format is 'other'"),
        (lambda run: broken(run, questions=[]), "no settings or no questions"),
        (lambda run: broken(run, questions=json.loads(as_json(run))["run"]["questions"][:1]), "do not fit"),
        (lambda run: broken(run, run_id="20260101T000000-aaaaaa"), "its name is not"),
        (lambda run: as_json(run).replace(b'"hits"', b'"hit"'), "hits"),
        (lambda run: as_json(run).replace(b'"k":2', b'"k":2000'), "a k is not from 1 to 20"),
    ],
)
def test_a_damaged_file_is_a_sentence(data_dir, run, content, problem):
    save_run(data_dir, run)
    path = run_path(data_dir, run)
    path.write_bytes(content(run))
    with pytest.raises(RunFileError) as caught:
        load_run(path)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"The run '{run.run_id}' cannot be shown: ")
    assert str(caught.value).endswith(f"Delete '{path}' or choose another run.")


def test_a_missing_file_is_a_sentence(data_dir):
    with pytest.raises(RunFileError, match="The run 'gone' cannot be read: No such file"):
        load_run(data_dir / "gone.json")


def test_a_folder_that_cannot_be_written_is_a_sentence(data_dir, run):
    (data_dir / "evaluations").write_text("a file where the folder should be")
    for attempt in (lambda: save_run(data_dir, run), lambda: mark_baseline(data_dir, run, is_baseline=True)):
        with pytest.raises(RunFileError, match=r"could not be saved as .* Check that the disk"):
            attempt()
