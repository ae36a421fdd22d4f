"""Office files as the ZIP packages they are: opened with care for damage, locks and bombs."""

from __future__ import annotations

import io
import zipfile
import zlib

from rag.documents.parsed import MAX_BYTES
from rag.documents.readers.markup import save_word_signs
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
"""What zipfile raises on damaged, locked or unusually packed entries."""
_WITHOUT_TEXT = ("word/media/", "word/embeddings/", "word/fonts/", "docProps/thumbnail")


def open_package(name: str, content: bytes) -> zipfile.ZipFile:
    """An office file as the ZIP that it is.

    Raises:
        DocumentError: it is damaged, locked with a password, or would unpack to more than is read.
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
            f"'{name}' is damaged: {error}. Open it in its program and save it anew, or fetch it again."
        ) from error
    if locked:
        raise DocumentError(f"'{name}' is locked with a password. Save a copy without one.")
    if sum(entry.file_size for entry in entries) > 5 * MAX_BYTES or any(e.file_size > MAX_BYTES for e in entries):
        raise DocumentError(
            f"'{name}' would unpack to more than the {MAX_BYTES:,} bytes a part that are read. "
            "If it is no ZIP bomb, split it."
        )
    return package


def read_part(package: zipfile.ZipFile, part: str) -> bytes:
    """One part of an office file, at most MAX_BYTES of it whatever its header says; empty where it is not there.

    Raises:
        ZIP_ERRORS: the part is damaged.
    """
    try:
        with package.open(part) as file:
            return file.read(MAX_BYTES)
    except KeyError:
        return b""


def ready_word(package: zipfile.ZipFile, content: bytes) -> bytes:
    """A Word document in which `save_word_signs` has been to every part; as it was where a part is damaged."""
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as readied:
            for part in dict.fromkeys(package.namelist()):
                if part.startswith(_WITHOUT_TEXT):
                    continue
                xml = read_part(package, part)
                is_text = part.startswith("word/") and part.endswith(".xml")
                readied.writestr(part, save_word_signs(xml) if is_text else xml)
    except ZIP_ERRORS:
        return content
    return buffer.getvalue()
