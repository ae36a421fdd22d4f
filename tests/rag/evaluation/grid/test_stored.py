"""Stored grids: what is saved comes back, and a damaged, foreign or unwritable file is a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from rag.evaluation.grid.grid_run import Grid, PointResult
from rag.evaluation.grid.stored import (
    LOCK,
    as_json,
    delete_grid,
    grid_folder,
    grid_paths,
    load_grid,
    load_results,
    save_grid,
    save_point,
)
from rag.evaluation.grid.work import measure_points
from rag.evaluation.stored.runs import run_paths
from rag.evaluation.stored.saved_run import RunFileError
from rag.store.collection import Collection
from tests.rag.evaluation.grid.small_grid import Models, grid_collection, results_of, small_grid


@pytest.fixture
def grid(data_dir: Path) -> Grid:
    """A grid of three searches, measured."""
    collection = grid_collection(data_dir)
    grid = small_grid(data_dir, collection, {"mode": ("dense", "keyword")})
    measure_points(data_dir, grid, collection, Models(data_dir).load)
    return grid


def grid_file(folder: Path, grid: Grid) -> Path:
    return grid_folder(folder, grid) / "grid.json"


def test_a_grid_and_its_results_come_back(data_dir, grid):
    assert load_grid(grid_file(data_dir, grid)) == grid
    results = results_of(data_dir, grid)
    other = replace(grid, grid_id="20260101T000000-aaaaaa")
    save_grid(data_dir, other)
    for one in results.values():
        save_point(data_dir, other, one)
    assert results_of(data_dir, other) == results
    assert all(isinstance(one, PointResult) for one in results.values())


def test_grids_are_listed_newest_first_and_are_no_runs(data_dir, grid):
    save_grid(data_dir, replace(grid, grid_id="20260101T000000-aaaaaa"))
    uid = grid.conditions.collection_uid
    assert [path.parent.name for path in grid_paths(data_dir, uid)] == [grid.grid_id, "20260101T000000-aaaaaa"]
    assert run_paths(data_dir, uid) == []
    assert grid_paths(data_dir, "f" * 32) == []


def test_a_deleted_grid_is_gone(data_dir, grid):
    delete_grid(data_dir, grid)
    assert not grid_folder(data_dir, grid).exists()
    assert grid_paths(data_dir, grid.conditions.collection_uid) == []


def test_a_grid_that_is_being_measured_is_not_deleted(data_dir, grid):
    with FileLock(grid_folder(data_dir, grid) / LOCK), pytest.raises(RunFileError, match="being measured"):
        delete_grid(data_dir, grid)
    assert len(results_of(data_dir, grid)) == 3


def test_the_download_holds_everything(data_dir, grid):
    results = results_of(data_dir, grid)
    content = json.loads(as_json(grid, results))
    assert content["grid"]["grid_id"] == grid.grid_id
    assert [one["number"] for one in content["results"]] == [0, 1, 2]
    assert len(content["results"][0]["rankings"]["q0"]) == len(results[0].rankings["q0"])


def changed(path: Path, *keys: str, value: object) -> bytes:
    """The content of a JSON file with another value at a place in it."""
    content = json.loads(path.read_bytes())
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lambda path: b"", "Invalid JSON"),
        (lambda path: path.read_bytes()[:-100], "Invalid JSON"),
        (lambda path: b"[" * 100_000, ""),
        (lambda path: changed(path, "version", value=2), "version is 2"),
        (lambda path: changed(path, "format", value="other"), "format is 'other'"),
        (lambda path: changed(path, "grid", "points", value=[]), "no settings"),
        (lambda path: changed(path, "grid", "questions", value=[]), "no questions"),
        (lambda path: changed(path, "grid", "grid_id", value="20260101T000000-aaaaaa"), "its folder is not"),
        (lambda path: changed(path, "grid", "conditions", "k", value=2000), "k is not from 1 to 20"),
        (lambda path: path.read_bytes().replace(b'"hybrid"', b'"guess"'), "mode is 'guess'"),
    ],
)
def test_a_damaged_grid_is_a_sentence(data_dir, grid, content, problem):
    path = grid_file(data_dir, grid)
    path.write_bytes(content(path))
    with pytest.raises(RunFileError) as caught:
        load_grid(path)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"The comparison '{grid.grid_id}' cannot be shown: ")
    assert str(caught.value).endswith(f"Delete '{path}' or choose another comparison.")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lambda path: path.read_bytes()[:-100], "Invalid JSON"),
        (lambda path: changed(path, "version", value=2), "version is 2"),
        (lambda path: changed(path, "grid_id", value="other"), "belongs to another comparison"),
        (lambda path: changed(path, "result", "number", value=0), "belongs to another comparison"),
        (lambda path: changed(path, "result", "rankings", value={}), "do not fit the questions"),
        (lambda path: changed(path, "result", "seconds", "q0", value="fast"), "q0 is 'fast'"),
    ],
)
def test_a_damaged_result_counts_as_not_measured_and_is_measured_again(data_dir, grid, content, problem):
    path = grid_folder(data_dir, grid) / "point-1.json"
    whole = results_of(data_dir, grid)
    path.write_bytes(content(path))
    found = load_results(data_dir, grid)
    assert list(found.results) == [0, 2]
    (said,) = found.problems
    assert problem in said
    assert said.startswith("The result 'point-1' cannot be shown: ")
    measure_points(data_dir, grid, Collection.open(data_dir, "Long"), Models(data_dir).load)
    assert results_of(data_dir, grid)[1].rankings == whole[1].rankings


def test_a_missing_grid_is_a_sentence(data_dir):
    with pytest.raises(RunFileError, match="The comparison 'gone' cannot be read: No such file"):
        load_grid(data_dir / "gone" / "grid.json")


def test_a_folder_that_cannot_be_written_is_a_sentence(data_dir, grid):
    (data_dir / "evaluations").rename(data_dir / "elsewhere")
    (data_dir / "evaluations").write_text("a file where the folder should be")
    for attempt in (
        lambda: save_grid(data_dir, grid),
        lambda: save_point(data_dir, grid, PointResult(0, None, {}, {})),  # type: ignore[arg-type]
    ):
        with pytest.raises(RunFileError, match=r"could not be saved as .* Check that the disk"):
            attempt()
