"""Migrations: the SQL that creates and updates the tables of a collection file, version by version."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

# Each migration updates a file from one version to the next; a new file runs all of them. Never edit a published
# migration: users' files were created with it.
_VERSION_1 = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE documents (
    document_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    text TEXT NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL, rows TEXT NOT NULL)""",
    """CREATE TABLE chunks (
    chunk_id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, n_tokens INTEGER NOT NULL,
    page INTEGER, heading TEXT NOT NULL, fields TEXT NOT NULL)""",
    "CREATE INDEX chunks_by_document ON chunks (document_id)",
    """CREATE TABLE embeddings (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, vector BLOB NOT NULL)""",
    """CREATE VIRTUAL TABLE words USING fts5(text, content='chunks', content_rowid='chunk_id', \
tokenize='porter unicode61')""",
    """CREATE TRIGGER words_added AFTER INSERT ON chunks BEGIN
    INSERT INTO words (rowid, text) VALUES (new.chunk_id, new.text); END""",
    """CREATE TRIGGER words_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.chunk_id, old.text); END""",
)
# The long columns come last: SQLite reads rows from the beginning, so listing documents reads no texts.
_VERSION_2 = (
    """CREATE TABLE documents_2 (
    document_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    n_characters INTEGER NOT NULL, n_pages INTEGER NOT NULL, language TEXT NOT NULL, notes TEXT NOT NULL,
    pages TEXT NOT NULL, headings TEXT NOT NULL, rows TEXT NOT NULL, text TEXT NOT NULL)""",
    """INSERT INTO documents_2 SELECT document_id, name, media_type, sha256, characters(text),
    json_array_length(pages), '', '[]', pages, headings, rows, text FROM documents ORDER BY rowid""",
    "DROP TABLE documents",
    "ALTER TABLE documents_2 RENAME TO documents",
    "UPDATE meta SET value = json_set(value, '$.schema_version', 2) WHERE key = 'spec'",
)
_VERSION_3 = (
    """CREATE TABLE retrievals (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, times INTEGER NOT NULL)""",
    "UPDATE meta SET value = json_set(value, '$.schema_version', 3) WHERE key = 'spec'",
)
# The long column comes last: the history of a conversation is read without its records.
_VERSION_4 = (
    """CREATE TABLE conversations (
    conversation_id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, changed_at TEXT NOT NULL)""",
    """CREATE TABLE turns (
    turn_id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    slot INTEGER NOT NULL, is_chosen INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL,
    record TEXT NOT NULL)""",
    "CREATE INDEX turns_by_slot ON turns (conversation_id, slot, is_chosen)",
    "CREATE UNIQUE INDEX chosen_turns ON turns (conversation_id, slot) WHERE is_chosen",
    "UPDATE meta SET value = json_set(value, '$.schema_version', 4) WHERE key = 'spec'",
)
# `rag.store.sqlite.schema.migrate` computes the digests of what such a file already holds.
_VERSION_5 = (
    "ALTER TABLE chunks ADD COLUMN digest BLOB",
    """CREATE TABLE digests (
    document_id TEXT PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    n_chunks INTEGER NOT NULL, summary BLOB NOT NULL, contents BLOB NOT NULL, chunks BLOB NOT NULL,
    vectors BLOB NOT NULL)""",
    "UPDATE meta SET value = json_set(value, '$.schema_version', 5) WHERE key = 'spec'",
)
# The word index now lies in cache files, see rag/index/words. `migrate` in `schema` drops its tables before.
DROP_WORDS = (
    "DROP TRIGGER IF EXISTS words_added",
    "DROP TRIGGER IF EXISTS words_removed",
    "DROP TABLE IF EXISTS words",
)
_VERSION_6 = (
    *DROP_WORDS,
    "UPDATE meta SET value = json_set(value, '$.schema_version', 6) WHERE key = 'spec'",
)
_VERSION_7 = (
    "ALTER TABLE chunks ADD COLUMN context TEXT NOT NULL DEFAULT ''",
    "UPDATE meta SET value = json_set(value, '$.schema_version', 7) WHERE key = 'spec'",
)
# The id of the person who began the conversation; empty on one's own machine.
_VERSION_8 = (
    "ALTER TABLE conversations ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
    "UPDATE meta SET value = json_set(value, '$.schema_version', 8) WHERE key = 'spec'",
)
MIGRATIONS = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5, _VERSION_6, _VERSION_7, _VERSION_8)
_WORDS_BEFORE = 6
"""The first file version without a word index, which the migration drops."""


def begin_without_words(connection: sqlite3.Connection, drop: Callable[[sqlite3.Connection], None]) -> int:
    """Begin a transaction, with `drop` remove the word index of a file of a version before 6, return the version."""
    connection.execute("BEGIN IMMEDIATE")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if 0 < version < _WORDS_BEFORE:
        drop(connection)
    return version


def drop_words(connection: sqlite3.Connection) -> None:
    """Drop the word index. Raises sqlite3.Error if it is damaged: its pages might not be its own."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'words_*'")
    for (table,) in tables.fetchall():
        (found,) = connection.execute(f"PRAGMA quick_check({table})").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    for statement in DROP_WORDS:
        connection.execute(statement)


def forget_words(connection: sqlite3.Connection) -> None:
    """Take a damaged word index, which SQLite does not drop, out of the list of tables; its pages stay in the file."""
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_master WHERE name = 'words' OR name GLOB 'words_*'")
    connection.execute("PRAGMA writable_schema = RESET")
