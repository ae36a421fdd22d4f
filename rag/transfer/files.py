"""What is done with a collection as a file: rename, delete, take away (export), bring in (import)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from uuid import uuid4

from rag.errors import CollectionError
from rag.store import schema
from rag.store.collection import Collection, unfinished_collection
from rag.store.names import collection_path, discard_file, require_free_name
from rag.transfer.untrusted import open_foreign


def rename_collection(folder: Path, name: str, new_name: str) -> Collection:
    """Give a collection another name, its caches with it; waits for a document that is being stored.

    Raises:
        CollectionError: it is missing, or the new name is taken or cannot be used; nothing has changed then.
    """
    collection = Collection.open(folder, name)
    target = collection_path(folder, new_name)
    with _held(collection.path):
        require_free_name(folder, new_name, but_for=name)
        collection.path.rename(target)
    renamed = Collection.open(folder, new_name)
    if renamed.path != collection.path:
        shutil.rmtree(renamed.cache_folder, ignore_errors=True)
        with suppress(OSError):  # what stays behind is never read: it can be made again
            collection.cache_folder.rename(renamed.cache_folder)
    return renamed


def delete_collection(folder: Path, name: str) -> None:
    """Remove a collection, readable or not, with its caches; waits for a document that is being stored.

    Raises:
        CollectionError: it is missing, or the file cannot be removed.
    """
    path = collection_path(folder, name)
    if not path.is_file():
        raise CollectionError(f"There is no collection named '{name}', so nothing was deleted. Reload the page.")
    with _held(path):
        path.unlink()
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    shutil.rmtree(path.with_suffix(".cache"), ignore_errors=True)


def export_collection(collection: Collection, path: Path, *, conversations: bool = True) -> None:
    """Write the collection as it is now, though others write to it, into the file `path` (replaced if it is there).

    The whole collection is checked on the way, so that what is exported can be imported. How often chunks were
    retrieved is not exported.

    Args:
        conversations: whether they go along; a file for others may not be the place for them.

    Raises:
        CollectionError: the collection is damaged, or `path` cannot be written; it is then as it was before.
    """
    if path.exists() and path.samefile(collection.path):
        raise CollectionError(f"'{path.name}' is the collection's own file. Export to another one.")
    unfinished = path.with_name(f".{uuid4().hex}.exporting")
    try:
        with closing(schema.connect(collection.path)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished.absolute()),))
        if not conversations:
            _drop_conversations(unfinished)
        with open_foreign(unfinished, collection.path.name) as exported:
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
            f"Collection '{collection.spec.name}' could not be exported to '{path.name}': {error}. See that the "
            "collection is still there, and that the folder exists, has room and may be written."
        ) from error
    finally:
        discard_file(unfinished)


def import_collection(folder: Path, source_path: Path, name: str, *, shown_as: str = "") -> Collection:
    """Bring in an exported file, or a copy of a collection file, as the collection `name`.

    The file itself is not taken over: what it holds is checked and copied, document by document and conversation by
    conversation, into a new one.

    Args:
        shown_as: what errors call the file, where the person knows it by another name than `source_path` has.

    Raises:
        CollectionError: the file is no collection, damaged or of a newer version; or the name is taken or cannot
            be used. Nothing has changed then.
    """
    with (
        open_foreign(source_path, shown_as or source_path.name) as source,
        unfinished_collection(folder, name, source.spec.embedding, source.spec.chunking) as collection,
        collection.writing() as connection,
    ):
        for stored in source.contents():
            chunk_ids = [chunk.chunk_id for chunk in stored.chunks]
            schema.insert_document(connection, stored.document, stored.chunks, chunk_ids, stored.vectors)
        for conversation in source.conversations():
            schema.insert_conversation(connection, conversation.row, conversation.turns)
    return Collection.open(folder, name)


def _drop_conversations(path: Path) -> None:
    """Delete them so that no trace of them is left in the file."""
    with closing(schema.connect(path)) as connection:
        connection.execute("DELETE FROM turns")
        connection.execute("DELETE FROM conversations")
        connection.execute("VACUUM")


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep all others from the file: none is in the middle of a change, and what a crash left is undone."""
    try:
        with closing(schema.connect(path)) as connection:
            # A damaged file has nothing to wait for; a busy one raises OperationalError, and is left alone.
            with _unless_damaged():
                connection.execute("BEGIN EXCLUSIVE")
            yield
    except (OSError, sqlite3.Error) as error:
        raise CollectionError(
            f"'{path.name}' could not be renamed or deleted: {error}. Wait until nothing is added to it, and try again."
        ) from error


@contextmanager
def _unless_damaged() -> Iterator[None]:
    """Go on where SQLite says that the file is not its own."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        pass
