"""Fixtures of all tests: a data folder for each, the real embedding model, what a machine may lack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag import config
from rag.documents.archives import Archive, open_archive
from rag.documents.loading import load_document
from rag.documents.sources import find_files
from rag.embedding.embedder import load_embedder
from rag.errors import OllamaError
from rag.ingest import ingest
from rag.servers.ollama import OllamaServer
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Document, Embedder


class ReadHere:
    """Parses in the test's own process."""

    def read(self, name: str, content: bytes, *, text_columns: tuple[str, ...] = ()) -> Document:
        return load_document(name, content, text_columns=text_columns)

    def open_archive(self, name: str, content: bytes) -> Archive:
        return open_archive(name, content)


def lacking(what: str) -> None:
    """Skip with a reason on a user's machine; fail where everything is required to be there."""
    if os.environ.get("EXPLORER_REQUIRE_ALL"):
        pytest.fail(f"{what}, and EXPLORER_REQUIRE_ALL is set")
    pytest.skip(what)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "collections"
    monkeypatch.setenv("EXPLORER_DATA_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder(config.DEFAULT_EMBEDDING_MODEL)


@pytest.fixture(scope="session")
def sample_file(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection file with all the samples, made once; copied by `sample`."""
    folder = tmp_path_factory.mktemp("sample")
    collection = Collection.create(folder, "Sample", embedder.spec, ChunkingSpec())
    files = find_files([config.SAMPLES / "topics.csv", config.SAMPLES / "handbook"])
    outcomes = list(ingest(collection, files, embedder, ReadHere()))
    assert {outcome.outcome for outcome in outcomes} == {"added"}
    return collection.path


@pytest.fixture
def sample(sample_file: Path, data_dir: Path) -> Collection:
    """The sample collection in this test's data folder, as the app finds it on a later start."""
    data_dir.mkdir(parents=True)
    (data_dir / sample_file.name).write_bytes(sample_file.read_bytes())
    (data_dir / ".sample-made").touch()
    return Collection.open(data_dir, "Sample")


@pytest.fixture
def ollama() -> OllamaServer:
    server = OllamaServer(config.ollama_host())
    try:
        server.models()
    except OllamaError as error:
        lacking(f"no Ollama server: {error}")
    return server
