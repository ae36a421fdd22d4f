"""Isolation of the reader process from the network, by what the system offers.

Linux offers a network namespace, which needs permission, and a system call filter (seccomp), which does not: containers
with Docker's default settings forbid the first and allow the second. Sources: the manual pages unshare(2) and
seccomp(2), and linux/seccomp.h, linux/filter.h and linux/audit.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from typing import Literal

Isolation = Literal["namespace", "filter", "none"]
"""How the process was cut off from the network; "none" if it was not."""

_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER_MODE = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13
"""What the filter returns: the call runs, or fails with EACCES."""
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in the data that the filter reads."""
_LOCAL_SOCKET = 1
_IO_URING_SETUP = 425
_OTHER_CALLS = 0x40000000
"""From here on, x86_64 has a second set of the same system calls."""
_ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""For each machine its number in linux/audit.h, and that of the system call `socket`."""


def leave_network() -> Isolation:
    """Cut this process and its children off from the network, if the system allows it."""
    if not sys.platform.startswith("linux"):
        return "none"
    # An ordinary user needs a user namespace for this; root would lose its permission to read files in one.
    flags = _NEW_NETWORK if os.geteuid() == 0 else _NEW_USER | _NEW_NETWORK
    if ctypes.CDLL(None).unshare(flags) == 0:
        return "namespace"
    return "filter" if _refuse_sockets() else "none"


def _refuse_sockets() -> bool:
    """Install a filter under which only local sockets can be opened; returns whether it is in force."""
    if platform.machine() not in _ARCHITECTURES:
        return False
    program = _program(*_ARCHITECTURES[platform.machine()])
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions, and where they are.
    described = struct.pack("HP", len(program) // 8, ctypes.addressof(buffer))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
    if prctl(_NO_NEW_PRIVILEGES, 1, None, 0, 0):
        return False
    holder = ctypes.create_string_buffer(described, len(described))
    return bool(prctl(_SECCOMP, _FILTER_MODE, ctypes.addressof(holder), 0, 0) == 0)


def _program(architecture: int, socket_call: int) -> bytes:
    """The filter: refuses calls of another architecture, io_uring, and sockets that are not local."""
    instructions = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_IF_AT_LEAST, 5, 0, _OTHER_CALLS),
        (_JUMP_IF_EQUAL, 4, 0, _IO_URING_SETUP),
        (_JUMP_IF_EQUAL, 0, 2, socket_call),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_IF_EQUAL, 0, 1, _LOCAL_SOCKET),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    )
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
