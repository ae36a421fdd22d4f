"""Files of earlier versions become this one and lose nothing; those of later versions and other programs are left."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rag.conversations.store import Conversations
from rag.errors import CollectionError
from rag.store import schema
from rag.store.collection import Collection
from rag.transfer.files import export_collection, import_collection
from rag.types import ChunkingSpec
from tests.support.collections import contents, plain_document, put, rich_collection, rich_documents, take_back_to
from tests.support.fakes import WordEmbedder
from tests.support.turns import made_turn

# As the first version of this program made its files.
VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    document_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    text TEXT NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL, rows TEXT NOT NULL);
CREATE TABLE chunks (
    chunk_id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, n_tokens INTEGER NOT NULL,
    page INTEGER, heading TEXT NOT NULL, fields TEXT NOT NULL);
CREATE INDEX chunks_by_document ON chunks (document_id);
CREATE TABLE embeddings (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, vector BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(text, content='chunks', content_rowid='chunk_id', tokenize='porter unicode61');
CREATE TRIGGER words_added AFTER INSERT ON chunks BEGIN
    INSERT INTO words (rowid, text) VALUES (new.chunk_id, new.text); END;
CREATE TRIGGER words_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.chunk_id, old.text); END;
PRAGMA user_version = 1;
"""


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


def write_version_1(path: Path, collection: Collection) -> None:
    """What `collection` holds, in a file of version 1, which knew neither languages nor notes nor strategies."""
    spec = {"name": "old", "embedding": asdict(collection.spec.embedding), "schema_version": 1}
    spec["chunking"] = {"max_tokens": 60, "overlap": 5}
    ids, vectors = collection.embeddings()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(VERSION_1)
        meta = {"spec": json.dumps(spec), "uid": "0123456789abcdef", "generation": "7"}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        for document in sorted(rich_documents(), key=lambda document: document.document_id, reverse=True):
            headings = [(heading.start, heading.path) for heading in document.headings]
            rows = [(row.start, row.end, row.fields) for row in document.rows]
            values = (document.document_id, document.name, document.media_type, document.sha256, document.text)
            lists = (json.dumps(document.pages), json.dumps(headings), json.dumps(rows))
            connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*values, *lists))
        for chunk in collection.chunks():
            where = (chunk.chunk_id, chunk.document_id, chunk.start, chunk.end, chunk.text, chunk.n_tokens)
            values = (*where, chunk.page, chunk.heading, json.dumps(chunk.fields))
            connection.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        blobs = [(int(chunk_id), vector.tobytes()) for chunk_id, vector in zip(ids, vectors, strict=True)]
        connection.executemany("INSERT INTO embeddings VALUES (?, ?)", blobs)


@pytest.fixture
def modern(tmp_path, words) -> Collection:
    return rich_collection(tmp_path / "modern", "modern", words)


@pytest.fixture
def old_file(data_dir, modern) -> Path:
    data_dir.mkdir()
    write_version_1(data_dir / "old.sqlite", modern)
    return data_dir / "old.sqlite"


def as_version_1_knew(collection: Collection):
    known = contents(collection)
    documents = [replace(document, language="", notes=()) for document in known.documents]
    return replace(known, documents=documents, chunking=ChunkingSpec(60, 5))


def test_a_file_of_version_1_keeps_everything(data_dir, old_file, modern):
    migrated = Collection.open(data_dir, "old")
    assert contents(migrated) == as_version_1_knew(modern)
    assert (migrated.uid, migrated.generation(), migrated.spec.name) == ("0123456789abcdef", 7, "old")
    lengths = [(summary.n_characters, summary.n_pages) for summary in migrated.documents()]
    assert lengths == [(summary.n_characters, summary.n_pages) for summary in modern.documents()]


def test_a_migrated_file_is_like_a_new_one(data_dir, old_file, modern, words):
    migrated = Collection.open(data_dir, "old")
    with closing(schema.connect(old_file)) as old, closing(schema.connect(modern.path)) as new:
        wanted = schema.expected_objects(schema.SCHEMA_VERSION)
        assert schema.stored_objects(old) == schema.stored_objects(new) == wanted
        for pragma in ("user_version", "application_id"):
            assert old.execute(f"PRAGMA {pragma}").fetchone() == new.execute(f"PRAGMA {pragma}").fetchone()
        assert old.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert old.execute("PRAGMA foreign_key_check").fetchall() == []
    last = int(migrated.chunk_ids()[-1])
    put(migrated, words, replace(rich_documents()[0], document_id="new"))
    migrated.delete_document("d2")
    assert {chunk.document_id for chunk in migrated.chunks()} == {"new", "d3"}
    assert min(chunk.chunk_id for chunk in migrated.chunks_of("new")) > last


def test_a_file_of_version_1_can_be_imported_as_it_is(data_dir, old_file, modern):
    before = old_file.read_bytes()
    assert contents(import_collection(data_dir, old_file, "Copy")) == as_version_1_knew(modern)
    assert old_file.read_bytes() == before


def test_a_migrated_file_can_be_exported_and_imported(data_dir, old_file, modern, tmp_path):
    export_collection(Collection.open(data_dir, "old"), tmp_path / "out")
    assert contents(import_collection(data_dir, tmp_path / "out", "Copy")) == as_version_1_knew(modern)


@pytest.fixture
def version_3(data_dir, modern) -> Path:
    """What `modern` holds, in a file of version 3, which knew no conversations."""
    data_dir.mkdir()
    path = data_dir / "three.sqlite"
    shutil.copy(modern.path, path)
    take_back_to(path, 3)
    return path


def test_a_file_of_version_3_can_be_talked_to(version_3, data_dir, modern):
    counted = [int(modern.chunk_ids()[0])]
    with closing(sqlite3.connect(version_3)) as connection, connection:
        connection.execute("INSERT INTO retrievals VALUES (?, 2)", counted)
    migrated = Collection.open(data_dir, "three")
    assert contents(migrated) == contents(modern)
    assert migrated.retrieved_counts() == dict.fromkeys(counted, 2)
    conversations = Conversations(migrated)
    assert conversations.list() == []
    turn = conversations.add(conversations.create(), made_turn())
    assert Conversations(Collection.open(data_dir, "three")).turns(1) == [turn]
    with closing(schema.connect(version_3)) as connection:
        assert schema.stored_objects(connection) == schema.expected_objects(schema.SCHEMA_VERSION)


def test_a_file_of_version_3_can_be_imported_as_it_is(version_3, data_dir, modern):
    before = version_3.read_bytes()
    copy = import_collection(data_dir, version_3, "Copy")
    assert (contents(copy), Conversations(copy).list()) == (contents(modern), [])
    assert version_3.read_bytes() == before


def test_a_migration_that_fails_leaves_the_file_as_it_was(data_dir, old_file, modern, monkeypatch):
    before = old_file.read_bytes()
    with monkeypatch.context() as patch:
        first, second = schema.MIGRATIONS[:2]
        broken = (*second[:-1], "INSERT INTO nowhere VALUES (1)")
        patch.setattr(schema, "MIGRATIONS", (first, broken))
        with pytest.raises(CollectionError, match=r"'old\.sqlite'.*Nothing was changed"):
            Collection.open(data_dir, "old")
    assert old_file.read_bytes() == before
    assert contents(Collection.open(data_dir, "old")) == as_version_1_knew(modern)


def test_many_may_open_an_old_file_at_once(data_dir, old_file, modern):
    together, seen = threading.Barrier(4), []

    def look():
        together.wait()
        seen.append(contents(Collection.open(data_dir, "old")))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [as_version_1_knew(modern)] * 4


def test_a_busy_old_file_is_not_called_damaged(data_dir, old_file, monkeypatch):
    monkeypatch.setattr(schema, "_PATIENCE", 0)
    with closing(sqlite3.connect(old_file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(CollectionError, match=r"'old\.sqlite' could not be opened: another program is using it"):
            Collection.open(data_dir, "old")


@pytest.mark.parametrize(
    ("pragma", "message"),
    [
        (
            f"user_version = {schema.SCHEMA_VERSION + 1}",
            "created by a newer version of this program. Update the program",
        ),
        ("application_id = 7", "but a database of another program"),
        ("user_version = 0", "but a database of another program"),
        ("user_version = -1", "but a database of another program"),
    ],
)
def test_files_that_are_not_of_this_version_are_left_alone(data_dir, modern, pragma, message):
    data_dir.mkdir()
    path = data_dir / "other.sqlite"
    shutil.copy(modern.path, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")
    before = path.read_bytes()
    with pytest.raises(CollectionError, match=rf"'other\.sqlite'.*{message}"):
        Collection.open(data_dir, "other")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM meta WHERE key = 'uid'", "not a readable collection"),
        ("UPDATE meta SET value = 'no json' WHERE key = 'spec'", "not a readable collection"),
        ("UPDATE meta SET value = json_set(value, '$.embedding.dimension', 'many')", "not a readable collection"),
        ("UPDATE meta SET value = json_set(value, '$.chunking.strategy', 'new')", "newer version"),
        ("DROP TABLE meta", "not a readable collection"),
    ],
)
def test_descriptions_that_cannot_be_read_are_named(modern, statement, message):
    scope = " WHERE key = 'spec'" if "json_set" in statement else ""
    with closing(sqlite3.connect(modern.path)) as connection, connection:
        connection.execute(statement + scope)
    with pytest.raises(CollectionError, match=rf"'modern\.sqlite'.*{message}"):
        Collection.open(modern.path.parent, "modern")


def test_an_embedding_of_a_wrong_length_is_damage(modern):
    with closing(sqlite3.connect(modern.path)) as connection, connection:
        connection.execute("UPDATE embeddings SET vector = zeroblob(8)")
    with pytest.raises(CollectionError, match=r"'modern' is damaged.*16 dimensions.*restore a copy"):
        modern.embeddings()


def test_zero_vectors_of_texts_without_words_are_kept(modern, words):
    document = plain_document("blank.txt", "owl")
    chunk = modern.chunks_of("d3")[0]
    only = replace(chunk, document_id=document.document_id, start=0, end=3, text="owl")
    modern.put_document(document, [only], words.encode_documents(["owl"]) * 0, words.spec)
    assert not modern.embeddings()[1][-1].any()
