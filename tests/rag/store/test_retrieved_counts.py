"""How often chunks were retrieved: counted without changing contents; files of version 2 still open."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rag import config
from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.sqlite import schema
from rag.store.sqlite.schema import APPLICATION_ID
from rag.transfer.files import export_collection, import_collection
from tests.support.collections import contents, put, require_sound, rich_collection, rich_documents, search_words
from tests.support.fakes import WordEmbedder

# As version 2 of this program exported a collection, with the digest that it wrote.
VERSION_2 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE "documents" (
    document_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    n_characters INTEGER NOT NULL, n_pages INTEGER NOT NULL, language TEXT NOT NULL, notes TEXT NOT NULL,
    pages TEXT NOT NULL, headings TEXT NOT NULL, rows TEXT NOT NULL, text TEXT NOT NULL);
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
INSERT INTO meta VALUES ('spec', '{"name": "Owls", "embedding": {"model_id": "test/words", "revision": "1", \
"dimension": 2, "query_prefix": "", "document_prefix": ""}, "chunking": {"max_tokens": 60, "overlap": 5, \
"strategy": "recursive", "min_tokens": 10, "sentences": 5, "shared": 2, "percentile": 15}, "schema_version": 2}');
INSERT INTO meta VALUES ('uid', 'd928464bf3404b5e939a578629f20ce3');
INSERT INTO meta VALUES ('generation', '1');
INSERT INTO meta VALUES ('digest', '1:7a4e7e050608ba08d5bceb342bca725423d37a5288a8db5c3c66cfbb41591131');
INSERT INTO documents VALUES
    ('d1', 'birds.txt', 'text/plain', 's1', 22, 0, 'en', '["A note."]', '[]', '[]', '[]', 'Owls hunt. Ships sail.');
INSERT INTO chunks VALUES (1, 'd1', 0, 10, 'Owls hunt.', 2, NULL, '', '[]');
INSERT INTO chunks VALUES (2, 'd1', 11, 22, 'Ships sail.', 2, NULL, 'Ships', '[["topic", "S\\u00e9a"]]');
INSERT INTO embeddings VALUES (1, X'0000803F00000000');
INSERT INTO embeddings VALUES (2, X'000000000000803F');
PRAGMA user_version = 2;
"""

in_every_home = pytest.mark.usefixtures("home")


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    return rich_collection(data_dir, "Birds", words)


def first_ids(collection: Collection, n: int) -> list[int]:
    return collection.chunk_ids()[:n].tolist()


@in_every_home
def test_each_count_adds_one(collection):
    a, b, c = first_ids(collection, 3)
    assert collection.retrieved_counts() == {}
    collection.count_retrieved([b, a])
    collection.count_retrieved(np.array([b, c]))
    collection.count_retrieved([])
    assert collection.retrieved_counts() == {a: 1, b: 2, c: 1}
    assert Collection.open(config.data_dir(), "Birds").retrieved_counts() == {a: 1, b: 2, c: 1}


@in_every_home
def test_counting_changes_nothing_else(collection):
    before, generation = contents(collection), collection.generation()
    collection.count_retrieved(first_ids(collection, 5))
    assert (contents(collection), collection.generation()) == (before, generation)


@in_every_home
def test_ids_that_are_gone_are_passed_over(collection):
    (there,) = first_ids(collection, 1)
    collection.count_retrieved([10**9, there, -1, 0])
    assert collection.retrieved_counts() == {there: 1}
    collection.count_retrieved([10**9])
    assert collection.retrieved_counts() == {there: 1}


@in_every_home
def test_the_counts_of_a_document_go_with_it(collection, words):
    kept, *_ = (chunk.chunk_id for chunk in collection.chunks_of("d2"))
    collection.count_retrieved([kept, *(chunk.chunk_id for chunk in collection.chunks_of("d1"))])
    put(collection, words, rich_documents()[0])
    assert collection.retrieved_counts() == {kept: 1}
    collection.delete_document("d2")
    assert collection.retrieved_counts() == {}


@in_every_home
def test_many_may_count_at_once(collection):
    chosen = first_ids(collection, 3)
    threads = [threading.Thread(target=collection.count_retrieved, args=[chosen]) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collection.retrieved_counts() == dict.fromkeys(chosen, 12)


def test_a_busy_file_is_an_error_that_says_so(collection, monkeypatch):
    monkeypatch.setattr(schema, "_PATIENCE", 0)
    with closing(sqlite3.connect(collection.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(CollectionError, match=r"'Birds' could not be read or written: another program is using it"):
            collection.count_retrieved(first_ids(collection, 1))
    assert collection.retrieved_counts() == {}


def test_counts_stay_out_of_exports_and_imports(data_dir, collection, tmp_path):
    collection.count_retrieved(first_ids(collection, 3))
    export_collection(collection, tmp_path / "out")
    with closing(sqlite3.connect(tmp_path / "out")) as connection:
        assert connection.execute("SELECT count(*) FROM retrievals").fetchone() == (0,)
    for path in (tmp_path / "out", collection.path):
        copy = import_collection(data_dir, path, f"Copy of {path.stem}")
        assert contents(copy) == contents(collection)
        assert copy.retrieved_counts() == {}
    assert len(collection.retrieved_counts()) == 3


@pytest.fixture
def version_2(tmp_path) -> Path:
    path = tmp_path / "Owls.explorer"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(VERSION_2)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    return path


def require_owls(collection: Collection) -> None:
    (document,) = [collection.document(summary.document_id) for summary in collection.documents()]
    assert (document.name, document.text, document.language) == ("birds.txt", "Owls hunt. Ships sail.", "en")
    assert document.notes == ("A note.",)
    assert [chunk.text for chunk in collection.chunks()] == ["Owls hunt.", "Ships sail."]
    assert collection.chunks()[1].fields == (("topic", "S\u00e9a"),)
    assert collection.embeddings()[1].tolist() == [[1, 0], [0, 1]]
    assert [chunk_id for chunk_id, _ in search_words(collection, "ship")] == [2]


def test_an_export_of_version_2_can_be_imported(data_dir, version_2):
    before = version_2.read_bytes()
    require_owls(import_collection(data_dir, version_2, "Copy"))
    assert version_2.read_bytes() == before


def test_an_export_of_version_2_is_still_held_to_its_digest(data_dir, version_2):
    with closing(sqlite3.connect(version_2)) as connection, connection:
        connection.execute("UPDATE documents SET language = 'de'")
    with pytest.raises(CollectionError, match=r"'Owls\.explorer' is damaged.*differ from the exported ones"):
        import_collection(data_dir, version_2, "Copy")


def test_an_export_of_version_2_can_be_used_counted_in_and_exported_again(data_dir, version_2, tmp_path):
    data_dir.mkdir()
    shutil.copy(version_2, data_dir / "Used.sqlite")
    used = Collection.open(data_dir, "Used")
    require_owls(used)
    assert (used.uid, used.generation(), used.retrieved_counts()) == ("d928464bf3404b5e939a578629f20ce3", 1, {})
    used.count_retrieved([2])
    assert used.retrieved_counts() == {2: 1}
    with closing(schema.connect(used.path)) as connection:
        assert schema.stored_objects(connection) == schema.expected_objects(schema.SCHEMA_VERSION)
        stored = "SELECT json_extract(value, '$.schema_version') FROM meta WHERE key = 'spec'"
        assert connection.execute(stored).fetchone() == (schema.SCHEMA_VERSION,)
    require_sound(used.path)
    export_collection(used, tmp_path / "again")
    for path in (tmp_path / "again", used.path):
        require_owls(import_collection(data_dir, path, f"Copy of {path.stem}"))
