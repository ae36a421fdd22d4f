"""Collections as files: what is renamed, exported or imported is the same afterwards, and nothing is half done."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import CollectionError
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.store.collection import Collection, list_collections, unfinished_collection
from rag.store.sqlite import schema
from rag.transfer.files import delete_collection, export_collection, import_collection, rename_collection
from tests.support.collections import (
    CHUNKING,
    contents,
    everything_in,
    plain_document,
    put,
    rich_collection,
)
from tests.support.fakes import WordEmbedder


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    return rich_collection(data_dir, "Birds", words)


@pytest.fixture
def exported(collection, tmp_path) -> Path:
    path = tmp_path / "Birds.explorer"
    export_collection(collection, path)
    return path


def test_export_and_import_give_the_same_collection(data_dir, collection, exported):
    before = everything_in(exported.parent)
    copy = import_collection(data_dir, exported, "Copy")
    made = everything_in(exported.parent)
    made.pop("collections/Copy.sqlite")
    assert made == before
    assert contents(copy) == contents(collection)
    assert (copy.spec.name, list_collections(data_dir)) == ("Copy", ["Birds", "Copy"])
    assert copy.uid != collection.uid


def test_an_import_goes_on_like_any_collection(data_dir, collection, exported, words):
    copy = import_collection(data_dir, exported, "Copy")
    put(copy, words, plain_document("new.txt", "A new owl."))
    assert copy.chunk_ids()[-1] > collection.chunk_ids()[-1]
    assert [document.name for document in copy.documents() if document.name == "new.txt"] == ["new.txt"]
    assert "new.txt" not in {document.name for document in collection.documents()}


def test_exporting_an_import_again_gives_the_same(data_dir, collection, exported, tmp_path):
    copy = import_collection(data_dir, exported, "Copy")
    export_collection(copy, tmp_path / "second")
    assert contents(import_collection(data_dir, tmp_path / "second", "Third")) == contents(collection)


def test_an_empty_collection_goes_out_and_in(data_dir, words, tmp_path):
    empty = Collection.create(data_dir, "Empty", words.spec, CHUNKING)
    export_collection(empty, tmp_path / "e")
    assert contents(import_collection(data_dir, tmp_path / "e", "Copy")) == contents(empty)


def test_a_copy_of_the_file_itself_can_be_imported_or_put_back(data_dir, collection, tmp_path, words):
    wanted = contents(collection)
    shutil.copy(collection.path, tmp_path / "copy.sqlite")
    assert contents(import_collection(data_dir, tmp_path / "copy.sqlite", "Imported")) == wanted
    shutil.copy(tmp_path / "copy.sqlite", data_dir / "Put back.sqlite")
    assert contents(Collection.open(data_dir, "Put back")) == wanted


def test_an_exported_file_used_as_a_collection_can_be_changed_and_imported(data_dir, exported, words, tmp_path):
    shutil.copy(exported, data_dir / "Used.sqlite")
    used = Collection.open(data_dir, "Used")
    put(used, words, plain_document("new.txt", "A new owl."))
    assert contents(import_collection(data_dir, used.path, "Copy")) == contents(used)


def test_exports_replace_a_file_whole_or_leave_it(collection, tmp_path):
    target = tmp_path / "out"
    target.write_bytes(b"an older export")
    with closing(sqlite3.connect(collection.path)) as connection, connection:
        connection.execute("UPDATE chunks SET start = start + 1 WHERE chunk_id = (SELECT max(chunk_id) FROM chunks)")
    with pytest.raises(CollectionError, match=r"Birds\.sqlite.*damaged"):
        export_collection(collection, target)
    assert target.read_bytes() == b"an older export"
    assert {path.name for path in tmp_path.iterdir()} == {"out", "collections"}


def test_exports_to_where_nothing_can_be_written_say_so(collection, tmp_path):
    with pytest.raises(CollectionError, match=r"'Birds' could not be exported to 'x'"):
        export_collection(collection, tmp_path / "no folder" / "x")
    with pytest.raises(CollectionError, match="own file"):
        export_collection(collection, collection.path)
    (tmp_path / "folder").mkdir()
    before = everything_in(tmp_path)
    with pytest.raises(CollectionError, match="could not be exported to 'folder'"):
        export_collection(collection, tmp_path / "folder")
    assert everything_in(tmp_path) == before


def test_renaming_keeps_everything_and_the_caches(data_dir, collection):
    load_word_index(collection)
    wanted, kept = contents(collection), everything_in(collection.cache_folder)
    assert kept
    renamed = rename_collection(data_dir, "Birds", "Owls")
    assert contents(renamed) == wanted
    assert everything_in(renamed.cache_folder) == kept
    assert {path.name for path in data_dir.iterdir()} == {"Owls.sqlite", "Owls.cache"}
    with pytest.raises(CollectionError, match=r"'Birds' was renamed or deleted"):
        collection.documents()


def test_a_name_may_change_in_case_alone_or_not_at_all(data_dir, collection):
    wanted = contents(collection)
    assert contents(rename_collection(data_dir, "Birds", "Birds")) == wanted
    assert contents(rename_collection(data_dir, "Birds", "BIRDS")) == wanted
    assert list_collections(data_dir) == ["BIRDS"]


@pytest.mark.parametrize(
    ("new_name", "message"),
    [
        ("Ships", "already a collection named 'Ships'"),
        ("ships", "already a collection named 'Ships'"),
        ("../Owls", "not a valid collection name"),
        ("/Owls", "not a valid collection name"),
        ("CON", "not a valid collection name"),
        ("", "not a valid collection name"),
    ],
)
def test_names_that_cannot_be_are_refused_and_change_nothing(data_dir, collection, exported, words, new_name, message):
    Collection.create(data_dir, "Ships", words.spec, CHUNKING)
    before = everything_in(data_dir.parent)
    with pytest.raises(CollectionError, match=message):
        rename_collection(data_dir, "Birds", new_name)
    with pytest.raises(CollectionError, match=message):
        import_collection(data_dir, exported, new_name)
    assert everything_in(data_dir.parent) == before


def test_a_name_that_is_taken_during_the_import_is_not_overwritten(data_dir, collection, words):
    def take_long_over_it():
        with unfinished_collection(data_dir, "ships", words.spec, CHUNKING) as unfinished:
            put(unfinished, words, plain_document("lost.txt", "A ship."))
            Collection.create(data_dir, "Ships", words.spec, CHUNKING)

    with pytest.raises(CollectionError, match="already a collection named 'Ships'"):
        take_long_over_it()
    assert Collection.open(data_dir, "Ships").documents() == []
    assert {path.name for path in data_dir.iterdir()} == {"Birds.sqlite", "Ships.sqlite"}


def test_deleting_removes_the_file_and_its_caches_alone(data_dir, collection, words):
    other = rich_collection(data_dir, "Other", words)
    load_index(collection)
    delete_collection(data_dir, "Birds")
    assert {path.name for path in data_dir.iterdir()} == {"Other.sqlite"}
    assert len(other.documents()) == 3
    for gone in (delete_collection, Collection.open):
        with pytest.raises(CollectionError, match="no collection named 'Birds'"):
            gone(data_dir, "Birds")


def test_an_unreadable_collection_can_be_deleted_but_not_renamed(data_dir, words):
    data_dir.mkdir()
    (data_dir / "Broken.sqlite").write_bytes(b"no database " * 100)
    with pytest.raises(CollectionError, match=r"'Broken\.sqlite'"):
        rename_collection(data_dir, "Broken", "Repaired")
    delete_collection(data_dir, "Broken")
    assert list_collections(data_dir) == []


def test_a_collection_in_use_is_neither_renamed_nor_deleted(data_dir, collection, monkeypatch):
    monkeypatch.setattr(schema, "_PATIENCE", 0)
    before = contents(collection)
    with closing(sqlite3.connect(collection.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(CollectionError, match=r"'Birds\.sqlite'.*another program is using it.*Wait"):
            rename_collection(data_dir, "Birds", "Owls")
        with pytest.raises(CollectionError, match=r"'Birds\.sqlite'.*another program is using it.*Wait"):
            delete_collection(data_dir, "Birds")
        with pytest.raises(CollectionError, match=r"'Birds' could not be read or written: another program is using it"):
            collection.delete_document("d1")
    assert contents(collection) == before
    assert list_collections(data_dir) == ["Birds"]


def test_what_a_crash_left_of_an_import_goes_when_it_is_old(data_dir, collection, words):
    old, new = data_dir / ".1.creating", data_dir / ".2.creating"
    for path in (old, new):
        path.write_bytes(b"half a collection")
    os.utime(old, (1e9, 1e9))
    assert list_collections(data_dir) == ["Birds"]
    Collection.create(data_dir, "Next", words.spec, CHUNKING)
    assert {path.name for path in data_dir.iterdir()} == {".2.creating", "Birds.sqlite", "Next.sqlite"}
