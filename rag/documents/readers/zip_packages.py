"""Open office files as ZIP packages: safe against damage, passwords and ZIP bombs."""

from __future__ import annotations

import io
import zipfile
import zlib

from rag.documents.parsed import MAX_BYTES
from rag.errors import DocumentError

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
"""Exceptions that zipfile raises on damaged, encrypted or unusually packed entries."""


def open_package(name: str, content: bytes) -> zipfile.ZipFile:
    """Open an office file as a ZIP package.

    Raises:
        DocumentError: it is damaged, protected by a password, or would unpack to more than the limit.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
        entries = package.infolist()
        if "META-INF/manifest.xml" in package.namelist():
            locked = b"encryption-data" in read_part(package, "META-INF/manifest.xml")
        else:
            locked = any(entry.flag_bits & 1 for entry in entries)
    except ZIP_ERRORS as error:
        raise DocumentError(
            f"'{name}' is damaged: {error}. Open it in its program and save it again, or download it again."
        ) from error
    if locked:
        raise DocumentError(f"'{name}' is protected by a password. Save a copy without one.")
    if sum(entry.file_size for entry in entries) > 5 * MAX_BYTES or any(e.file_size > MAX_BYTES for e in entries):
        raise DocumentError(
            f"'{name}' would unpack to more than {MAX_BYTES:,} bytes in one part, the limit. "
            "If it is not a ZIP bomb, split it."
        )
    return package


def read_part(package: zipfile.ZipFile, part: str) -> bytes:
    """One part of an office file, at most MAX_BYTES of it; empty if it is missing.

    Some programs write names in capitals, or with backslashes.

    Raises:
        ZIP_ERRORS: the part is damaged.
    """
    try:
        with package.open(part) as file:
            return file.read(MAX_BYTES)
    except KeyError:
        wanted = _folded(part)
        found = next((name for name in package.namelist() if _folded(name) == wanted), part)
        return read_part(package, found) if found != part else b""


def _folded(part: str) -> str:
    return part.replace("\\", "/").lower()
