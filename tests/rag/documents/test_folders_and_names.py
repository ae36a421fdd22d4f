"""Folders and names: every entry of a folder has an outcome, and files of one name in two places are two documents."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from rag.documents.document_names import DocumentNames, read_origins
from rag.documents.sources import SourceFile, find_files
from rag.ingest.pipeline import copy_documents, ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.fakes import WordEmbedder

WORDS = WordEmbedder()


@pytest.fixture
def collection(data_dir) -> Collection:
    return Collection.create(data_dir, "c", WORDS.spec, ChunkingSpec())


def added(collection: Collection, *paths: Path) -> dict[str, str]:
    """Ingest these paths as one job; the outcome of each by its path."""
    return {one.path: one.outcome for one in ingest(collection, find_files(paths), WORDS, ReadHere())}


def texts(collection: Collection) -> dict[str, str]:
    return {one.name: collection.document(one.document_id).text for one in collection.documents()}


@pytest.fixture
def projects(tmp_path) -> tuple[Path, Path]:
    for name in ("projA", "projB"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "README.md").write_text(f"This is the guide of {name}.")
    return tmp_path / "projA", tmp_path / "projB"


def test_two_readmes_in_one_job_are_two_documents(collection, projects):
    assert set(added(collection, *projects).values()) == {"added"}
    expected = {f"{one.name}/README.md": f"This is the guide of {one.name}." for one in projects}
    assert texts(collection) == expected


def test_the_readme_of_another_project_does_not_replace_the_first(collection, projects):
    first, second = projects
    added(collection, first)
    (outcome,) = ingest(collection, find_files([second]), WORDS, ReadHere())
    assert outcome.outcome == "added"
    assert outcome.reason == "It is named 'projB/README.md', because another document is named 'README.md'."
    assert list(texts(collection)) == ["README.md", "projB/README.md"]


def test_each_readme_is_replaced_by_its_own_new_version_however_it_is_named(collection, projects, monkeypatch):
    first, second = projects
    added(collection, first)
    added(collection, second)
    assert set(added(collection, first, second).values()) == {"unchanged"}
    (second / "README.md").write_text("This is the new guide.")
    monkeypatch.chdir(second)
    assert added(collection, Path("README.md")) == {"README.md": "replaced"}
    assert texts(collection) == {
        "README.md": "This is the guide of projA.",
        "projB/README.md": "This is the new guide.",
    }


def test_a_document_of_before_is_replaced_by_the_file_of_its_name(collection, projects):
    added(collection, projects[0])
    collection.set_setting("origins", None)
    assert list(added(collection, projects[1]).values()) == ["replaced"]
    assert list(added(collection, projects[0]).values()) == ["added"]


def uploaded(name: str, text: str, *, keeps_both: bool = False) -> SourceFile:
    return SourceFile(name, name, text.encode, len(text), keeps_both=keeps_both)


def test_two_uploads_of_one_name_are_two_documents_and_a_later_one_replaces_unless_both_are_kept(collection):
    def upload(*files: SourceFile) -> list[str]:
        return [one.outcome for one in ingest(collection, files, WORDS, ReadHere())]

    assert upload(uploaded("notes.txt", "Owls hunt."), uploaded("notes.txt", "Moles dig.")) == ["added", "added"]
    assert texts(collection) == {"notes.txt": "Owls hunt.", "notes (2).txt": "Moles dig."}
    assert upload(uploaded("notes.txt", "Ships sail.")) == ["replaced"]
    assert upload(uploaded("notes.txt", "Bees hum.", keeps_both=True)) == ["added"]
    assert texts(collection) == {
        "notes.txt": "Ships sail.", "notes (2).txt": "Moles dig.", "notes (3).txt": "Bees hum."
    }  # fmt: skip


def test_a_file_on_disk_does_not_replace_an_upload_of_its_name(collection, projects):
    list(ingest(collection, [uploaded("README.md", "An upload.")], WORDS, ReadHere()))
    added(collection, projects[0])
    assert list(texts(collection)) == ["README.md", "projA/README.md"]


def test_archives_of_one_name_in_two_folders_stay_apart(collection, projects):
    for folder in projects:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.txt", f"Notes of {folder.name}.")
        (folder / "README.md").unlink()
        (folder / "notes.zip").write_bytes(packed.getvalue())
        added(collection, folder)
    assert texts(collection) == {
        "notes.zip/a.txt": "Notes of projA.", "projB/notes.zip/a.txt": "Notes of projB."
    }  # fmt: skip


def test_a_copy_of_the_collection_still_tells_them_apart(collection, projects, data_dir):
    added(collection, *projects)
    copy = Collection.create(data_dir, "copy", WORDS.spec, ChunkingSpec(40))
    list(copy_documents(collection, copy, WORDS))
    assert set(added(copy, *projects).values()) == {"unchanged"}


def test_the_collection_does_not_name_the_folders_of_its_maker(collection, projects):
    added(collection, projects[0])
    assert "projA" not in (collection.setting("origins") or "")


def test_what_is_stored_of_origins_is_read_back_and_other_content_is_ignored():
    names = DocumentNames([], {})
    given = [names.name_for("a.txt", "/one"), names.name_for("a.txt", "/two"), names.name_for("a.txt", "")]
    assert given == ["a.txt", "two/a.txt", "a (2).txt"]
    again = DocumentNames(given, read_origins(names.as_json(given)))
    assert [again.name_for("a.txt", folder) for folder in ("/one", "/two")] == given[:2]
    assert read_origins("[1") == read_origins("[]") == read_origins('{"a": 1}') == read_origins(None) == {}


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are those of Unix")
def test_every_entry_of_a_folder_has_an_outcome(collection, tmp_path):
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    (tree / "sub").mkdir(parents=True)
    elsewhere.mkdir()
    for path in (tree / "real.txt", tree / "sub/inner.txt", elsewhere / "outside.txt"):
        path.write_text(f"Words of {path.name}.")
    targets = {
        "alias.txt": "real.txt", "dead.txt": "nowhere.txt", "out.txt": "../elsewhere/outside.txt",
        "out": "../elsewhere", "inside": "sub", "itself": ".", "round": "about", "about": "round",
    }  # fmt: skip
    for name, target in targets.items():
        (tree / name).symlink_to(target)
    os.mkfifo(tree / "pipe")
    outcomes = {Path(one.path).name: one for one in ingest(collection, find_files([tree]), WORDS, ReadHere())}
    assert {name: one.outcome for name, one in outcomes.items()} == {
        "real.txt": "added", "inner.txt": "added", "alias.txt": "added", "dead.txt": "failed", "out.txt": "failed",
        "out": "failed", "inside": "empty", "itself": "empty", "round": "failed", "about": "failed", "pipe": "failed",
    }  # fmt: skip
    assert outcomes["dead.txt"].reason.startswith("'dead.txt' is a link to 'nowhere.txt', where there is no file.")
    assert "is a link out of the folder" in outcomes["out.txt"].reason
    assert "is a link to the folder 'sub' inside the folder that was added" in outcomes["inside"].reason
    assert "leads back to itself" in outcomes["round"].reason
    assert "no file but a device, a pipe or a socket" in outcomes["pipe"].reason


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="anyone may open every folder here")
def test_a_folder_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / "locked").mkdir(mode=0)
    (file,) = find_files([tmp_path])
    assert file.name == "locked"
    with pytest.raises(Exception, match="could not be opened"):
        file.read()


def test_a_file_given_twice_is_added_once(collection, projects):
    assert len(added(collection, projects[0], projects[0] / "README.md")) == 1
