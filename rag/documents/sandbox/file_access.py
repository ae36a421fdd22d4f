"""File access of the reader process: with Landlock, it reads only the program's own files and writes only its scratch.

A file to read comes through a pipe, so a parser has no reason to open any other. Landlock is part of Linux since 5.13.
Sources: the manual pages landlock(7), landlock_create_ruleset(2) and landlock_add_rule(2), and linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_OF_EACH_VERSION = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1)
"""The kinds of access that can be refused, by version of Landlock; later versions add only devices."""
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc", "/opt", "/sys", "/nix", "/run/current-system")
# Of /proc only these: the environment of another process may hold keys.
_OF_PROC = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/proc/sys")
_LISTED_IN = ("PATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
_PACKAGE = Path(__file__).resolve().parents[2]


def restrict_files() -> bool:
    """Let this process read only the program's and the system's files; returns whether the system enforces it."""
    if not sys.platform.startswith("linux"):
        return False
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    handled = _OF_EACH_VERSION[min(version, len(_OF_EACH_VERSION) - 1)]
    attributes = ctypes.create_string_buffer(struct.pack("Q", handled), 8)
    rules = system.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    try:
        for path, access in _allowed(handled):
            with suppress(OSError):  # a folder that is missing needs no rule
                _allow(system, rules, path, access & handled)
        if system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            return False
        return int(system.syscall(_RESTRICT_SELF, rules, 0)) == 0
    finally:
        os.close(rules)


def _allowed(everything: int) -> Iterator[tuple[str, int]]:
    """Folders and the access to them; the checkout's own folder is not among them, only the package in it."""
    listed = [folder for name in _LISTED_IN for folder in os.environ.get(name, "").split(os.pathsep)]
    python = [path for path in sys.path if path and Path(path).resolve() != _PACKAGE.parent]
    for folder in (*_SYSTEM, *_OF_PROC, sys.prefix, sys.base_prefix, str(_PACKAGE), *python, *listed):
        if folder:
            yield folder, _READ
    yield "/dev", _READ | _WRITE_FILE | _TRUNCATE
    yield tempfile.gettempdir(), everything


def _allow(system: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not Path(path).is_dir():
            access &= _EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE
        # struct landlock_path_beneath_attr is packed.
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, folder), 12)
        system.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(folder)
