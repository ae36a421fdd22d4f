"""Stored grids: a folder for each, with its settings and one file for each setting that was measured.

They are in `grids/<id of the grid>` in the collection's evaluation folder: `grid.json`, and `point-<number>.json`. Each
file is written once and as a whole, so an interrupted grid goes on with the points that have no file.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from filelock import FileLock, Timeout

from rag.access.person import require_editor
from rag.evaluation.collection_run import KEPT_HITS
from rag.evaluation.grid.grid_run import Grid, PointResult
from rag.evaluation.stored.runs import damaged_file, evaluation_folder, read_strictly, write_result
from rag.evaluation.stored.saved_run import RunFileError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LOCK = ".lock"
"""The lock file of a grid that is being measured."""
_FOLDER, _GRID = "grids", "grid.json"
_THING, _POINT = "comparison", "result"


@dataclass(frozen=True, slots=True)
class _GridFile:
    """What `grid.json` holds."""

    format: Literal["embedding-explorer grid"]
    version: Literal[1]
    grid: Grid


@dataclass(frozen=True, slots=True)
class _PointFile:
    """What the file of a point holds."""

    format: Literal["embedding-explorer grid point"]
    version: Literal[1]
    grid_id: str
    result: PointResult


@dataclass(frozen=True, slots=True)
class _WholeFile:
    """A grid with all its results, for a download."""

    format: Literal["embedding-explorer grid with results"]
    version: Literal[1]
    grid: Grid
    results: list[PointResult]


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a grid by the number of the point. `problems` says of each file that cannot be used, why."""

    results: dict[int, PointResult]
    problems: tuple[str, ...] = ()


def grid_folder(folder: Path, grid: Grid) -> Path:
    """The folder of a grid; `folder` is that of the collections."""
    return evaluation_folder(folder, grid.conditions.collection_uid) / _FOLDER / grid.grid_id


def grid_paths(folder: Path, uid: str) -> list[Path]:
    """The files `grid.json` of a collection's grids, the newest first; there may be damaged ones among them."""
    found = (evaluation_folder(folder, uid) / _FOLDER).glob(f"*/{_GRID}")
    return sorted(found, key=lambda path: path.parent.name, reverse=True)


def save_grid(folder: Path, grid: Grid) -> None:
    """Write a new grid. Raises RunFileError if it cannot be written."""
    file = _GridFile(format="embedding-explorer grid", version=1, grid=grid)
    write_result(grid_folder(folder, grid) / _GRID, _grids().dump_json(file) + b"\n", _THING)


def load_grid(path: Path) -> Grid:
    """Read a grid that `save_grid` wrote.

    Raises:
        RunFileError: the file is missing, damaged, of another version, or no grid.
    """
    grid = read_strictly(path, _grids(), _THING, path.parent.name).grid
    if problem := _inconsistency(path, grid):
        raise damaged_file(path, problem, _THING, path.parent.name)
    return grid


def save_point(folder: Path, grid: Grid, result: PointResult) -> None:
    """Write the result of a point. Raises RunFileError if it cannot be written."""
    file = _PointFile("embedding-explorer grid point", 1, grid.grid_id, result)
    write_result(_point_path(folder, grid, result.number), _points().dump_json(file) + b"\n", _POINT)


def load_results(folder: Path, grid: Grid) -> Results:
    """The results of the points that were measured; those with a damaged file count as not measured."""
    results, problems = {}, []
    for number in range(len(grid.points)):
        path = _point_path(folder, grid, number)
        if not path.exists():
            continue
        try:
            results[number] = _load_point(path, grid, number)
        except RunFileError as error:
            problems.append(str(error))
    return Results(results, tuple(problems))


def delete_grid(folder: Path, grid: Grid) -> None:
    """Delete a grid and its results.

    Raises:
        RunFileError: it is being measured, or cannot be deleted.
    """
    require_editor()
    path = grid_folder(folder, grid)
    try:
        with FileLock(path / LOCK, timeout=0):
            # Without this file, what is left of the folder is no grid any more.
            (path / _GRID).unlink(missing_ok=True)
        shutil.rmtree(path)
    except Timeout as error:
        raise RunFileError("These settings are being measured. Stop that before you delete them.") from error
    except OSError as error:
        raise RunFileError(f"'{path}' could not be deleted: {error.strerror}. Check its permissions.") from error


def as_json(grid: Grid, results: Mapping[int, PointResult]) -> bytes:
    """The grid with its results as JSON in UTF-8."""
    found = [results[number] for number in sorted(results)]
    return _wholes().dump_json(_WholeFile("embedding-explorer grid with results", 1, grid, found)) + b"\n"


def _point_path(folder: Path, grid: Grid, number: int) -> Path:
    return grid_folder(folder, grid) / f"point-{number}.json"


def _load_point(path: Path, grid: Grid, number: int) -> PointResult:
    file = read_strictly(path, _points(), _POINT, path.stem)
    result = file.result
    asked = {question.question_id for question in grid.questions}
    if file.grid_id != grid.grid_id or result.number != number:
        raise damaged_file(path, "it belongs to another comparison", _POINT, path.stem)
    if result.rankings.keys() != asked or result.seconds.keys() != asked:
        raise damaged_file(path, "its rankings do not fit the questions", _POINT, path.stem)
    return result


def _inconsistency(path: Path, grid: Grid) -> str:
    """What contradicts something else in a grid, as a phrase; empty if nothing does."""
    ids = {question.question_id for question in grid.questions}
    if grid.grid_id != path.parent.name or grid_folder(path.parents[4], grid) != path.parent:
        return "its folder is not that of the comparison in it"
    if not grid.points or len(set(grid.points)) != len(grid.points):
        return "it has no settings, or one of them twice"
    if not ids or len(ids) != len(grid.questions) or not all(one.is_answerable for one in grid.questions):
        return "it has no questions, two with the same id, or one without a passage"
    if not 1 <= grid.conditions.k <= KEPT_HITS:
        return f"k is not from 1 to {KEPT_HITS}"
    return ""


@cache
def _grids() -> TypeAdapter[_GridFile]:
    from pydantic import TypeAdapter

    return TypeAdapter(_GridFile)


@cache
def _points() -> TypeAdapter[_PointFile]:
    from pydantic import TypeAdapter

    return TypeAdapter(_PointFile)


@cache
def _wholes() -> TypeAdapter[_WholeFile]:
    from pydantic import TypeAdapter

    return TypeAdapter(_WholeFile)
