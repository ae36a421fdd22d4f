"""The client of Milvus: one for each address, with its errors explained."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import CollectionError
from rag.store.milvus.address import MilvusAddress

if TYPE_CHECKING:
    from pymilvus import MilvusClient

_SECONDS = 30
"""How long a server may take to answer the first request."""
_LITE_MEMORY = "MILVUS_LITE_MEMTABLE_MEMORY_LIMIT_BYTES"
_LITE_MEMORY_BYTES = 4 * 1024**2
"""Milvus Lite searches rows that are not yet in a segment one by one, so few of them may wait."""
_WITHOUT_PINGS = {"grpc.keepalive_time_ms": 2**31 - 1}
"""Milvus Lite closes a connection that it is pinged on every ten seconds, as pymilvus does; gRPC then says so."""
_OF_LITE = (
    "Milvus Lite serves one process at a time: close other programs that use its folder, and check that the disk has "
    "free space."
)
_OF_SERVER = "Check that the server runs, that EXPLORER_STORE is its address, and that EXPLORER_STORE_TOKEN is right."
_lock = threading.Lock()
_clients: dict[MilvusAddress, MilvusClient] = {}


def connected(address: MilvusAddress) -> MilvusClient:
    """The client for this address. Raises CollectionError if Milvus cannot be reached."""
    with _lock:
        if address not in _clients:
            with explaining(address):
                _clients[address] = _connect(address)
        return _clients[address]


def _connect(address: MilvusAddress) -> MilvusClient:
    from pymilvus import MilvusClient

    if address.is_local:
        os.environ.setdefault(_LITE_MEMORY, str(_LITE_MEMORY_BYTES))
        Path(address.uri).parent.mkdir(parents=True, exist_ok=True)
    # The client logs each error with a stack trace; here they are raised as CollectionError.
    for name in ("pymilvus", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    options = _WITHOUT_PINGS if address.is_local else {}
    return MilvusClient(
        uri=address.uri, token=address.token, db_name=address.database, timeout=_SECONDS, grpc_options=options
    )


@contextmanager
def explaining(address: MilvusAddress) -> Iterator[None]:
    """Turn errors of Milvus into CollectionError."""
    import grpc
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, grpc.RpcError, OSError) as error:
        what = str(getattr(error, "message", "") or error).strip().partition("\n")[0].rstrip(".")
        what_to_do = _OF_LITE if address.is_local else _OF_SERVER
        raise CollectionError(f"Milvus at '{address.shown}' did not do what was asked: {what}. {what_to_do}") from error


@functools.cache
def is_lite(address: MilvusAddress) -> bool:
    """Whether Milvus Lite is at this address, in this process or as a server."""
    with explaining(address):
        return "lite" in str(connected(address).get_server_version())


def close_all() -> None:
    """Close all clients; Milvus Lite writes what waits in memory, and frees its folder for other processes."""
    is_lite.cache_clear()
    with _lock:
        for address, client in list(_clients.items()):
            client.close()
            if address.is_local:
                from milvus_lite.server_manager import server_manager_instance

                server_manager_instance.release_server(address.uri)
            del _clients[address]
