"""A Milvus Lite that several processes may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def server(milvus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Milvus Lite server for several processes; its address is in EXPLORER_STORE."""
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    from rag.store.milvus.client import close_all

    running, database, port = start_server_in_thread(data_dir=str(tmp_path / "served"))
    monkeypatch.setenv("EXPLORER_STORE", f"milvus://127.0.0.1:{port}")
    yield f"milvus://127.0.0.1:{port}"
    close_all()
    running.stop(grace=2).wait()
    database.close()
