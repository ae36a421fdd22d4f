"""Check of a collection: compare every document, chunk and vector with the digests of what was stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.sqlite import schema
from rag.store.sqlite.collection import SqliteCollection
from rag.store.sqlite.files import collection_path
from rag.store.sqlite.reasons import reason_of

_UNRECORDED = "It is of an earlier version and read-only: no digests were recorded, so only its structure was checked."


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result for one collection: `problems` are sentences that name what is damaged; `note` is empty or one."""

    name: str
    documents: int
    chunks: int
    problems: tuple[str, ...]
    note: str = ""

    def lines(self) -> list[str]:
        """A line with the result, and one for each problem and the note."""
        sound = f"sound ({self.documents:,} documents, {self.chunks:,} chunks)"
        line = f"{self.name}: {'damaged' if self.problems else sound}"
        return [line, *(f"  {text}" for text in (*self.problems, self.note) if text)]


def check_collection(folder: Path, name: str) -> CheckReport:
    """Check a collection; reads everything in its file, and changes nothing except that an old file is migrated.

    Raises:
        CollectionError: there is no collection of this name.
    """
    if not collection_path(folder, name).is_file():
        raise CollectionError(f"There is no collection named '{name}'.")
    try:
        collection = SqliteCollection.load(folder, name)
    except CollectionError as error:
        return CheckReport(name, 0, 0, (str(error),))
    of_contents = problems(collection, _documents(collection.path))
    found = tuple(dict.fromkeys((*_problems_of_file(collection.path), *of_contents)))
    documents = chunks = 0
    if not found:
        documents, chunks = len(collection.documents()), collection.n_chunks()
    return CheckReport(name, documents, chunks, found, "" if _has_digests(collection.path) else _UNRECORDED)


def problems(collection: Collection, documents: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What is damaged in a collection with documents of these ids and names, as sentences.

    Each part is read on its own, so that one problem hides no other.
    """
    parts: list[tuple[str, Callable[[], object]]] = [
        ("", collection.documents), ("", collection.stored_vectors), ("", collection.n_chunks),
    ]  # fmt: skip
    for document_id, name in documents:
        parts += [(name, partial(collection.document, document_id)), (name, partial(collection.chunks_of, document_id))]
    for name, read in parts:
        try:
            read()
        except CollectionError as error:
            yield str(error) if f"'{name}'" in str(error) or not name else f"Document '{name}': {error}"


def _documents(path: Path) -> list[tuple[str, str]]:
    """Id and name of all documents in the file, as far as it can be read."""
    try:
        with closing(schema.connect(path, mode="ro")) as connection:
            connection.text_factory = lambda stored: stored.decode("utf-8", "replace")
            return connection.execute("SELECT document_id, name FROM documents ORDER BY name").fetchall()
    except sqlite3.Error:
        return []


def _has_digests(path: Path) -> bool:
    with closing(schema.connect(path, mode="ro")) as connection:
        return schema.file_version(connection, path.name) >= schema.DIGESTS_SINCE


def _problems_of_file(path: Path) -> Iterator[str]:
    """Damage to the structure of the file."""
    try:
        with closing(schema.connect(path, mode="ro")) as connection:
            for (found,) in connection.execute("PRAGMA integrity_check(3)"):
                if found != "ok":
                    yield f"The structure of the file is damaged ({found}). Restore a copy of it."
    except sqlite3.Error as error:
        yield f"The file cannot be read: {reason_of(error)}. Restore a copy of it."
