"""Files under a lock: written as a whole, one program at a time, and put aside without loss."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from rag.errors import DocumentError
from rag.runtime import locked_files
from rag.runtime.locked_files import change_file, set_aside


def test_every_change_counts_when_many_change_at_once(tmp_path):
    path = tmp_path / "folder" / "number.txt"

    def more() -> bytes:
        return b"%d" % (int(path.read_bytes() if path.exists() else 0) + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: change_file(path, more, DocumentError), range(40)))
    assert path.read_bytes() == b"40"


def test_no_change_writes_nothing(tmp_path):
    path = tmp_path / "a.txt"
    change_file(path, lambda: None, DocumentError)
    assert not path.exists()


def test_a_lock_that_is_held_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(locked_files, "_SECONDS_TO_WAIT", 0.05)
    path = tmp_path / "a.txt"
    with FileLock(tmp_path / ".a.lock"), pytest.raises(DocumentError, match="is being changed by another program"):
        change_file(path, lambda: b"x", DocumentError)
    assert not path.exists()


def test_a_file_is_put_aside_under_a_name_that_is_free(tmp_path):
    path = tmp_path / "a.txt"
    set_aside(path, DocumentError)
    for content in (b"1", b"2", b"3"):
        path.write_bytes(content)
        set_aside(path, DocumentError)
    assert not path.exists()
    assert sorted(one.read_bytes() for one in tmp_path.glob("a.txt.damaged*")) == [b"1", b"2", b"3"]
