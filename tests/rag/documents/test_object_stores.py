"""Files at URLs: a folder is expanded like one on disk, and what cannot be read has a sentence."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from rag.documents import object_stores
from rag.documents.sources import find_files, find_sources
from rag.errors import DocumentError, ExplorerError
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.collections import contents
from tests.support.fakes import DigestEmbedder

FILES = {"a.txt": "Owls hunt.", "sub/b.txt": "Ships sail.", "sub/.hidden.txt": "no", ".git/c.txt": "no"}


@pytest.fixture
def bucket() -> Iterator[str]:
    """A folder in fsspec's store in memory, which is empty again at the end."""
    store = fsspec.filesystem("memory")
    for name, text in FILES.items():
        store.pipe_file(f"/bucket/folder/{name}", text.encode())
    yield "memory://bucket/folder"
    store.rm("/bucket", recursive=True)


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "folder"


def read(*places: str) -> dict[str, bytes]:
    return {file.name: file.read() for file in find_sources(places)}


def take_in(collection: Collection, *places: str) -> dict[str, str]:
    outcomes = ingest(collection, find_sources(places), DigestEmbedder(), ReadHere())
    return {one.path: one.outcome for one in outcomes}


def test_a_folder_is_expanded_as_on_disk(bucket, folder):
    assert read(bucket) == read(str(folder)) == {"a.txt": b"Owls hunt.", "sub/b.txt": b"Ships sail."}
    assert read(f"{bucket}/") == read(bucket)
    (file,) = find_sources([f"{bucket}/sub"])
    assert (file.name, file.path, file.size) == ("b.txt", "memory://bucket/folder/sub/b.txt", 11)


def test_a_url_gives_the_collection_of_the_same_folder(data_dir, bucket, folder):
    one, two = (Collection.create(data_dir, name, DigestEmbedder().spec, ChunkingSpec()) for name in ("one", "two"))
    assert set(take_in(one, bucket).values()) == set(take_in(two, str(folder)).values()) == {"added"}
    assert contents(one) == contents(two)
    assert set(take_in(one, bucket).values()) == {"unchanged"}
    assert take_in(one, f"{bucket}/a.txt") == {"memory://bucket/folder/a.txt": "unchanged"}


def test_folders_of_equal_names_in_two_stores_are_two_documents(data_dir, bucket, folder):
    collection = Collection.create(data_dir, "c", DigestEmbedder().spec, ChunkingSpec())
    take_in(collection, str(folder), bucket)
    assert {one.name for one in collection.documents()} == {"a.txt", "sub/b.txt", "folder/a.txt", "folder/sub/b.txt"}


def test_paths_and_urls_come_each_once(bucket, folder):
    names = [file.path for file in find_sources([bucket, str(folder), f"{bucket}/a.txt", f"file://{folder}/a.txt"])]
    assert names == [
        str(folder / "a.txt"),
        str(folder / "sub/b.txt"),
        "memory://bucket/folder/a.txt",
        "memory://bucket/folder/sub/b.txt",
    ]


def test_a_file_url_is_the_path(folder):
    (folder / "with space.txt").write_text("x")
    for url, path in ((f"file://{folder}", folder), (f"file://{folder}/with%20space.txt", folder / "with space.txt")):
        assert [(one.path, one.name, one.folder) for one in find_sources([url])] == [
            (one.path, one.name, one.folder) for one in find_files([path])
        ]


def test_a_folder_inside_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name, text in FILES.items():
            archive.writestr(f"folder/{name}", text)
    url = f"zip://folder::file://{tmp_path}/z.zip"
    assert read(url) == {"a.txt": b"Owls hunt.", "sub/b.txt": b"Ships sail."}
    assert find_sources([url])[0].path == f"zip://folder/a.txt::file://{tmp_path}/z.zip"
    assert read(f"zip::file://{tmp_path}/z.zip").keys() == {"folder/a.txt", "folder/sub/b.txt"}


def test_a_file_in_an_archive_can_be_read_by_another_process(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a.txt", "Owls hunt.")
    (file,) = find_sources([f"zip::file://{tmp_path}/z.zip"])
    assert pickle.loads(pickle.dumps(file)).read() == b"Owls hunt."


def test_what_is_not_there_says_so_when_it_is_read(bucket):
    (file,) = find_sources([f"{bucket}/none.txt"])
    with pytest.raises(DocumentError, match=r"'memory://bucket/folder/none.txt' could not be read: there is no such"):
        file.read()


def test_a_file_that_is_too_large_is_not_fetched(bucket, monkeypatch):
    monkeypatch.setattr(object_stores, "MAX_BYTES", 10)
    large = next(file for file in find_sources([bucket]) if file.name == "sub/b.txt")
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "cat_file", None)
    with pytest.raises(DocumentError, match=r"'sub/b.txt' has 11 bytes; the limit is 10"):
        large.read()


@pytest.mark.parametrize(("url", "package"), [("s3://bucket/x", "s3fs"), ("zip://x::gs://bucket/y.zip", "gcsfs")])
def test_a_missing_package_is_named(url, package, monkeypatch):
    def missing(protocol: str) -> None:
        raise ImportError(f"Install {package}")

    monkeypatch.setattr("fsspec.core.get_filesystem_class", missing)
    with pytest.raises(ExplorerError) as error:
        find_sources([url])
    assert str(error.value) == (
        f"'{url}' needs a package that is not installed. Install it with: pip install {package}."
    )


def test_an_unknown_kind_of_store_is_named():
    with pytest.raises(ExplorerError, match="'nope://x' cannot be read: there is no kind of store named 'nope'"):
        find_sources(["nope://x"])


def test_a_store_that_cannot_be_listed_is_named_without_the_password(bucket, monkeypatch):
    def refused(self: object, path: str) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(type(fsspec.filesystem("memory")), "isdir", refused)
        with pytest.raises(ExplorerError) as error:
            find_sources(["memory://me:secret@bucket/folder"])
    assert str(error.value) == (
        "'memory://bucket/folder' could not be listed: Permission denied. Check the address and its permissions."
    )


@pytest.mark.parametrize("path", ["notes.txt", "C:\\notes.txt", "a::b.txt", "./s3:/x"])
def test_a_path_is_no_url(path):
    assert not object_stores.is_url(path)
