"""Stored runs: one JSON file for each run of an exam over a collection, and the marks of baselines.

They are in `evaluations/<uid of the collection>/<id of the run>.json` in the folder of the collections. A mark is an
empty file with the run's id and the suffix ".baseline".
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from rag.access.person import require_editor
from rag.errors import first_problem
from rag.evaluation.collection_run import KEPT_HITS, CollectionRun
from rag.evaluation.stored.saved_run import RunFileError
from rag.runtime.atomic_files import write_atomically

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Read = TypeVar("Read")

_FOLDER = "evaluations"
_THING = "run"
_SUFFIX, _BASELINE = ".json", ".baseline"
_UID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _RunFile:
    """What the file of a run holds."""

    format: Literal["embedding-explorer collection run"]
    version: Literal[1]
    run: CollectionRun


def evaluation_folder(folder: Path, uid: str) -> Path:
    """The folder of a collection's runs and questions.

    A uid that is no plain one, from a foreign file, is replaced by its digest.
    """
    name = uid if _UID.fullmatch(uid) else hashlib.sha256(uid.encode("utf-8", "backslashreplace")).hexdigest()
    return folder / _FOLDER / name


def run_path(folder: Path, run: CollectionRun) -> Path:
    """The file of a run."""
    return evaluation_folder(folder, run.conditions.collection_uid) / f"{run.run_id}{_SUFFIX}"


def run_paths(folder: Path, uid: str) -> list[Path]:
    """The files of a collection's runs, the newest first; there may be damaged ones among them."""
    return sorted(evaluation_folder(folder, uid).glob(f"*{_SUFFIX}"), key=lambda path: path.name, reverse=True)


def as_json(run: CollectionRun) -> bytes:
    """The run as JSON in UTF-8: its conditions, its questions, and every ranking."""
    file = _RunFile(format="embedding-explorer collection run", version=1, run=run)
    return _adapter().dump_json(file) + b"\n"


def save_run(folder: Path, run: CollectionRun) -> None:
    """Write the run's file under another name, then rename it: a reader never sees a part of it.

    Raises:
        RunFileError: it cannot be written.
    """
    write_result(run_path(folder, run), as_json(run), _THING)


def load_run(path: Path) -> CollectionRun:
    """Read a run that `save_run` wrote.

    Raises:
        RunFileError: the file is missing, damaged, of another version, or no run.
    """
    run = read_strictly(path, _adapter(), _THING, path.stem).run
    if problem := _inconsistency(path, run):
        raise damaged_file(path, problem, _THING, path.stem)
    return run


def delete_run(folder: Path, run: CollectionRun) -> None:
    """Delete a run and its mark. Raises RunFileError if it cannot be deleted."""
    require_editor()
    path = run_path(folder, run)
    try:
        for one in (path.with_suffix(_BASELINE), path):
            one.unlink(missing_ok=True)
    except OSError as error:
        raise RunFileError(f"'{path}' could not be deleted: {error.strerror}. Check its permissions.") from error


def mark_baseline(folder: Path, run: CollectionRun, *, is_baseline: bool) -> None:
    """Keep a run as a baseline for later runs of the same questions, also on other collections; or keep it no more.

    Raises:
        RunFileError: the mark cannot be written.
    """
    require_editor()
    path = run_path(folder, run).with_suffix(_BASELINE)
    try:
        if is_baseline:
            write_atomically(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(path, error, _THING) from error


def is_marked(folder: Path, run: CollectionRun) -> bool:
    """Whether the run is kept as a baseline."""
    return run_path(folder, run).with_suffix(_BASELINE).is_file()


def baseline_paths(folder: Path) -> list[Path]:
    """The files of all runs that are kept as baselines, of any collection, the last marked first."""
    marks = [path for path in (folder / _FOLDER).glob(f"*/*{_BASELINE}") if path.with_suffix(_SUFFIX).is_file()]
    return [path.with_suffix(_SUFFIX) for path in sorted(marks, key=_marked_at, reverse=True)]


def _marked_at(mark: Path) -> tuple[int, str]:
    with suppress(OSError):
        return mark.stat().st_mtime_ns, mark.name
    return 0, mark.name


def _inconsistency(path: Path, run: CollectionRun) -> str:
    """What contradicts something else in a run, as a phrase; empty if nothing does."""
    ids, settings = {question.question_id for question in run.questions}, run.conditions.settings
    if run.run_id != path.stem or run_path(path.parent.parent.parent, run) != path:
        return "its name is not that of the run in it"
    if not settings or not ids or len(ids) != len(run.questions):
        return "it has no settings or no questions, or two questions with the same id"
    if not all(1 <= setting.k <= KEPT_HITS for setting in settings):
        return f"a k is not from 1 to {KEPT_HITS}"
    if not ids.issuperset(run.answers) or any(len(one) != len(settings) for one in run.answers.values()):
        return "its answers do not fit its questions and settings"
    return ""


def read_strictly(path: Path, adapter: TypeAdapter[Read], thing: str, name: str) -> Read:
    """Read a JSON file of results, with every value of exactly its type.

    Args:
        thing, name: what the file holds, for messages: "run" and its id.

    Raises:
        RunFileError: the file is missing, damaged, or of another version.
    """
    try:
        return adapter.validate_json(path.read_bytes(), strict=True, extra="ignore")
    except OSError as error:
        raise RunFileError(f"The {thing} '{name}' cannot be read: {error.strerror}. Choose another {thing}.") from error
    except (ValueError, RecursionError) as error:
        problem = first_problem(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise damaged_file(path, problem, thing, name) from error


def damaged_file(path: Path, problem: str, thing: str, name: str) -> RunFileError:
    """The error for a file of results with this problem, a phrase; `thing` and `name` are as in `read_strictly`."""
    return RunFileError(
        f"The {thing} '{name}' cannot be shown: {problem}. It is damaged or from another version; nothing else is "
        f"affected. Delete '{path}' or choose another {thing}."
    )


def write_result(path: Path, content: bytes, thing: str) -> None:
    """Write a file of results as a whole; `thing` says in messages what it holds. Raises RunFileError."""
    require_editor()
    try:
        write_atomically(path, content)
    except OSError as error:
        raise _not_written(path, error, thing) from error


def _not_written(path: Path, error: OSError, thing: str) -> RunFileError:
    return RunFileError(
        f"The {thing} could not be saved as '{path}': {error.strerror}. Check that the disk has free space and that "
        "the folder is writable."
    )


@cache
def _adapter() -> TypeAdapter[_RunFile]:
    from pydantic import TypeAdapter

    return TypeAdapter(_RunFile)
