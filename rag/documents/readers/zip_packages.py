"""Open office files as ZIP packages: safe against damage, passwords and ZIP bombs."""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.etree import ElementTree

from rag.documents.parsed import MAX_BYTES
from rag.documents.readers.html_tables import take_html_tables
from rag.documents.readers.markup import save_word_signs
from rag.documents.readers.open_tables import take_open_tables
from rag.documents.readers.word_tables import take_word_tables
from rag.documents.tables.text import TablesApart
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
_WITHOUT_TEXT = ("word/media/", "word/embeddings/", "word/fonts/", "docProps/thumbnail")


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

    Raises:
        ZIP_ERRORS: the part is damaged.
    """
    try:
        with package.open(part) as file:
            return file.read(MAX_BYTES)
    except KeyError:
        return b""


def ready_package(package: zipfile.ZipFile, media_type: str, content: bytes, apart: TablesApart) -> bytes:
    """An office file without its tables, which `apart` keeps, and of a Word document with `save_word_signs` applied.

    Unchanged if a part is damaged.
    """
    is_word = media_type.endswith("wordprocessingml.document")
    buffer = io.BytesIO()
    try:
        parts = [part for part in dict.fromkeys(package.namelist()) if not part.startswith(_WITHOUT_TEXT)]
        if not is_word and not any(_has_table(part, read_part(package, part)) for part in parts):
            return content
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as rewritten:
            for part in parts:
                rewritten.writestr(part, _ready_part(part, read_part(package, part), apart))
    except (*ZIP_ERRORS, ElementTree.ParseError):
        apart.tables.clear()
        return content
    return buffer.getvalue()


def _has_table(part: str, content: bytes) -> bool:
    return (part == "content.xml" and b"<table:table" in content) or (_is_page(part) and b"<table" in content)


def _is_page(part: str) -> bool:
    """Whether a part is a chapter of a book."""
    return part.lower().endswith((".xhtml", ".html", ".htm"))


def _ready_part(part: str, content: bytes, apart: TablesApart) -> bytes:
    if part.startswith("word/") and part.endswith(".xml"):
        content = save_word_signs(content)
        return take_word_tables(content, apart) if part.startswith("word/document") else content
    if part == "content.xml":
        return take_open_tables(content, apart)
    if _is_page(part) and b"<table" in content:
        # Another encoding than UTF-8 is left to the parser.
        try:
            return take_html_tables(content.decode(), apart).encode()
        except UnicodeDecodeError:
            return content
    return content
