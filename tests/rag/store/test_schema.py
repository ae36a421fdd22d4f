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
from rag.store.collection import Collection
from rag.store.sqlite import schema
from rag.transfer.files import export_collection, import_collection
from rag.types import ChunkingSpec
from tests.support.collections import (
    CHUNKING,
    contents,
    long_text,
    plain_document,
    put,
    require_sound,
    rich_collection,
    rich_documents,
    search_words,
    take_back_to,
)
from tests.support.fakes import WordEmbedder
from tests.support.turns import made_turn
from tests.support.words.bm25 import bm25_of

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


@pytest.fixture(params=[2, 3, 4, 5, 6, 7])
def old_version(request, data_dir, modern) -> int:
    """What `modern` holds, in a file 'earlier' of an earlier version."""
    data_dir.mkdir()
    shutil.copy(modern.path, data_dir / "earlier.sqlite")
    take_back_to(data_dir / "earlier.sqlite", request.param)
    return request.param


def require_migrated(modern: Collection, folder: Path) -> None:
    """The file 'earlier' becomes a sound one of this version, loses nothing of `modern`, and its words are found."""
    migrated = Collection.open(folder, "earlier")
    assert contents(migrated) == contents(modern)
    assert dict(search_words(migrated, "owl ship")) == pytest.approx(bm25_of(modern, "owl ship"), rel=1e-5)
    with closing(schema.connect(migrated.path)) as connection:
        assert schema.stored_objects(connection) == schema.expected_objects(schema.SCHEMA_VERSION)
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
    require_sound(migrated.path)


def test_files_of_the_versions_made_here_are_like_those_of_that_version(old_version, data_dir):
    with closing(schema.connect(data_dir / "earlier.sqlite")) as connection:
        assert schema.stored_objects(connection) == schema.expected_objects(old_version)


def test_a_file_with_a_word_index_keeps_everything_and_its_words_are_found(old_version, data_dir, modern, words):
    require_migrated(modern, data_dir)
    migrated = Collection.open(data_dir, "earlier")
    put(migrated, words, plain_document("new.txt", "Robins sing."))
    migrated.delete_document("d1")
    assert len(search_words(migrated, "robin")) == 1
    require_sound(migrated.path)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE words_data SET block = zeroblob(length(block))",
        "UPDATE words_data SET block = zeroblob(length(block)) WHERE id > 10",
        "DELETE FROM words_data",
        "DELETE FROM words_config",
        "DROP TABLE words_data",
        "DROP TABLE words_idx",
        "DROP TABLE words_docsize",
        "DROP TABLE words_config",
        "DROP TRIGGER words_added",
        "DROP TABLE words",
    ],
)
@pytest.mark.parametrize("old_version", [2, 5], indirect=True)
def test_a_damaged_word_index_does_not_stop_the_migration(old_version, data_dir, modern, harm):
    with closing(sqlite3.connect(data_dir / "earlier.sqlite")) as connection, connection:
        connection.execute(harm)
    require_migrated(modern, data_dir)


@pytest.mark.parametrize("table", ["words_data", "words_idx", "words_docsize", "words_config"])
@pytest.mark.parametrize("content", [0x00, 0xFF])
@pytest.mark.parametrize("old_version", [5], indirect=True)
def test_damaged_pages_of_the_word_index_do_not_stop_the_migration(old_version, data_dir, modern, table, content):
    path = data_dir / "earlier.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        page, size = (
            connection.execute(query).fetchone()[0]
            for query in (f"SELECT rootpage FROM sqlite_master WHERE name = '{table}'", "PRAGMA page_size")
        )
    damaged = bytearray(path.read_bytes())
    damaged[(page - 1) * size : (page - 1) * size + 64] = bytes([content] * 64)
    path.write_bytes(damaged)
    require_migrated(modern, data_dir)


def test_pages_of_documents_in_a_damaged_word_index_are_kept(data_dir, words):
    """An index whose tree leads to pages of the chunks: dropping it would free them."""
    collection = Collection.create(data_dir, "earlier", words.spec, CHUNKING)
    put(collection, words, plain_document("long.txt", long_text(1, 2500)))
    wanted = contents(collection)
    take_back_to(collection.path, 5)
    with closing(sqlite3.connect(collection.path)) as connection:
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master"))
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    damaged = bytearray(collection.path.read_bytes())
    chunks, index = ((roots[name] - 1) * size for name in ("chunks", "words_data"))
    assert damaged[chunks] == damaged[index] == 5, "both are inner pages of a tree"
    damaged[index + 8 : index + 12] = damaged[chunks + 8 : chunks + 12]
    collection.path.write_bytes(damaged)
    assert contents(Collection.open(data_dir, "earlier")) == wanted
    require_sound(collection.path)


@pytest.mark.parametrize("old_version", [2, 3, 4, 5], indirect=True)
def test_a_full_disk_is_not_taken_for_a_damaged_word_index(old_version, data_dir, modern, monkeypatch):
    path = data_dir / "earlier.sqlite"
    before = path.read_bytes()

    def full(connection: sqlite3.Connection) -> None:
        raise_full = sqlite3.OperationalError("database or disk is full")
        raise_full.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise raise_full

    with monkeypatch.context() as patch:
        patch.setattr(schema.migrations, "drop_words", full)
        assert Collection.open(data_dir, "earlier").is_read_only
    assert path.read_bytes() == before
    require_migrated(modern, data_dir)


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
