"""Freed memory is handed back to the system, where the C library can do that."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from rag.runtime import freed_memory

_RESIDENT = """
from pathlib import Path
from rag.runtime.freed_memory import hand_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20

many = [bytes(2_000) for _ in range(100_000)]
last = bytes(2_000)
del many
before = resident()
hand_back()
print(before - resident())
"""


def test_memory_below_an_object_that_is_still_in_use_is_handed_back():
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("only glibc keeps freed memory that it can hand back")
    done = subprocess.run([sys.executable, "-c", _RESIDENT], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100, "MiB of about 200"


def test_a_system_that_cannot_do_that_goes_on(monkeypatch):
    monkeypatch.setattr(freed_memory, "_trim", lambda: None)
    freed_memory.hand_back()
