"""A Milvus store that several processes use: what one adds, the other finds. Addresses, and what is not reachable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag import config
from rag.errors import CollectionError
from rag.store.collection import Collection, list_collections
from rag.store.milvus.address import MilvusAddress, read_address
from rag.store.search import SearchFilter
from tests.rag.store.milvus.store_process import CHUNKING, SPEC, store

ADDING = """
import sys
from rag import config
from rag.store.collection import Collection
from tests.rag.store.milvus.store_process import store
collection = Collection.open(config.data_dir(), "c")
for line in sys.stdin:
    action, number = line.split()
    if action == "store":
        store(collection, int(number), 1)
    elif action == "delete":
        collection.delete_document("d" + number)
    print(*sorted(collection.document_names().values()), flush=True)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_what_one_process_adds_the_other_finds_without_restart(data_dir: Path):
    collection = Collection.create(data_dir, "c", SPEC, CHUNKING)
    store(collection, 0, 1)
    command = [sys.executable, "-c", ADDING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=config.ROOT) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def ask(action: str) -> list[str]:
            print(action, file=other.stdin, flush=True)
            return other.stdout.readline().split()

        assert ask("look 0") == ["0.txt"]
        generation = collection.generation()
        assert ask("store 1") == ["0.txt", "1.txt"]
        assert list(collection.document_names().values()) == ["0.txt", "1.txt"]
        assert collection.generation() > generation
        assert words_find(collection, "document1") == {chunk.chunk_id for chunk in collection.chunks_of("d1")} != set()
        store(collection, 2, 1)
        assert ask("look 0") == ["0.txt", "1.txt", "2.txt"]
        assert ask("delete 0") == ["1.txt", "2.txt"]
        assert words_find(collection, "document0") == set()
        assert len(collection.chunk_ids()) == collection.n_chunks() > 0
        other.stdin.close()
        assert other.wait() == 0


def words_find(collection: Collection, query: str) -> set[int]:
    engine = collection.engine()
    assert engine is not None
    return set(engine.matching(query, 1000, SearchFilter()).ids.tolist())


@pytest.mark.usefixtures("milvus")
def test_a_folder_of_milvus_lite_is_for_one_process(data_dir: Path):
    Collection.create(data_dir, "c", SPEC, CHUNKING)
    command = [sys.executable, "-m", "rag", "collections"]
    found = subprocess.run(command, capture_output=True, text=True, cwd=config.ROOT, check=False)
    assert found.returncode == 1
    assert "Milvus Lite serves one process at a time" in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr


def test_a_server_that_does_not_answer_is_an_error_that_says_so(
    milvus_folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("EXPLORER_STORE", "milvus://127.0.0.1:1")
    monkeypatch.setattr("rag.store.milvus.client._SECONDS", 1)
    with pytest.raises(
        CollectionError, match=r"127\.0\.0\.1:1' did not do what was asked: .*Check that the server runs"
    ):
        Collection.create(data_dir, "c", SPEC, CHUNKING)
    assert list_collections(data_dir) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("milvus://host", MilvusAddress("http://host:19530", "", "", is_local=False)),
        ("milvus://host:1/db", MilvusAddress("http://host:1", "db", "", is_local=False)),
        ("milvus+https://[::1]/db/", MilvusAddress("https://[::1]:19530", "db", "", is_local=False)),
        ("milvus+file:///a%20b/c.db", MilvusAddress("/a b/c.db", "", "", is_local=True)),
    ],
)
def test_addresses_are_read(text: str, expected: MilvusAddress):
    assert read_address(text) == expected


def test_the_token_comes_from_the_environment_and_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPLORER_STORE_TOKEN", "user:secret")
    address = read_address("milvus://host/db")
    assert address.token == "user:secret"
    assert "secret" not in address.shown


@pytest.mark.parametrize(
    "text",
    ["host:19530", "http://host", "milvus://", "milvus://host:x", "milvus+file://a.db", "milvus+file:///a", "c.db"],
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(CollectionError, match=r"EXPLORER_STORE is .*Set it to an address such as"):
        read_address(text)


def test_a_password_in_the_address_is_refused_and_not_shown():
    with pytest.raises(CollectionError, match="EXPLORER_STORE_TOKEN") as caught:
        read_address("milvus://user:secret@host")
    assert "secret" not in str(caught.value)


def test_without_a_store_nothing_of_milvus_is_imported(data_dir: Path):
    code = (
        "import sys; from rag import config; from rag.store.collection import list_collections; "
        "list_collections(config.data_dir()); import rag.transfer.files, rag.conversations.store; "
        "print([name for name in ('pymilvus', 'milvus_lite', 'sqlalchemy', 'grpc') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=config.ROOT, check=True)
    assert found.stdout == "[]\n"
