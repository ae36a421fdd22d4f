"""The reader process is cut off from the network by a filter where it may not leave the network, or says so."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from rag import config
from rag.documents.sandbox import worker
from rag.documents.sandbox.protocol import Request, read_document

FILTERED = """
import socket, subprocess, sys
from rag.documents.sandbox import isolation
assert isolation._refuse_sockets()
first, second = socket.socketpair()
first.send(b"local")
assert second.recv(5) == b"local"
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
    except PermissionError:
        continue
    raise SystemExit(f"{family} can be opened")
child = [sys.executable, "-c", "import socket; socket.socket()"]
sys.exit(subprocess.run(child, stderr=subprocess.DEVNULL).returncode != 1)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "aarch64"),
    reason="only Linux on these machines has the filter",
)
def test_the_filter_refuses_every_socket_but_local_ones_also_in_children():
    subprocess.run([sys.executable, "-c", FILTERED], cwd=config.ROOT, check=True)


def test_a_document_read_with_a_network_says_so():
    request = Request("read", "a.txt", b"Owls hunt at night.", ())
    note = "The process that read this file could reach the network."
    assert read_document(worker.answer(request, 1000, (note,))).notes == (note,)
    assert read_document(worker.answer(request, 1000)).notes == ()
