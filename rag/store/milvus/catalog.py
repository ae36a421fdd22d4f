"""The catalog: which collections there are, and which versions of documents are visible in them.

Milvus has no transactions, so a document becomes visible here. It gets a number, its version, before anything of it
is written; its chunks carry that number. When all of them are in Milvus, one transaction makes the version visible and
the earlier one of the same name leave. A search reads the state of the catalog first, and asks Milvus only for versions
that were visible then. Versions that leave are kept in Milvus for a while, for searches that began before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Row

from rag.errors import CollectionError
from rag.store import records
from rag.store.digests import DocumentDigests
from rag.store.milvus import database
from rag.store.milvus.database import Database, collections, entries
from rag.store.names import folded, require_free
from rag.store.records import SummaryRow
from rag.types import DocumentSummary

WRITING, VISIBLE, LEAVING = "writing", "visible", "leaving"
_CREATING, _READY, _DELETING = "creating", "ready", "deleting"
_WRITER = uuid4().hex
"""This process, as the writer of unfinished versions."""
LEASE_SECONDS = 600.0
"""How long an unfinished version of another process may stay unchanged before it is swept up."""
_LINGER_SECONDS = 120.0
"""How long the chunks of a version that left stay in Milvus."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A visible document: its version, its row without the text, its chunks' ids, and the digests of all of it."""

    version: int
    summary: SummaryRow
    first_chunk: int
    last_chunk: int
    digests: DocumentDigests

    @property
    def as_summary(self) -> DocumentSummary:
        """The document without its text."""
        return records.summary_from_row(self.summary, self.digests.n_chunks)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of a collection: its generation, the versions below `next_version` that are hidden, and the documents.

    `entries` are the visible documents by version.
    """

    generation: int
    next_version: int
    hidden: tuple[int, ...]
    entries: Mapping[int, Entry] = field(default_factory=dict)

    @property
    def n_chunks(self) -> int:
        """Number of chunks."""
        return sum(entry.digests.n_chunks for entry in self.entries.values())


class Catalog:
    """The collections of one Milvus store. Every method raises CollectionError if the database cannot be used."""

    def __init__(self, database: Database, *, is_alone: bool) -> None:
        self.database = database
        self._is_alone = is_alone

    def names(self) -> list[str]:
        """The names of the collections, sorted without regard to case."""
        with self.database.reading() as connection:
            found = connection.execute(select(collections.c.name).where(collections.c.state == _READY))
            return sorted((str(row[0]) for row in found), key=str.casefold)

    def find(self, name: str) -> Row[Any] | None:
        """The row of the collection `name`; None if there is none."""
        wanted = and_(collections.c.name == name, collections.c.state == _READY)
        with self.database.reading() as connection:
            return connection.execute(select(collections).where(wanted)).fetchone()

    def begin(self, name: str, uid: str, spec: str, spec_digest: str) -> None:
        """Enter a collection that is being created; it is not listed. Raises CollectionError if the name is taken."""
        with self.database.writing() as connection:
            require_free(name, _names_in_use(connection))
            connection.execute(
                insert(collections).values(
                    uid=uid, name=name, folded=f"{uid} {_CREATING}", state=_CREATING, spec=spec,
                    spec_digest=spec_digest, generation=0, next_version=1, next_chunk=1, changed_at=time.time(),
                )
            )  # fmt: skip
            database.create_tables_of(connection, uid)

    def finish(self, name: str, uid: str) -> None:
        """List a collection that was created. Raises CollectionError if the name was taken meanwhile."""
        with self.database.writing() as connection:
            require_free(name, _names_in_use(connection))
            connection.execute(
                update(collections).where(collections.c.uid == uid).values(state=_READY, folded=folded(name))
            )

    def rename(self, uid: str, name: str, new_name: str) -> None:
        """Rename a collection. Raises CollectionError if the new name is taken."""
        with self.database.writing() as connection:
            require_free(new_name, [other for other in _names_in_use(connection) if other != name])
            connection.execute(
                update(collections).where(collections.c.uid == uid).values(name=new_name, folded=folded(new_name))
            )

    def withdraw(self, uid: str) -> None:
        """Take a collection out of the list; `forget` follows when Milvus has dropped what it holds."""
        with self.database.writing() as connection:
            connection.execute(
                update(collections).where(collections.c.uid == uid).values(state=_DELETING, folded=f"{uid} {_DELETING}")
            )

    def forget(self, uid: str) -> None:
        """Delete everything that the catalog has of a collection."""
        with self.database.writing() as connection:
            database.drop_tables_of(connection, uid)
            for table in (entries, database.settings, collections):
                connection.execute(delete(table).where(table.c.uid == uid))

    def require(self, connection: Connection, uid: str, shown_as: str) -> None:
        """Raise CollectionError if the collection was deleted."""
        _ready(connection, uid, shown_as)

    def update_tables(self, uid: str) -> None:
        """Add to the tables of a collection what a newer version of this program expects of them."""
        with self.database.writing() as connection:
            database.create_tables_of(connection, uid)

    def abandoned(self) -> list[str]:
        """The ids of collections whose creation or deletion was interrupted."""
        old = time.time() - (0 if self._is_alone else LEASE_SECONDS)
        wanted = or_(
            collections.c.state == _DELETING, and_(collections.c.state == _CREATING, collections.c.changed_at < old)
        )
        with self.database.reading() as connection:
            return [str(row[0]) for row in connection.execute(select(collections.c.uid).where(wanted))]

    def snapshot(self, uid: str, shown_as: str, *, with_entries: bool = True) -> Snapshot:
        """The state of a collection, with or without its documents. Raises CollectionError if it is gone."""
        with self.database.reading() as connection:
            row = _ready(connection, uid, shown_as)
            hidden = select(entries.c.version).where(entries.c.uid == uid, entries.c.state != VISIBLE)
            versions = tuple(int(one[0]) for one in connection.execute(hidden.order_by(entries.c.version)))
            found: dict[int, Entry] = {}
            if with_entries:
                wanted = select(entries).where(entries.c.uid == uid, entries.c.state == VISIBLE)
                found = {one.version: _entry(one) for one in connection.execute(wanted.order_by(entries.c.first_chunk))}
        return Snapshot(row.generation, row.next_version, versions, found)

    def n_chunks(self, uid: str, shown_as: str) -> int:
        """The number of chunks of the visible documents. Raises CollectionError if the collection is gone."""
        visible = and_(entries.c.uid == uid, entries.c.state == VISIBLE)
        with self.database.reading() as connection:
            _ready(connection, uid, shown_as)
            return int(connection.execute(select(func.sum(entries.c.n_chunks)).where(visible)).scalar() or 0)

    def entries_of(
        self, uid: str, shown_as: str, *, document_ids: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[Entry]:
        """The visible documents with these ids or names, in any order."""
        found: list[Entry] = []
        with self.database.reading() as connection:
            _ready(connection, uid, shown_as)
            for column, wanted in ((entries.c.document_id, document_ids), (entries.c.name, names)):
                for start in range(0, len(wanted), 500):
                    query = select(entries).where(
                        entries.c.uid == uid, entries.c.state == VISIBLE, column.in_(wanted[start : start + 500])
                    )
                    found += map(_entry, connection.execute(query))
        return found

    def reserve(self, uid: str, shown_as: str, name: str, n_chunks: int) -> tuple[int, int]:
        """A new version and the first of `n_chunks` new chunk ids, for a document that will be written."""
        with self.database.writing() as connection:
            row = _ready(connection, uid, shown_as, for_update=True)
            version, first = int(row.next_version), int(row.next_chunk)
            connection.execute(
                update(collections)
                .where(collections.c.uid == uid)
                .values(next_version=version + 1, next_chunk=first + n_chunks)
            )
            connection.execute(
                insert(entries).values(
                    uid=uid, version=version, state=WRITING, writer=_WRITER, since=time.time(), document_id="",
                    name=name, summary="", n_chunks=0, first_chunk=first, last_chunk=first + n_chunks - 1,
                    summary_digest=b"", contents_digest=b"", chunks_digest=b"", vectors_digest=b"",
                )
            )  # fmt: skip
        return version, first

    def keep_alive(self, uid: str, version: int) -> None:
        """Say that the version is still being written."""
        with self.database.writing() as connection:
            connection.execute(_of(uid, [version]).values(since=time.time()))

    def publish(self, uid: str, shown_as: str, written: Sequence[Entry]) -> None:
        """Make these versions visible, and the earlier ones of documents with the same name or id leave.

        Raises:
            CollectionError: a version is no longer there, because the writer was taken for dead.
        """
        with self.database.writing() as connection:
            _ready(connection, uid, shown_as, for_update=True)
            now = time.time()
            for entry in written:
                document_id, name, *_ = entry.summary
                same = or_(entries.c.name == name, entries.c.document_id == document_id)
                connection.execute(
                    update(entries)
                    .where(entries.c.uid == uid, entries.c.state == VISIBLE, same)
                    .values(state=LEAVING, since=now)
                )
                found = connection.execute(_of(uid, [entry.version]).values(state=VISIBLE, since=now, **_values(entry)))
                if found.rowcount != 1:
                    raise CollectionError(
                        f"'{name}' was not stored: writing it took so long that it was taken for interrupted. Add it "
                        "again."
                    )
            last = max((entry.last_chunk for entry in written), default=0)
            _touch(connection, uid, next_chunk=last + 1)

    def leave(self, uid: str, shown_as: str, document_ids: Sequence[str]) -> None:
        """Hide these documents from all searches that begin now; ids that do not exist are ignored."""
        with self.database.writing() as connection:
            _ready(connection, uid, shown_as, for_update=True)
            for start in range(0, len(document_ids), 500):
                connection.execute(
                    update(entries)
                    .where(
                        entries.c.uid == uid, entries.c.state == VISIBLE,
                        entries.c.document_id.in_(document_ids[start : start + 500]),
                    )
                    .values(state=LEAVING, since=time.time())
                )  # fmt: skip
            _touch(connection, uid)

    def hide(self, uid: str, version: int) -> None:
        """Give up a version that was not written to its end; it is swept up later."""
        with self.database.writing() as connection:
            connection.execute(_of(uid, [version]).values(state=LEAVING, since=0.0))

    def to_sweep(self, uid: str, *, at_start: bool = False) -> list[int]:
        """The versions whose rows can be deleted from Milvus: those that left, and those whose writer is gone."""
        now = time.time()
        linger, lease = _LINGER_SECONDS, LEASE_SECONDS
        if at_start and self._is_alone:
            linger = lease = 0.0
        left = and_(entries.c.state == LEAVING, entries.c.since <= now - linger)
        dead = and_(entries.c.state == WRITING, entries.c.writer != _WRITER, entries.c.since <= now - lease)
        with self.database.reading() as connection:
            query = select(entries.c.version).where(entries.c.uid == uid, or_(left, dead))
            return [int(row[0]) for row in connection.execute(query.order_by(entries.c.version))]

    def swept(self, uid: str, versions: Sequence[int]) -> None:
        """Forget versions that Milvus no longer holds."""
        with self.database.writing() as connection:
            connection.execute(delete(entries).where(entries.c.uid == uid, entries.c.version.in_(versions)))

    def changed_at(self, name: str) -> float:
        """When the collection was last changed, in seconds since 1970; 0 if there is none of this name."""
        row = self.find(name)
        return 0.0 if row is None else float(row.changed_at)


def _names_in_use(connection: Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute(select(collections.c.name).where(collections.c.state == _READY))]


def _ready(connection: Connection, uid: str, shown_as: str, *, for_update: bool = False) -> Row[Any]:
    """The row of a collection that may be used. Raises CollectionError if it was deleted."""
    query = select(collections).where(collections.c.uid == uid, collections.c.state != _DELETING)
    row = connection.execute(query.with_for_update() if for_update else query).fetchone()
    if row is None:
        raise CollectionError(f"Collection '{shown_as}' was renamed or deleted. Select it again.")
    return row


def _touch(connection: Connection, uid: str, *, next_chunk: int = 0) -> None:
    """Note a change: the next generation; chunk ids below `next_chunk` are not given again."""
    values = {"generation": collections.c.generation + 1, "changed_at": time.time()}
    connection.execute(update(collections).where(collections.c.uid == uid).values(**values))
    connection.execute(
        update(collections)
        .where(collections.c.uid == uid, collections.c.next_chunk < next_chunk)
        .values(next_chunk=next_chunk)
    )


def _of(uid: str, versions: Sequence[int]) -> Any:
    return update(entries).where(entries.c.uid == uid, entries.c.version.in_(versions), entries.c.state == WRITING)


def _values(entry: Entry) -> dict[str, object]:
    """The columns of an entry that are known when it is written."""
    of = entry.digests
    return {
        "document_id": entry.summary[0], "name": entry.summary[1], "summary": json.dumps(entry.summary),
        "n_chunks": of.n_chunks, "first_chunk": entry.first_chunk, "last_chunk": entry.last_chunk,
        "summary_digest": of.summary, "contents_digest": of.contents, "chunks_digest": of.chunks,
        "vectors_digest": of.vectors,
    }  # fmt: skip


def _entry(row: Row[Any]) -> Entry:
    summary: SummaryRow = tuple(json.loads(row.summary))
    found = DocumentDigests(
        row.document_id, row.n_chunks, row.summary_digest, row.contents_digest, row.chunks_digest, row.vectors_digest
    )
    return Entry(row.version, summary, row.first_chunk, row.last_chunk, found)
