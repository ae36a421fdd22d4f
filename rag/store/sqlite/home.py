"""The folder of collection files as a home of collections: list, open, create, rename and delete them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from rag.errors import CollectionError
from rag.store.names import require_free
from rag.store.sqlite import schema
from rag.store.sqlite.collection import SqliteCollection, unfinished_collection
from rag.store.sqlite.files import collection_names, collection_path
from rag.store.sqlite.read_only import explain, is_protected
from rag.store.sqlite.reasons import reason_of
from rag.types import ChunkingSpec, EmbeddingSpec


class SqliteHome:
    """The collection files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """The names of the collections, sorted without regard to case."""
        return collection_names(self._folder)

    def open(self, name: str) -> SqliteCollection:
        """Open the collection `name`. Raises CollectionError as `SqliteCollection.load` does."""
        return SqliteCollection.load(self._folder, name)

    def unfinished(
        self, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec
    ) -> AbstractContextManager[SqliteCollection]:
        """A new collection under a temporary name: moved into the folder when the block ends, deleted if it fails."""
        return unfinished_collection(self._folder, name, embedding, chunking)

    def rename(self, name: str, new_name: str) -> SqliteCollection:
        """Rename a collection and its caches; waits for a document that is being stored.

        Raises:
            CollectionError: it is missing or locked, or the new name is taken or invalid. Nothing is changed then.
        """
        collection = self.open(name)
        target = collection_path(self._folder, new_name)
        if collection.is_protected:
            raise CollectionError(explain(collection.path, name))
        with _locked(collection.path):
            require_free(new_name, [other for other in self.names() if other != name])
            collection.path.rename(target)
        renamed = self.open(new_name)
        if renamed.path != collection.path:
            shutil.rmtree(renamed.cache_folder, ignore_errors=True)
            with suppress(OSError):  # a cache that stays behind is never read
                collection.cache_folder.rename(renamed.cache_folder)
        return renamed

    def delete(self, name: str) -> None:
        """Delete a collection, readable or not, with its caches; waits for a document that is being stored.

        Raises:
            CollectionError: it is missing, or the file cannot be deleted.
        """
        path = collection_path(self._folder, name)
        if not path.is_file():
            raise CollectionError(f"There is no collection named '{name}', so nothing was deleted. Reload the page.")
        if is_protected(path):
            raise CollectionError(explain(path, name))
        with _locked(path):
            path.unlink()
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        shutil.rmtree(path.with_suffix(".cache"), ignore_errors=True)

    def changed_at(self, name: str) -> float:
        """When the file was last changed, in seconds since 1970; 0 if it cannot be read."""
        try:
            return collection_path(self._folder, name).stat().st_mtime
        except OSError:
            return 0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file, with no other writer active and an interrupted change rolled back."""
    try:
        with closing(schema.connect(path)) as connection:
            # A damaged file cannot be locked and needs no lock; a busy one raises OperationalError.
            with _unless_damaged():
                connection.execute("BEGIN EXCLUSIVE")
            yield
    except (OSError, sqlite3.Error) as error:
        raise CollectionError(
            f"'{path.name}' could not be renamed or deleted: {reason_of(error)}. Wait until no documents are being "
            "added, and try again."
        ) from error


@contextmanager
def _unless_damaged() -> Iterator[None]:
    """Ignore the error that the file is damaged or not a SQLite database."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        pass
