"""Collections in Milvus with their entries, settings and conversations in a real PostgreSQL, shared by processes."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rag import config
from rag.conversations.store import Conversations
from rag.errors import CollectionError
from rag.store.collection import Collection, list_collections
from rag.store.homes import milvus_home
from rag.store.milvus.database import Database
from rag.store.sqlite.home import SqliteHome
from rag.transfer.copying import content_hash, copy_collection
from tests.conftest import lacking
from tests.support.collections import CHUNKING, contents, plain_document, put, rich_collection
from tests.support.fakes import WordEmbedder
from tests.support.servers.postgres import new_database, programs, running_postgres
from tests.support.turns import made_turn

WORDS = WordEmbedder()
CONVERSATIONS = """
import sys
from rag import config
from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.support.turns import made_turn
talk = Conversations(Collection.open(config.data_dir(), "Birds"))
for _ in range(5):
    talk.add(talk.create(), made_turn())
print(len(talk.list()))
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    if importlib.util.find_spec("pg8000") is None:
        lacking("the package pg8000 is not installed")
    folder = programs()
    if folder is None:
        lacking("PostgreSQL is not installed")
    with running_postgres(folder) as url:
        yield url


@pytest.fixture
def database(postgres: str, milvus: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new database, in which the collections of the data folder have their entries."""
    url = new_database(postgres, f"test_{uuid4().hex[:12]}")
    monkeypatch.setenv("EXPLORER_DATABASE", url)
    return url


@pytest.mark.usefixtures("database")
def test_documents_are_added_replaced_and_deleted(data_dir: Path):
    made = Collection.create(data_dir, "Birds", WORDS.spec, CHUNKING)
    put(made, WORDS, plain_document("a.txt", "An owl hunts at night."))
    put(made, WORDS, plain_document("b.txt", "A mole digs."))
    generation = made.generation()
    put(made, WORDS, plain_document("a.txt", "An owl sleeps by day."))
    assert made.generation() > generation
    again = Collection.open(data_dir, "Birds")
    assert contents(again) == contents(made)
    assert sorted(chunk.text for chunk in again.chunks()) == ["A mole digs.", "An owl sleeps by day."]
    again.delete_document(next(one.document_id for one in again.documents() if one.name == "b.txt"))
    assert (made.n_chunks(), [one.name for one in made.documents()]) == (1, ["a.txt"])
    renamed = milvus_home(data_dir).rename("Birds", "Owls")
    assert renamed.n_chunks() == 1
    milvus_home(data_dir).delete("Owls")
    assert list_collections(data_dir) == []


@pytest.mark.usefixtures("database")
def test_a_copy_has_everything_and_goes_on_with_new_ids(data_dir: Path, tmp_path: Path):
    source = rich_collection(tmp_path / "files", "Birds", WORDS)
    talk = Conversations(source)
    talk.add(talk.create(), made_turn())
    source.set_setting("prompt", "Answer in verse.")
    there = copy_collection(source, milvus_home(data_dir), "Birds")
    back = copy_collection(there, SqliteHome(tmp_path / "back"), "Birds")
    assert content_hash(there) == content_hash(back) == content_hash(source)
    assert there.settings() == {"prompt": "Answer in verse."}
    stored = Conversations(there)
    (first,) = stored.list()
    assert stored.create() > first.conversation_id
    stored.delete(first.conversation_id)
    assert first.conversation_id not in [one.conversation_id for one in stored.list()]


@pytest.mark.usefixtures("database")
def test_processes_write_conversations_at_the_same_time(data_dir: Path, server: str):
    made = Collection.create(data_dir, "Birds", WORDS.spec, CHUNKING)
    command = [sys.executable, "-c", CONVERSATIONS]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=config.ROOT) for _ in range(2)]
    talk = Conversations(made)
    for _ in range(5):
        talk.add(talk.create(), made_turn())
    outputs = [int(other.communicate()[0]) for other in others]
    assert [other.returncode for other in others] == [0, 0]
    assert max(outputs) <= 15
    assert len({one.conversation_id for one in talk.list()}) == 15


def test_what_the_server_says_is_a_sentence(database: str):
    with pytest.raises(CollectionError, match=r'read or written: database "nowhere" does not exist\. Check'):
        Database(f"{database.rpartition('/')[0]}/nowhere")
