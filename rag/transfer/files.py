"""Collection files: rename, delete, export and import."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from rag.access.person import acting, require_editor
from rag.errors import CollectionError
from rag.store.collection import Collection, unfinished_collection
from rag.store.homes import home_of
from rag.store.sqlite import schema
from rag.store.sqlite.collection import SqliteCollection
from rag.store.sqlite.files import discard_file
from rag.store.sqlite.home import SqliteHome
from rag.store.sqlite.reasons import reason_of
from rag.transfer.copying import copy_into
from rag.transfer.untrusted import open_untrusted


def rename_collection(folder: Path, name: str, new_name: str) -> Collection:
    """Rename a collection and its caches; waits for a document that is being stored.

    Raises:
        CollectionError: it is missing or locked, or the new name is taken or invalid. Nothing is changed then.
    """
    require_editor()
    return home_of(folder).rename(name, new_name)


def delete_collection(folder: Path, name: str) -> None:
    """Delete a collection, readable or not, with its caches; waits for a document that is being stored.

    Raises:
        CollectionError: it is missing, or cannot be deleted.
    """
    require_editor()
    home_of(folder).delete(name)


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
    if isinstance(collection, SqliteCollection):
        _export_file(collection, path, conversations=conversations)
        return
    with TemporaryDirectory() as folder:
        home, name = SqliteHome(Path(folder)), collection.spec.name
        with home.unfinished(name, collection.spec.embedding, collection.spec.chunking) as made:
            copy_into(made, collection)
        _export_file(home.open(name), path, conversations=conversations)


def _export_file(collection: SqliteCollection, path: Path, *, conversations: bool) -> None:
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
        collection.filling() as filling,
    ):
        for stored in source.contents():
            filling.add_document(stored.document, stored.chunks, stored.vectors)
        for conversation in source.conversations():
            filling.add_conversation(conversation.row, conversation.turns, acting().owner)
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
