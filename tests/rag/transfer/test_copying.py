"""A collection is copied from one home to the other and back, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.cli.main import main
from rag.conversations.store import Conversations
from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.homes import Home, milvus_home
from rag.store.milvus.collection import MilvusCollection
from rag.store.sqlite.collection import SqliteCollection
from rag.store.sqlite.home import SqliteHome
from rag.transfer.copying import content_hash, copy_collection
from rag.transfer.files import export_collection, import_collection
from tests.support.collections import contents, plain_document, put, rich_collection
from tests.support.fakes import WordEmbedder
from tests.support.turns import made_turn

pytestmark = pytest.mark.usefixtures("milvus")
WORDS = WordEmbedder()


@pytest.fixture
def files(tmp_path: Path) -> Home:
    return SqliteHome(tmp_path / "files")


@pytest.fixture
def stored(data_dir: Path) -> Home:
    return milvus_home(data_dir)


@pytest.fixture
def source(tmp_path: Path) -> Collection:
    """A collection in a file, with a conversation and a setting."""
    made = rich_collection(tmp_path / "files", "Birds", WORDS)
    talk = Conversations(made)
    talk.add(talk.create(), made_turn())
    made.set_setting("prompt", "Answer in verse.")
    return made


def test_there_and_back_everything_is_the_same(source: Collection, files: Home, stored: Home):
    there = copy_collection(source, stored, "Birds")
    back = copy_collection(there, files, "Birds again")
    assert isinstance(there, MilvusCollection)
    assert isinstance(back, SqliteCollection)
    for copy in (there, back):
        assert contents(copy) == contents(source)
        assert content_hash(copy) == content_hash(source)
        assert copy.settings() == {"prompt": "Answer in verse."}
        (summary,) = Conversations(copy).list()
        assert Conversations(copy).turns(summary.conversation_id) == Conversations(source).turns(1)


def test_the_copy_goes_on_with_new_ids(source: Collection, stored: Home):
    there = copy_collection(source, stored, "Birds")
    used = set(there.chunk_ids().tolist())
    put(there, WORDS, plain_document("new.txt", "A mole digs."))
    assert len(set(there.chunk_ids().tolist()) - used) == 1
    talk = Conversations(there)
    assert talk.create() not in {one.conversation_id for one in Conversations(source).list()}


def test_the_hash_notices_what_differs(source: Collection):
    before = content_hash(source)
    put(source, WORDS, plain_document("new.txt", "A mole digs."))
    after = content_hash(source)
    assert (after.documents, after.chunks) == (before.documents + 1, before.chunks + 1)
    assert after.sha256 != before.sha256


def test_a_name_that_is_taken_is_refused(source: Collection, stored: Home):
    copy_collection(source, stored, "Birds")
    with pytest.raises(CollectionError, match="already a collection named 'Birds'"):
        copy_collection(source, stored, "birds")
    assert stored.names() == ["Birds"]


def test_a_source_that_changes_meanwhile_is_not_half_copied(
    source: Collection, stored: Home, monkeypatch: pytest.MonkeyPatch
):
    read, changed = SqliteCollection.vectors_of, []

    def changed_once(self: SqliteCollection, document_id: str) -> object:
        if not changed:
            changed.append(document_id)
            self.delete_document("d3")
        return read(self, document_id)

    monkeypatch.setattr(SqliteCollection, "vectors_of", changed_once)
    with pytest.raises(CollectionError, match="changed meanwhile"):
        copy_collection(source, stored, "Birds")
    assert stored.names() == []


def test_exports_of_milvus_can_be_imported_anywhere(source: Collection, stored: Home, data_dir: Path, tmp_path: Path):
    export_collection(copy_collection(source, stored, "Birds"), tmp_path / "out.explorer")
    in_milvus = import_collection(data_dir, tmp_path / "out.explorer", "Imported")
    in_a_file = import_collection(tmp_path / "elsewhere", tmp_path / "out.explorer", "Imported")
    assert contents(in_milvus) == contents(in_a_file) == contents(source)


def test_the_command_copies_and_compares(data_dir: Path, stored: Home, capsys: pytest.CaptureFixture[str]):
    made = rich_collection(data_dir.parent / "other", "Birds", WORDS)
    copy_collection(made, SqliteHome(data_dir), "Birds")
    assert main(["copy", "Birds", "--to", "store"]) == 0
    assert stored.names() == ["Birds"]
    assert main(["copy", "Birds", "--to", "files", "--new-name", "Back"]) == 0
    assert "3 documents, 14 chunks" in capsys.readouterr().out
    assert contents(SqliteHome(data_dir).open("Back")) == contents(made)


def test_without_a_store_the_command_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("EXPLORER_STORE")
    assert main(["copy", "Birds", "--to", "store"]) == 1
    assert "EXPLORER_STORE is not set" in capsys.readouterr().err
