"""Fixtures of all tests: a data folder per test, the real embedding model, and skips for missing programs."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from rag import config
from rag.documents.archives import Archive, open_archive
from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.loading import load_document
from rag.documents.sources import find_files
from rag.embedding.embedder import load_embedder
from rag.errors import OllamaError
from rag.index.loading import load_index
from rag.index.neighbor_table import load_neighbors
from rag.ingest.pipeline import ingest
from rag.map.clusters.finding import find_clusters
from rag.map.layout import make_layout
from rag.map.projection_settings import ProjectionParameters
from rag.runtime.garbage import keep_collections_short
from rag.servers.ollama import OllamaServer
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Document, Embedder
from tests.support.cores import keep_to_one_core

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_MARKER = ".sample-made"


class ReadHere:
    """Parses documents in the test's process, without a sandbox."""

    def read(self, name: str, content: bytes, *, roles: ColumnRoles = GUESSED, on_progress: object = None) -> Document:
        return load_document(name, content, roles=roles)

    def open_archive(self, name: str, content: bytes) -> Archive:
        return open_archive(name, content)


def lacking(what: str) -> None:
    """Skip with a reason on a user's machine; fail where everything is required to be there."""
    if os.environ.get("EXPLORER_REQUIRE_ALL"):
        pytest.fail(f"{what}, and EXPLORER_REQUIRE_ALL is set")
    pytest.skip(what)


# How long an example takes depends on the machine and what else it does.
settings.register_profile("without time limits", deadline=None)
settings.load_profile("without time limits")


def pytest_configure() -> None:
    """Pin each worker to one core, and collect garbage as the app does: Streamlit does it after each run of a page."""
    keep_collections_short()
    if WORKER:
        keep_to_one_core(int(WORKER.removeprefix("gw")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests with a real Ollama server as slow."""
    for item in items:
        if {"ollama", "real_ollama"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "collections"
    monkeypatch.setenv("EXPLORER_DATA_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder(config.DEFAULT_EMBEDDING_MODEL)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A data folder with the sample's documents and its caches, made once for all workers; copied by `sample`."""
    return _made_once(tmp_path_factory, request, "data-folder-with-sample", ChunkingSpec())


@pytest.fixture(scope="session")
def shipped_sample_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A data folder with the sample as the app makes it, with context lines; copied by `shipped_sample`."""
    return _made_once(tmp_path_factory, request, "data-folder-with-shipped-sample", config.DEFAULT_CHUNKING)


def _made_once(
    factory: pytest.TempPathFactory, request: pytest.FixtureRequest, name: str, chunking: ChunkingSpec
) -> Path:
    of_this_run = factory.getbasetemp()
    # Each worker's folder lies in the folder of the run.
    shared = of_this_run.parent if WORKER else of_this_run
    folder = shared / name
    with FileLock(shared / f"{name}.lock"):
        if not (folder / _MARKER).exists():
            _make_sample(folder, request.getfixturevalue("embedder"), chunking)
    return folder


def _make_sample(folder: Path, embedder: Embedder, chunking: ChunkingSpec) -> None:
    """Add all sample documents, and build the caches that the pages use: index, neighbors, layout, clusters."""
    collection = Collection.create(folder, "Sample", embedder.spec, chunking)
    files = find_files([config.SAMPLES / "topics.csv", config.SAMPLES / "handbook"])
    outcomes = list(ingest(collection, files, embedder, ReadHere()))
    assert {outcome.outcome for outcome in outcomes} == {"added"}
    load_index(collection)
    load_neighbors(collection)
    find_clusters(collection, make_layout(collection, ProjectionParameters()))
    (folder / _MARKER).touch()


@pytest.fixture
def shipped_sample(shipped_sample_folder: Path, data_dir: Path) -> Collection:
    """The sample collection in this test's data folder, as the app makes it at its first start."""
    shutil.copytree(shipped_sample_folder, data_dir)
    return Collection.open(data_dir, "Sample")


@pytest.fixture
def sample(sample_folder: Path, data_dir: Path) -> Collection:
    """The sample collection in this test's data folder, as the app finds it on a later start."""
    shutil.copytree(sample_folder, data_dir)
    return Collection.open(data_dir, "Sample")


@pytest.fixture
def sample_without_caches(sample: Collection) -> Collection:
    """The sample collection as it is right after its documents were added: no index, neighbors, layout or clusters."""
    shutil.rmtree(sample.cache_folder)
    return sample


@pytest.fixture
def ollama() -> OllamaServer:
    server = OllamaServer(config.ollama_host())
    try:
        server.models()
    except OllamaError as error:
        lacking(f"no Ollama server: {error}")
    return server


@pytest.fixture(scope="session")
def milvus_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a Milvus Lite that all tests of this process share; each has a catalog of its own."""
    if importlib.util.find_spec("pymilvus") is None or importlib.util.find_spec("milvus_lite") is None:
        lacking("the packages pymilvus and milvus-lite are not installed")
    yield tmp_path_factory.mktemp("milvus") / "store.db"
    from rag.store.milvus.client import close_all

    close_all()


@pytest.fixture
def milvus(milvus_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The collections of the data folder are in Milvus."""
    monkeypatch.setenv("EXPLORER_STORE", f"milvus+file://{milvus_folder}")
