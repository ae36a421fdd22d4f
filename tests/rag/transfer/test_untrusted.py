"""Files that come from anyone: what is not an undamaged collection is refused by name, and changes nothing."""

from __future__ import annotations

import json
import random
import sqlite3
import zipfile
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.sqlite import schema
from rag.store.sqlite.schema import SCHEMA_VERSION
from rag.transfer.files import export_collection, import_collection
from rag.transfer.untrusted import embedding_model_of
from tests.support.collections import contents, everything_in, rich_collection, rich_documents, take_back_to
from tests.support.fakes import WordEmbedder


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Collection:
    return rich_collection(tmp_path_factory.mktemp("original"), "Birds", WordEmbedder())


@pytest.fixture
def exported(original, tmp_path) -> Path:
    path = tmp_path / "Birds.explorer"
    export_collection(original, path)
    return path


def tamper(path: Path, *statements: str) -> None:
    """Change an exported file with care: its digests, which would give every change away, are gone or made to fit."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("DELETE FROM meta WHERE key = 'digest'", *statements):
            connection.execute(statement)
    with closing(schema.connect(path)) as connection, suppress(sqlite3.Error, TypeError, ValueError, KeyError):
        connection.execute("BEGIN")
        connection.execute("DELETE FROM digests")
        schema._record_digests(connection)
        connection.execute("COMMIT")


def refused(data_dir: Path, path: Path, message: str | None = None) -> None:
    """Importing names the file (and says `message`), and leaves the data folder and the file as they were."""
    before = everything_in(data_dir.parent)
    with pytest.raises(CollectionError, match=message) as caught:
        import_collection(data_dir, path, "Copy")
    assert f"'{path.name}'" in str(caught.value)
    after = everything_in(data_dir.parent)
    after.pop(data_dir.name, None)
    assert after == before


def set_spec(path: Path, part: str, name: str, value: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        spec = json.loads(connection.execute("SELECT value FROM meta WHERE key = 'spec'").fetchone()[0])
        spec[part][name] = value
        connection.execute("UPDATE meta SET value = ? WHERE key = 'spec'", (json.dumps(spec),))
        connection.execute("DELETE FROM meta WHERE key IN ('digest', 'spec digest')")


def test_tampering_that_changes_nothing_is_taken(data_dir, exported, original):
    tamper(exported)
    assert contents(import_collection(data_dir, exported, "Copy")) == contents(original)


@pytest.mark.parametrize("keep", [0, 1, 15, 16, 99, 100, 4096, 0.5, -4096, -1])
def test_cut_off_files(data_dir, exported, keep):
    whole = exported.read_bytes()
    size = int(len(whole) * keep) if isinstance(keep, float) else keep
    exported.write_bytes(whole[:size])
    refused(data_dir, exported, "is incomplete" if len(exported.read_bytes()) >= 100 else "is not a collection")


def test_a_flipped_byte_is_found_or_harmless(data_dir, exported, original):
    whole, wanted = exported.read_bytes(), contents(original)
    chosen = random.Random(7)
    problems = []
    for i in range(60):
        damaged = bytearray(whole)
        damaged[chosen.randrange(len(whole))] ^= chosen.randrange(1, 256)
        exported.write_bytes(damaged)
        try:
            copy = import_collection(data_dir, exported, f"Copy {i}")
        except CollectionError as error:
            problems.append(str(error))
            assert not (data_dir / f"Copy {i}.sqlite").exists()
        else:
            assert contents(copy) == wanted
    assert len(problems) > 5
    assert all("'Birds.explorer'" in problem for problem in problems)


@pytest.mark.parametrize(
    "where",
    [
        b"SQLite format 3",
        b"hunts at night",
        b'"year", "1975"',
        b"Travel > Ships",
        b"test/words",
        np.float32(1).tobytes(),
    ],
)
def test_a_flipped_byte_where_it_matters_is_found(data_dir, exported, original, where):
    content = bytearray(exported.read_bytes())
    if where == np.float32(1).tobytes():
        where = original.embeddings()[1][1].tobytes()
    starts = [i for i in range(len(content)) if content.startswith(where, i)]
    assert starts
    for start in starts:
        content[start + 3] ^= 1
    exported.write_bytes(content)
    refused(data_dir, exported)


def test_a_file_that_does_not_agree_with_itself_is_damaged(data_dir, exported):
    tamper(exported)
    content = exported.read_bytes()
    assert content.count(b"table.csv") == 2
    exported.write_bytes(content.replace(b"table.csv", b"label.csv", 1))
    refused(data_dir, exported, "damaged.*index")


def test_files_of_other_kinds(data_dir, tmp_path):
    def made(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Birds.explorer", "SQLite format 3\0" + "x" * 200)
    texts = [made("empty", b""), made("text.explorer", b"Owls hunt. " * 50), made("fake", b"SQLite format 3\0" * 50)]
    for path in (packed, *texts):
        refused(data_dir, path, "is not a collection")
    refused(data_dir, tmp_path / "missing.explorer", "could not be read: No such file")
    refused(data_dir, tmp_path, "could not be read: Is a directory")


def test_databases_of_other_programs(data_dir, tmp_path, exported):
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE places (name TEXT)")
    refused(data_dir, path, "a database of another program")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 1")
    refused(data_dir, path, "its tables are missing")
    tamper(exported, "PRAGMA application_id = 252006")
    refused(data_dir, exported, "a database of another program")


def test_a_file_that_reading_would_write_to(data_dir, exported):
    with closing(sqlite3.connect(exported)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    refused(data_dir, exported, "is not a collection")


def test_newer_files(data_dir, exported, original):
    whole = exported.read_bytes()
    tamper(exported, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    refused(data_dir, exported, "newer version")
    for part, name, value in (("chunking", "by_meaning", 1), ("chunking", "strategy", "x"), ("embedding", "pool", "")):
        exported.write_bytes(whole)
        set_spec(exported, part, name, value)
        refused(data_dir, exported, "newer version")


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("embedding", "dimension", 0),
        ("embedding", "dimension", True),
        ("embedding", "dimension", 8),
        ("embedding", "dimension", 10**9),
        ("embedding", "model_id", 5),
        ("chunking", "overlap", 60),
        ("chunking", "overlap", -1),
        ("chunking", "max_tokens", "60"),
        ("chunking", "shared", 5),
        ("chunking", "percentile", 101),
    ],
)
def test_descriptions_that_cannot_be(data_dir, exported, part, name, value):
    set_spec(exported, part, name, value)
    refused(data_dir, exported, "damaged")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER INSERT ON documents BEGIN DELETE FROM chunks; END",
        "CREATE VIEW evil AS SELECT * FROM documents",
        "CREATE TABLE evil (x)",
        "CREATE INDEX evil ON documents (name)",
        "DROP INDEX chosen_turns",
        "ALTER TABLE chunks ADD COLUMN evil",
    ],
)
def test_other_tables_triggers_and_views(data_dir, exported, statement):
    tamper(exported, statement)
    refused(data_dir, exported, "its tables are missing")


def test_an_old_file_without_one_of_its_triggers(data_dir, exported):
    take_back_to(exported, 5)
    tamper(exported, "DROP TRIGGER words_removed")
    refused(data_dir, exported, "its tables are missing")


def test_a_trigger_that_is_called_like_one_of_sqlite(data_dir, exported):
    tamper(
        exported,
        "CREATE TRIGGER evil AFTER INSERT ON documents BEGIN DELETE FROM chunks; END",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET name = 'sqlite_evil', sql = replace(sql, 'evil', 'sqlite_evil') WHERE name = 'evil'",
    )
    refused(data_dir, exported)


ODD = rich_documents()[2].text
LAST = "(SELECT max(chunk_id) FROM chunks)"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE embeddings SET vector = zeroblob(8) WHERE chunk_id = {LAST}",
        f"UPDATE embeddings SET vector = zeroblob(128) WHERE chunk_id = {LAST}",
        f"UPDATE embeddings SET vector = zeroblob(60 + 8 * ({LAST} - chunk_id)) WHERE chunk_id > {LAST} - 2",
        f"UPDATE embeddings SET vector = 'text' WHERE chunk_id = {LAST}",
        f"UPDATE embeddings SET vector = x'{np.full(16, 2, '<f4').tobytes().hex()}' WHERE chunk_id = {LAST}",
        f"UPDATE embeddings SET vector = x'{np.full(16, np.nan, '<f4').tobytes().hex()}' WHERE chunk_id = {LAST}",
        f"DELETE FROM embeddings WHERE chunk_id = {LAST}",
        "INSERT INTO embeddings VALUES (9999, zeroblob(64))",
        f"UPDATE chunks SET start = start + 1 WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET end = 100000 WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET start = -19, end = -1, text = '{ODD[-19:-1]}' WHERE document_id = 'd3'",
        "UPDATE chunks SET start = 4, end = 2, text = '' WHERE document_id = 'd3'",
        f"UPDATE chunks SET text = 'other' WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET document_id = 'nobody' WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET page = 3 WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET n_tokens = -1 WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET fields = '{{\"a\": 1}}' WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET fields = '[[\"a\", 1]]' WHERE chunk_id = {LAST}",
        f"UPDATE chunks SET heading = x'00' WHERE chunk_id = {LAST}",
        "UPDATE documents SET name = ''  WHERE document_id = 'd1'",
        "UPDATE documents SET name = x'ff' WHERE document_id = 'd1'",
        "UPDATE documents SET text = CAST(x'ff' AS TEXT) WHERE document_id = 'd1'",
        "UPDATE documents SET n_characters = 1 WHERE document_id = 'd1'",
        "UPDATE documents SET pages = '[5, 1]', n_pages = 2 WHERE document_id = 'd1'",
        "UPDATE documents SET pages = '[0, 99999]', n_pages = 2 WHERE document_id = 'd1'",
        "UPDATE documents SET pages = replace(hex(zeroblob(50000)), '0', '[') WHERE document_id = 'd1'",
        "UPDATE documents SET headings = '[[0, \"half \\ud800\"]]' WHERE document_id = 'd1'",
        "UPDATE documents SET headings = '[[0]]' WHERE document_id = 'd1'",
        "UPDATE documents SET rows = '[[0, 99999, []]]' WHERE document_id = 'd2'",
        "UPDATE documents SET notes = '[1]' WHERE document_id = 'd1'",
        "UPDATE documents SET notes = '[\"half \\udfff\"]' WHERE document_id = 'd1'",
        "UPDATE meta SET value = 'many' WHERE key = 'generation'",
        "UPDATE meta SET value = '[' WHERE key = 'spec'",
        "DELETE FROM meta WHERE key = 'spec'",
        "DELETE FROM meta WHERE key = 'generation'",
    ],
)
def test_contents_that_this_program_does_not_write(data_dir, exported, statement):
    tamper(exported, statement)
    refused(data_dir, exported, "damaged")


def test_names_in_a_file_lead_nowhere(data_dir, exported, original):
    tamper(
        exported,
        "UPDATE documents SET name = '../../../evil.txt' WHERE document_id = 'd1'",
        "UPDATE meta SET value = json_set(value, '$.name', '../../evil') WHERE key = 'spec'",
    )
    before = everything_in(data_dir.parent)
    copy = import_collection(data_dir, exported, "Copy")
    assert (copy.spec.name, copy.document("d1").name) == ("Copy", "../../../evil.txt")
    assert everything_in(data_dir.parent).keys() - before.keys() == {"collections", "collections/Copy.sqlite"}


def test_errors_call_an_upload_what_the_person_calls_it(data_dir, tmp_path):
    (tmp_path / "upload").write_bytes(b"no collection")
    with pytest.raises(CollectionError, match=r"'My birds\.explorer' is not a collection"):
        import_collection(data_dir, tmp_path / "upload", "Copy", shown_as="My birds.explorer")


@pytest.mark.parametrize(
    "model", ["/etc/models/mini", "../mini", "./mini", "~/mini", "C:\\models\\mini", "a/b/c/d", ""]
)
def test_a_path_as_the_embedding_model_is_refused(tmp_path, exported, model):
    set_spec(exported, "embedding", "model_id", model)
    refused(tmp_path / "data", exported, "is a path, not the name of a model")


@pytest.mark.parametrize("model", ["sentence-transformers/all-MiniLM-L6-v2", "mini", "ollama:nomic-embed-text:v1.5"])
def test_the_name_of_the_embedding_model_can_be_asked_for(exported, model):
    set_spec(exported, "embedding", "model_id", model)
    assert embedding_model_of(exported, "Birds") == model
