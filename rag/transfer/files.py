"""Collection files: rename, delete, export and import."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from uuid import uuid4

from rag.access.person import acting, require_editor
from rag.errors import CollectionError
from rag.store.collection import Collection, unfinished_collection
from rag.store.names import collection_path, discard_file, require_free_name
from rag.store.sqlite import schema
from rag.store.sqlite.read_only import explain, is_protected
from rag.store.sqlite.reasons import reason_of
from rag.transfer.untrusted import open_untrusted


def rename_collection(folder: Path, name: str, new_name: str) -> Collection:
    """Rename a collection and its caches; waits for a document that is being stored.

    Raises:
        CollectionError: it is missing or locked, or the new name is taken or invalid. Nothing is changed then.
    """
    require_editor()
    collection = Collection.open(folder, name)
    target = collection_path(folder, new_name)
    if collection.is_protected:
        raise CollectionError(explain(collection.path, name))
    with _locked(collection.path):
        require_free_name(folder, new_name, but_for=name)
        collection.path.rename(target)
    renamed = Collection.open(folder, new_name)
    if renamed.path != collection.path:
        shutil.rmtree(renamed.cache_folder, ignore_errors=True)
        with suppress(OSError):  # a cache that stays behind is never read
            collection.cache_folder.rename(renamed.cache_folder)
    return renamed


def delete_collection(folder: Path, name: str) -> None:
    """Delete a collection, readable or not, with its caches; waits for a document that is being stored.

    Raises:
        CollectionError: it is missing, or the file cannot be deleted.
    """
    require_editor()
    path = collection_path(folder, name)
    if not path.is_file():
        raise CollectionError(f"There is no collection named '{name}', so nothing was deleted. Reload the page.")
    if is_protected(path):
        raise CollectionError(explain(path, name))
    with _locked(path):
        path.unlink()
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    shutil.rmtree(path.with_suffix(".cache"), ignore_errors=True)


def export_collection(collection: Collection, path: Path, *, conversations: bool = True) -> None:
    """Export the current state of the collection to the file `path`, replacing that file; others may write meanwhile.

    The whole collection is checked, so that every export can be imported. Retrieval counts are not exported.

    Args:
        conversations: whether to include those that the acting person sees; they may not be meant for the recipient.
            The file does not say whose they are.

    Raises:
        CollectionError: the collection is damaged, or `path` is its own file or cannot be written; the file at `path`
            is unchanged then.
    """
    if path.exists() and path.samefile(collection.path):
        raise CollectionError(f"'{path.name}' is the collection's own file. Export to another one.")
    unfinished = path.with_name(f".{uuid4().hex}.exporting")
    try:
        with closing(schema.connect(collection.path)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished.absolute()),))
        _migrate(unfinished)
        _drop_conversations(unfinished, keep_of=acting().owner if conversations else None)
        with open_untrusted(unfinished, collection.path.name) as exported:
            for _ in chain(exported.contents(), exported.conversations()):
                pass
        digests = {"digest": exported.digest, schema.CONVERSATIONS_DIGEST: exported.conversations_digest}
        with closing(schema.connect(unfinished)) as connection:
            connection.execute("DELETE FROM retrievals")
            for key, digest in digests.items():
                schema.write_setting(connection, key, digest)
        unfinished.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise CollectionError(
            f"Collection '{collection.spec.name}' could not be exported to '{path.name}': {reason_of(error)}. Check "
            "that the collection is still there, and that the folder exists, has free space and is writable."
        ) from error
    finally:
        discard_file(unfinished)


def import_collection(folder: Path, source_path: Path, name: str, *, shown_as: str = "") -> Collection:
    """Import an exported file, or a copy of a collection file, as the collection `name`.

    The file's contents are checked and copied into a new file, one document and one conversation at a time. The
    conversations become those of the acting person.

    Args:
        shown_as: the file's name in error messages, if it differs from the name of `source_path`.

    Raises:
        CollectionError: the file is not a collection, damaged, or of a newer version; or the name is taken or
            invalid. Nothing is changed then.
    """
    with (
        open_untrusted(source_path, shown_as or source_path.name) as source,
        unfinished_collection(folder, name, source.spec.embedding, source.spec.chunking) as collection,
        collection.writing() as connection,
    ):
        for stored in source.contents():
            chunk_ids = [chunk.chunk_id for chunk in stored.chunks]
            schema.insert_document(connection, stored.document, stored.chunks, chunk_ids, stored.vectors)
        for conversation in source.conversations():
            schema.insert_conversation(connection, conversation.row, conversation.turns, acting().owner)
    return Collection.open(folder, name)


def _migrate(path: Path) -> None:
    """Migrate the copy of a read-only collection of an earlier version."""
    with closing(schema.connect(path)) as connection:
        if schema.file_version(connection, path.name) < schema.SCHEMA_VERSION:
            schema.migrate(connection)


def _drop_conversations(path: Path, *, keep_of: str | None) -> None:
    """Delete all conversations but those that this owner sees, and all owners; no trace of them is left in the file."""
    with closing(schema.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        if keep_of != "":
            connection.execute("DELETE FROM conversations WHERE owner IS NOT ?", (keep_of,))
        connection.execute("UPDATE conversations SET owner = '' WHERE owner <> ''")
        connection.execute("VACUUM")


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
