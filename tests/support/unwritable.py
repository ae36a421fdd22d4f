"""Folders that cannot be written although the tests run as root: a read-only mount, and a file system that is full."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def read_only_mount(folder: Path) -> Iterator[None]:
    """The folder, mounted read-only; skips the test where mounting is not possible."""
    with _mounted(folder, "--bind", str(folder)):
        _mount("-o", "remount,bind,ro", str(folder))
        yield


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """The folder with its content on a small disk without free space; skips the test where mounting is not possible."""
    size = sum(path.stat().st_size + 8192 for path in folder.rglob("*")) + 1_000_000
    aside = folder.with_name(f"{folder.name}-aside")
    shutil.copytree(folder, aside)
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        _fill(folder / "filler")
        yield


def _fill(path: Path) -> None:
    try:
        with path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[None]:
    _mount(*arguments, str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    if not shutil.which("mount"):
        pytest.skip("this machine has no program to mount folders")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine does not let the tests mount a folder: {done.stderr.strip()}")
