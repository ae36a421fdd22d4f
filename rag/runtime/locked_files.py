"""Files that several programs may change: read, changed and written as a whole, under a lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from rag.access.person import require_editor
from rag.errors import ExplorerError
from rag.runtime.atomic_files import write_atomically

_SECONDS_TO_WAIT = 10.0
_DAMAGED = ".damaged"


def change_file(path: Path, changed: Callable[[], bytes | None], problem: type[ExplorerError]) -> None:
    """Write a file's new content while no other program changes it; its folder is made if needed.

    Args:
        changed: reads the file and returns its new content; None if nothing changes.
        problem: the class of the error below.

    Raises:
        ExplorerError: as `problem`; another program holds the lock for ten seconds, or the file cannot be written.
    """
    with _locked(path, problem):
        content = changed()
        if content is not None:
            write_atomically(path, content)


def set_aside(path: Path, problem: type[ExplorerError]) -> None:
    """Rename a damaged file to its name with ".damaged", and a number if that is taken; nothing if there is no file.

    Raises:
        ExplorerError: as `problem`; as `change_file` does.
    """
    with _locked(path, problem):
        if path.exists():
            names = (path.with_name(f"{path.name}{_DAMAGED}{number or ''}") for number in count())
            path.rename(next(name for name in names if not name.exists()))


@contextmanager
def _locked(path: Path, problem: type[ExplorerError]) -> Iterator[None]:
    """Hold the lock of a file, the file `.<name without suffix>.lock` in the same folder."""
    require_editor()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.stem}.lock"), timeout=_SECONDS_TO_WAIT):
            yield
    except Timeout as error:
        raise problem(
            f"'{path}' is being changed by another program for more than {_SECONDS_TO_WAIT:.0f} seconds. Nothing was "
            "changed; try again."
        ) from error
    except OSError as error:
        raise problem(
            f"'{path}' cannot be written: {error.strerror}. Nothing was changed. Check the free space on the disk and "
            "that the folder is writable."
        ) from error
