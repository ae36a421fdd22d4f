"""A collection that cannot be written is read as before; what changes is kept in memory, and its file is untouched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from rag import config
from rag.conversations.store import Conversations
from rag.errors import CollectionError
from rag.store.collection import Collection, unfinished_collection
from rag.store.sqlite import read_only
from rag.store.sqlite.schema import SCHEMA_VERSION
from rag.transfer.files import delete_collection, export_collection, import_collection, rename_collection
from tests.rag.store.test_schema import as_version_1_knew, write_version_1
from tests.support.collections import (
    CHUNKING,
    contents,
    everything_in,
    plain_document,
    put,
    rich_collection,
    take_back_to,
)
from tests.support.fakes import WordEmbedder
from tests.support.turns import made_turn
from tests.support.unwritable import full_disk, read_only_mount
from tests.support.words.bm25 import bm25_of


@pytest.fixture
def locked(data_dir, monkeypatch):
    """Makes the process believe that nothing in the data folder can be written; root could write it."""
    ask = os.access

    def access(path, mode):
        is_there = Path(path).is_relative_to(data_dir)
        return ask(path, mode) and not (is_there and mode & os.W_OK)

    def lock() -> None:
        monkeypatch.setattr(os, "access", access)

    return lock


def test_everything_can_be_read_and_nothing_is_written(data_dir, locked):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    wanted, before = contents(collection), everything_in(data_dir)
    locked()
    collection = Collection.open(data_dir, "Birds")
    assert collection.is_read_only
    assert contents(collection) == wanted
    assert everything_in(data_dir) == before


def test_changes_of_documents_are_refused_with_a_reason(data_dir, locked):
    words = WordEmbedder()
    collection = rich_collection(data_dir, "Birds", words)
    locked()
    for attempt in (
        lambda: put(collection, words, plain_document("new.txt", "An owl.")),
        lambda: collection.delete_document("d1"),
        lambda: rename_collection(data_dir, "Birds", "Ships"),
        lambda: delete_collection(data_dir, "Birds"),
    ):
        with pytest.raises(CollectionError, match=r"Collection 'Birds' is read-only: .*Make both writable"):
            attempt()
    assert len(collection.documents()) == 3


def test_conversations_settings_and_counts_are_kept_in_memory(data_dir, locked):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    collection.set_setting("prompt", "stored")
    stored = Conversations(collection).add(Conversations(collection).create(), made_turn())
    ids = collection.chunk_ids().tolist()
    collection.count_retrieved(ids[:1])
    before = everything_in(data_dir)
    locked()
    again = Collection.open(data_dir, "Birds")
    conversations = Conversations(again)
    assert conversations.turns(1) == [stored]
    added = conversations.add(1, made_turn())
    other = conversations.create("Second")
    assert [turn.turn_id for turn in Conversations(Collection.open(data_dir, "Birds")).turns(1)] == [1, added.turn_id]
    conversations.delete(1)
    assert [one.conversation_id for one in conversations.list()] == [other]
    with pytest.raises(CollectionError, match="no longer in the collection"):
        conversations.turns(1)
    again.count_retrieved(ids[:2])
    assert again.retrieved_counts() == {ids[0]: 2, ids[1]: 1}
    assert again.setting("prompt") == "stored"
    again.set_setting("prompt", "changed")
    assert again.setting("prompt") == "changed"
    again.set_setting("prompt", None)
    assert again.setting("prompt") is None
    assert everything_in(data_dir) == before


def test_threads_may_share_what_is_kept_in_memory(data_dir, locked):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    locked()
    conversations = Conversations(collection)

    def talk() -> None:
        number = conversations.create()
        for _ in range(10):
            conversations.add(number, made_turn())

    threads = [threading.Thread(target=talk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(conversations.n_slots(one.conversation_id) for one in conversations.list()) == [10] * 4


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6, 7])
def test_an_old_collection_is_read_without_migration(data_dir, tmp_path, locked, version):
    modern = rich_collection(tmp_path / "modern", "old", WordEmbedder())
    data_dir.mkdir()
    path = data_dir / "old.sqlite"
    if version == 1:
        write_version_1(path, modern)
    else:
        shutil.copy(modern.path, path)
        take_back_to(path, version)
    wanted = as_version_1_knew(modern) if version == 1 else contents(modern)
    before = path.read_bytes()
    locked()
    old = Collection.open(data_dir, "old")
    assert contents(old) == wanted
    assert dict(contents(old).found) == pytest.approx(bm25_of(modern, "owl ship"), rel=1e-5)
    assert old.n_chunks() == modern.n_chunks()
    turn = Conversations(old).add(Conversations(old).create(), made_turn())
    assert Conversations(old).turns(1) == [turn]
    assert path.read_bytes() == before
    export_collection(old, tmp_path / "out")
    assert contents(import_collection(tmp_path / "other", tmp_path / "out", "Copy")) == wanted


def test_a_full_disk_does_not_stop_an_old_collection_from_being_read(data_dir, monkeypatch):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    wanted = contents(collection)
    take_back_to(collection.path, 4)
    with closing(sqlite3.connect(collection.path)) as connection:
        # Otherwise the pages of the word index, which the migration drops, are room enough.
        connection.execute("DROP TABLE words")
        connection.execute("VACUUM")
    before = collection.path.read_bytes()

    def full(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count = {len(before) // 4096}")
        migrate(connection)

    migrate = read_only.schema.migrate
    with monkeypatch.context() as patch:
        patch.setattr(read_only.schema, "migrate", full)
        old = Collection.open(data_dir, "Birds")
        assert old.is_read_only
        assert contents(old) == wanted
        assert collection.path.read_bytes() == before
    assert not Collection.open(data_dir, "Birds").is_read_only


def test_a_file_that_was_replaced_is_noticed(data_dir, tmp_path, locked):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    other = rich_collection(tmp_path / "other", "Birds", WordEmbedder())
    shutil.copy(other.path, collection.path)
    locked()
    with pytest.raises(CollectionError, match="'Birds' was replaced by another"):
        collection.documents()


def test_a_missing_file_is_no_read_only_collection(data_dir):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    collection.path.unlink()
    with pytest.raises(CollectionError, match="was renamed or deleted"):
        collection.documents()


def test_an_error_of_the_caller_is_not_one_of_the_disk(data_dir):
    with (
        pytest.raises(FileNotFoundError, match="elsewhere"),
        unfinished_collection(data_dir, "Birds", WordEmbedder().spec, CHUNKING),
    ):
        raise FileNotFoundError("elsewhere")
    assert everything_in(data_dir) == {}


AS_NOBODY = """
import os, shutil, sys
from rag import config
from rag.cli.main import main
from rag.conversations.store import Conversations
from rag.index.words.loading import load_word_index
from rag.retrieval.retrievers import KeywordRetriever
from rag.store.collection import Collection

def found(collection):
    return KeywordRetriever(collection, load_word_index(collection)).retrieve("owl", 3)

# What is imported later must be imported now: the interpreter may be in a folder of root.
main(["check"])
wanted = found(Collection.open(config.data_dir(), "Birds"))
assert wanted
shutil.rmtree(config.data_dir() / "Birds.cache")
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
collection = Collection.open(config.data_dir(), "Birds")
assert collection.is_read_only
assert len(collection.embeddings()[0]) == collection.n_chunks() == 14
assert found(collection) == wanted
assert Conversations(collection).create() == 1
collection.count_retrieved(collection.chunk_ids().tolist())
sys.exit(main(["check"]) or main(["collections"]))
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_another_user_reads_a_collection_of_root():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        rich_collection(folder, "Birds", WordEmbedder())
        before = everything_in(folder)
        environment = {**os.environ, "PYTHONPATH": str(config.ROOT), "EXPLORER_DATA_DIR": name}
        command = [sys.executable, "-c", AS_NOBODY]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "Birds  14 chunks  test/words  read-only"
        assert everything_in(folder) == before


def test_a_read_only_mount(data_dir, tmp_path):
    """A file system that refuses every write, as on a disc or in a container."""
    rich_collection(tmp_path / "made", "Birds", WordEmbedder())
    data_dir.mkdir()
    shutil.copy(tmp_path / "made" / "Birds.sqlite", data_dir)
    with read_only_mount(data_dir):
        collection = Collection.open(data_dir, "Birds")
        assert collection.is_read_only
        assert len(contents(collection).chunks) == 14
        assert Conversations(collection).create() == 1


def test_a_full_disk(data_dir, tmp_path):
    """The file may be written, but there is no room: it is read, an old one is not migrated, and chat is in memory."""
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    wanted = contents(collection)
    for version in (4, 5, SCHEMA_VERSION):
        if version < SCHEMA_VERSION:
            take_back_to(collection.path, version)
        with full_disk(data_dir):
            again = Collection.open(data_dir, "Birds")
            assert "the disk is full" in again.why_read_only
            assert not again.is_protected
            assert contents(again) == wanted
            assert Conversations(again).create()
        shutil.rmtree(data_dir.with_name(f"{data_dir.name}-aside"))
        assert contents(Collection.open(data_dir, "Birds")) == wanted
