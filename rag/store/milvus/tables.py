"""Settings, retrieval counts and conversations of one collection, in the SQL database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, insert, select, text

from rag.store.milvus.database import CollectionSql, Database, settings


def setting(database: Database, uid: str, key: str) -> str | None:
    """A setting of the collection; None if it was never set."""
    with database.reading() as connection:
        row = connection.execute(
            select(settings.c.value).where(settings.c.uid == uid, settings.c.key == key)
        ).fetchone()
    return None if row is None else str(row[0])


def all_settings(database: Database, uid: str) -> dict[str, str]:
    """All settings of the collection, by key."""
    with database.reading() as connection:
        query = select(settings.c.key, settings.c.value).where(settings.c.uid == uid).order_by(settings.c.key)
        return {str(key): str(value) for key, value in connection.execute(query)}


def set_setting(database: Database, uid: str, key: str, value: str | None) -> None:
    """Store a setting; None removes it."""
    with database.writing() as connection:
        connection.execute(delete(settings).where(settings.c.uid == uid, settings.c.key == key))
        if value is not None:
            connection.execute(insert(settings).values(uid=uid, key=key, value=value))


def count_retrieved(database: Database, uid: str, chunk_ids: Sequence[int]) -> None:
    """Count one more retrieval for each of these chunks."""
    if not chunk_ids:
        return
    # SQLite before 3.24 has no such statement; Python 3.11 comes with a later one.
    query = text(
        f"INSERT INTO retrievals_{uid} (chunk_id, times) VALUES (:chunk_id, 1) "
        f"ON CONFLICT (chunk_id) DO UPDATE SET times = retrievals_{uid}.times + 1"
    )
    with database.writing() as connection:
        connection.execute(query, [{"chunk_id": chunk_id} for chunk_id in chunk_ids])


def retrieved_counts(database: Database, uid: str) -> dict[int, int]:
    """Retrieval counts by chunk id, also of chunks that are gone."""
    with database.reading() as connection:
        rows = connection.execute(text(f"SELECT chunk_id, times FROM retrievals_{uid} ORDER BY chunk_id"))
        return {int(chunk_id): int(times) for chunk_id, times in rows}


@contextmanager
def reading_conversations(database: Database, uid: str) -> Iterator[CollectionSql]:
    """A read transaction on the conversations."""
    with database.reading() as connection:
        yield CollectionSql(connection, uid)


@contextmanager
def writing_conversations(database: Database, uid: str) -> Iterator[CollectionSql]:
    """A write transaction on the conversations, rolled back on any exception."""
    with database.writing() as connection:
        yield CollectionSql(connection, uid)
