"""What `doctor` says of folders that are missing, read-only, full or files, of damaged files, and of permissions."""

from __future__ import annotations

from pathlib import Path

from rag.cli.doctor.folders import (
    check_cache_folder,
    check_collections,
    check_data_folder,
    check_permissions,
    check_settings,
)
from rag.store.data_folder import why_unreadable
from tests.support.unwritable import full_disk, read_only_mount


def test_a_folder_that_does_not_exist_yet_is_no_fault(tmp_path: Path):
    folder = tmp_path / "new" / "collections"
    assert check_data_folder(folder).state != "problem"
    assert [one.sentence for one in check_collections(folder)] == ["There are none yet."]
    assert not folder.exists()


def test_a_read_only_data_folder_is_a_problem(sample):
    folder = sample.path.parent
    with read_only_mount(folder):
        found = check_data_folder(folder)
        (about_sample,) = check_collections(folder)
    assert (found.state, "cannot be written" in found.sentence) == ("problem", True)
    assert found.remedy.endswith("set EXPLORER_DATA_DIR to another folder.")
    assert about_sample.state == "warning"
    assert about_sample.sentence.startswith("'Sample' is read-only: ")
    assert check_data_folder(folder).state != "problem"


def test_a_full_disk_is_a_problem(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    with full_disk(folder):
        found = check_data_folder(folder)
        assert check_cache_folder(folder).state == "warning"
    assert (found.state, found.remedy.startswith("Free some space")) == ("problem", True)


def test_a_file_in_the_place_of_the_data_folder_is_a_problem(tmp_path: Path):
    place = tmp_path / "data"
    place.write_text("not a folder")
    for folder in (place, place / "collections"):
        assert check_data_folder(folder).state == "problem"
        assert str(folder) in why_unreadable(folder)
        assert check_collections(folder) == []


def test_a_damaged_collection_is_named(sample):
    (sample.path.parent / "Broken.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 20)
    found = check_collections(sample.path.parent)
    assert [one.state for one in found] == ["problem"]
    assert "'Broken.sqlite' is not a readable collection" in found[0].sentence


def test_sound_collections_are_counted(sample):
    (found,) = check_collections(sample.path.parent)
    assert (found.state, found.sentence.startswith(f"1 with {sample.n_chunks()} chunks")) == ("ok", True)


def test_damaged_settings_are_a_problem(tmp_path: Path):
    assert check_settings(tmp_path).state == "ok"
    (tmp_path / "settings.json").write_text('{"ollama_host": ')
    found = check_settings(tmp_path)
    assert found.state == "problem"
    assert "settings.json' are damaged" in found.sentence


def test_a_cache_folder_that_cannot_be_written_is_a_warning(tmp_path: Path):
    (tmp_path / "cache").write_text("not a folder")
    found = check_cache_folder(tmp_path / "cache")
    assert (found.state, "EXPLORER_CACHE_DIR" in found.remedy) == ("warning", True)


def test_the_size_of_the_cache_is_that_of_its_files(tmp_path: Path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights").write_bytes(bytes(5_000_000))
    assert check_cache_folder(tmp_path).sentence.endswith("and holds 5 MB.")


def test_files_of_passwords_that_others_may_read_are_named(tmp_path: Path):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("password = 'x'")
    secrets.chmod(0o600)
    (found,) = check_permissions(tmp_path, [secrets, tmp_path / "missing.toml"])
    assert found.state == "ok"
    secrets.chmod(0o644)
    tmp_path.chmod(0o777)
    of_folder, of_secrets = check_permissions(tmp_path, [secrets])
    assert (of_folder.state, of_folder.remedy) == ("warning", f"Run: chmod o-w '{tmp_path}'")
    assert (of_secrets.state, of_secrets.remedy) == ("warning", f"Run: chmod 600 '{secrets}'")
