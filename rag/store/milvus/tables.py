"""Settings, retrieval counts and conversations of one collection, in the SQL database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, text
from sqlalchemy.engine import Connection

from rag.store.milvus.catalog import Catalog
from rag.store.milvus.database import CollectionSql, settings


@dataclass(frozen=True, slots=True)
class CollectionTables:
    """The tables of the collection `uid`. Every method raises CollectionError if it was deleted."""

    catalog: Catalog
    uid: str
    shown_as: str

    def setting(self, key: str) -> str | None:
        """A setting of the collection; None if it was never set."""
        return self.settings().get(key)

    def settings(self) -> dict[str, str]:
        """All settings of the collection, by key."""
        query = select(settings.c.key, settings.c.value).where(settings.c.uid == self.uid).order_by(settings.c.key)
        with self._reading() as connection:
            return {str(key): str(value) for key, value in connection.execute(query)}

    def set_setting(self, key: str, value: str | None) -> None:
        """Store a setting; None removes it."""
        with self._writing() as connection:
            connection.execute(delete(settings).where(settings.c.uid == self.uid, settings.c.key == key))
            if value is not None:
                connection.execute(insert(settings).values(uid=self.uid, key=key, value=value))

    def count_retrieved(self, chunk_ids: Sequence[int]) -> None:
        """Count one more retrieval for each of these chunks."""
        table = f"retrievals_{self.uid}"
        query = text(
            f"INSERT INTO {table} (chunk_id, times) VALUES (:chunk_id, 1) "
            f"ON CONFLICT (chunk_id) DO UPDATE SET times = {table}.times + 1"
        )
        if chunk_ids:
            with self._writing() as connection:
                connection.execute(query, [{"chunk_id": chunk_id} for chunk_id in chunk_ids])

    def retrieved_counts(self) -> dict[int, int]:
        """Retrieval counts by chunk id, also of chunks that are gone."""
        query = text(f"SELECT chunk_id, times FROM retrievals_{self.uid} ORDER BY chunk_id")
        with self._reading() as connection:
            return {int(chunk_id): int(times) for chunk_id, times in connection.execute(query)}

    @contextmanager
    def reading_conversations(self) -> Iterator[CollectionSql]:
        """A read transaction on the conversations."""
        with self._reading() as connection:
            yield CollectionSql(connection, self.uid)

    @contextmanager
    def writing_conversations(self) -> Iterator[CollectionSql]:
        """A write transaction on the conversations, rolled back on any exception."""
        with self._writing() as connection:
            yield CollectionSql(connection, self.uid)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self.catalog.database.reading() as connection:
            self.catalog.require(connection, self.uid, self.shown_as)
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.catalog.database.writing() as connection:
            self.catalog.require(connection, self.uid, self.shown_as)
            yield connection
