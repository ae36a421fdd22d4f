"""The folder of the collections as a whole: whether it can be read and written, and how much space is free."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_REMEDY = "Check that it exists and that this user may use it, or set EXPLORER_DATA_DIR to another folder."


def why_unreadable(folder: Path) -> str:
    """Why the collections in this folder cannot be listed, as sentences; empty if they can.

    A folder that does not exist yet is made at the first start: then the nearest folder above it must be writable.
    """
    try:
        with os.scandir(folder):
            return ""
    except FileNotFoundError:
        above = nearest_existing(folder)
        if above.is_dir() and os.access(above, os.W_OK):
            return ""
        return f"The data folder '{folder}' does not exist and cannot be made in '{above}'. {_REMEDY}"
    except OSError as error:
        return f"The data folder '{folder}' cannot be read: {error.strerror}. {_REMEDY}"


def free_bytes(folder: Path) -> int:
    """Free space on the disk of the folder, or on that of the nearest folder above it which exists."""
    return shutil.disk_usage(nearest_existing(folder)).free


def nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest file or folder above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
