"""A cached file comes back as it was written, or from memory if it could not be written."""

from __future__ import annotations

import threading

import pytest

from rag.runtime import artifacts


@pytest.fixture(autouse=True)
def empty_memory(monkeypatch):
    monkeypatch.setattr(artifacts, "_in_memory", type(artifacts._in_memory)())
    monkeypatch.setattr(artifacts, "_reasons", {})


@pytest.fixture
def blocked(tmp_path):
    """A cache folder that cannot exist: a file has its name."""
    (tmp_path / "Owls.cache").write_bytes(b"")
    return tmp_path / "Owls.cache"


def test_content_comes_back_from_the_file(tmp_path):
    artifacts.write_cached(tmp_path / "a" / "one", b"content")
    assert artifacts.read_cached(tmp_path / "a" / "one") == b"content"
    assert artifacts.unsaved(tmp_path / "a") == ""
    assert not artifacts._in_memory


def test_a_stamp_changes_with_the_file_and_there_is_none_without_one(tmp_path, blocked):
    path = tmp_path / "a" / "one"
    assert artifacts.file_stamp(path) is None
    artifacts.write_cached(path, b"content")
    first = artifacts.file_stamp(path)
    assert first == artifacts.file_stamp(path) is not None
    artifacts.write_cached(path, b"longer content")
    assert artifacts.file_stamp(path) not in (None, first)
    artifacts.write_cached(blocked / "one", b"kept in memory")
    assert artifacts.file_stamp(blocked / "one") is None


def test_what_cannot_be_written_comes_back_from_memory(blocked):
    artifacts.write_cached(blocked / "one.1", b"first")
    artifacts.write_cached(blocked / "one.1", b"second")
    assert artifacts.read_cached(blocked / "one.1") == b"second"
    assert artifacts.read_cached(blocked / "one.2") is None
    assert artifacts.unsaved(blocked) == (
        "Computed results could not be saved in 'Owls.cache' (File exists). They are kept until the program ends, and "
        "computed again after that."
    )
    artifacts.write_cached(blocked / "one.2", b"third")
    artifacts.drop_others(blocked / "one.2", "one.*")
    assert artifacts.read_cached(blocked / "one.1") is None
    assert artifacts.read_cached(blocked / "one.2") == b"third"


def test_memory_is_limited_and_keeps_what_was_used_last(blocked, monkeypatch):
    monkeypatch.setattr(artifacts, "_MOST_BYTES", 25)
    monkeypatch.setattr(artifacts, "_LARGEST_BYTES", 10)
    for name in ("one", "two"):
        artifacts.write_cached(blocked / name, bytes(10))
    artifacts.read_cached(blocked / "one")
    artifacts.write_cached(blocked / "three", bytes(10))
    artifacts.write_cached(blocked / "large", bytes(11))
    kept = [name for name in ("one", "two", "three", "large") if artifacts.read_cached(blocked / name)]
    assert kept == ["one", "three"]


def test_the_note_goes_when_the_folder_can_be_written_again(blocked):
    artifacts.write_cached(blocked / "one", b"first")
    blocked.unlink()
    artifacts.write_cached(blocked / "one", b"second")
    assert artifacts.unsaved(blocked) == ""
    assert artifacts.read_cached(blocked / "one") == b"second"
    assert (blocked / "one").is_file()


@pytest.mark.parametrize("is_blocked", [False, True])
def test_one_thread_at_a_time_holds_the_lock(tmp_path, blocked, is_blocked):
    path, inside, most = (blocked if is_blocked else tmp_path) / "names", [], []

    def work() -> None:
        with artifacts.exclusive(path):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8
