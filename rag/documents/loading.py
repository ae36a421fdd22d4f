"""Load a document: the bytes of a file in any supported format become a Document.

The app calls this in the sandbox, which limits its time and memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from rag.documents import formats
from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.encodings import Decoded, decode, is_binary
from rag.documents.formats import (
    READABLE,
    SPREADSHEETS,
    TEXT_TYPES,
    UNTOLD_LANGUAGE,
    WITH_ATTACHMENTS,
    foreign_label,
    label,
    looks_like_html,
    old_label,
    sniff,
)
from rag.documents.parsed import MAX_BYTES, Parsed
from rag.documents.readers.books.reading import read_epub
from rag.documents.readers.json_and_parquet import read_json, read_json_lines, read_parquet
from rag.documents.readers.mail.mailbox import is_mailbox
from rag.documents.readers.mail.reading import read_mail
from rag.documents.readers.mail.web_archive import is_web_archive, read_web_archive
from rag.documents.readers.markup.reading import read_text
from rag.documents.readers.office import extract
from rag.documents.readers.opendocument.texts import read_odt
from rag.documents.readers.powerpoint.reading import read_ppt
from rag.documents.readers.presentations import read_odp, read_pptx
from rag.documents.readers.rtf.reading import read_rtf
from rag.documents.readers.speech.chats import read_chat
from rag.documents.readers.table_columns import TableColumns, describe_columns
from rag.documents.readers.tables import RowTable, join_rows, read_delimited
from rag.documents.readers.text_columns import LOOK
from rag.documents.readers.word.older import read_doc
from rag.documents.readers.word.reading import read_docx
from rag.documents.readers.workbooks.reading import read_workbook, workbook_rows
from rag.documents.tables.text import with_rows
from rag.errors import DocumentError
from rag.text.invisible import is_visible
from rag.text.language import detect_language
from rag.types import Document, Fields

__all__ = ["TableColumns", "load_document", "table_columns"]

_MAX_PARQUET_CHARACTERS = MAX_BYTES
_LOOK = 100_000
"""Bytes that are looked at for a visible character."""
_HEADER_LINES = 100
"""Lines above the rows that a table may have, besides the rows that are looked at."""
_OFFICE: dict[str, Callable[[str, bytes], Parsed]] = {
    formats.DOC: read_doc,
    formats.DOCX: read_docx,
    formats.ODT: read_odt,
    formats.RTF: read_rtf,
    formats.EPUB: read_epub,
    formats.PPT: read_ppt,
    formats.PPTX: read_pptx,
    formats.ODP: read_odp,
}

# Programs that export "for Word" or "for Excel" often write HTML under these suffixes.
_OFTEN_TEXT = {formats.DOC: formats.PLAIN, formats.XLS: formats.CSV}


@dataclass(frozen=True, slots=True)
class _File:
    """A file and its detected type; `note` is a sentence if the type differs from the file name's."""

    name: str
    content: bytes
    media_type: str
    note: str = ""


def load_document(name: str, content: bytes, *, roles: ColumnRoles = GUESSED) -> Document:
    """Read the text and structure of one file.

    Args:
        name: the document's name; its suffix decides the format, unless the content shows another.
        content: the whole file.
        roles: for a table, what its columns are for; guessed where nothing was chosen. Those that are neither text nor
            left out become the fields of the rows. Without effect if the file is not a table.

    Raises:
        DocumentError: unknown format, damaged or encrypted file, file too large, no such column. A file without
            text is not an error: its document has an empty text and a note with the reason.
    """
    file = _detect(name, content)
    parsed = with_rows(_parse(file, roles)) if content.strip() else Parsed("", notes=(f"'{name}' is empty.",))
    notes = (*([file.note] if file.note else []), *parsed.notes)
    if not is_visible(parsed.text):
        if content.strip() and (parsed.text or not is_visible(content[:_LOOK].decode("utf-8", "ignore"))):
            notes = (*notes, f"'{name}' is empty: it contains only spaces and characters that are not visible.")
        parsed = Parsed("")
        notes = notes or (f"'{name}' was read as {label(file.media_type)} and contains no text.",)
    digest = hashlib.sha256(content).hexdigest()
    return Document(
        document_id=hashlib.sha256(f"{name}\0{digest}".encode("utf-8", "backslashreplace")).hexdigest()[:16],
        name=name,
        media_type=file.media_type,
        text=parsed.text,
        sha256=digest,
        pages=parsed.pages,
        headings=parsed.headings,
        rows=parsed.rows,
        language="" if file.media_type in UNTOLD_LANGUAGE else detect_language(parsed.text),
        notes=notes,
    )


def table_columns(name: str, content: bytes) -> TableColumns | None:
    """The columns from which to choose the text; None if the file is not a table.

    Only the first rows of a long CSV, JSON Lines or Parquet file are read.

    Raises:
        DocumentError: as `load_document`.
    """
    file = _detect(name, content)
    if file.media_type in SPREADSHEETS:
        rows: Sequence[Fields] = workbook_rows(file.name, file.media_type, file.content)
    else:
        table = _read_table(file, most=LOOK + _HEADER_LINES)
        rows = table.rows if isinstance(table, RowTable) else ()
    return describe_columns(rows) if rows else None


def _detect(name: str, content: bytes) -> _File:
    """Detect the type of a file by name and content; if they disagree, a recognized content wins.

    Raises:
        DocumentError: too large, locked, an archive, or not a supported type.
    """
    if len(content) > MAX_BYTES:
        raise DocumentError(f"'{name}' has {len(content):,} bytes; the limit is {MAX_BYTES:,}. Split the file.")
    stated, found = formats.type_by_name(name), sniff(content)
    if found == formats.LOCKED:
        raise DocumentError(f"'{name}' is protected by a password. Save a copy without one.")
    if formats.ZIP in (found, stated) and found in (formats.ZIP, ""):
        raise DocumentError(f"'{name}' is a ZIP archive, not a document. Rename it so that it ends in .zip.")
    if (found and found == stated) or not content.strip():
        return _File(name, content, stated or formats.PLAIN)
    if found and not (stated in TEXT_TYPES and found in (formats.PDF, formats.RTF) and not _starts_as(content, found)):
        return _File(name, content, found, f"'{name}' was read as {label(found)}, because its content is one.")
    if stated in TEXT_TYPES:
        return _File(name, content, stated)
    return _detect_without_signature(name, content, stated)


def _starts_as(content: bytes, found: str) -> bool:
    """Whether a file begins with the signature of PDF or RTF, which a text may also mention in its first lines."""
    return content.startswith(b"%PDF-" if found == formats.PDF else b"{\\rtf")


def _detect_without_signature(name: str, content: bytes, stated: str) -> _File:
    """Detect a file without a signature: a web page with a document's suffix, or text with an unknown suffix."""
    if looks_like_html(content):
        return _File(name, content, formats.HTML, f"'{name}' was read as a web page, because its content is one.")
    if stated == formats.DOC and is_web_archive(content):
        return _File(name, content, formats.MHTML, f"'{name}' was read as a web archive, because its content is one.")
    if not stated and is_mailbox(content):
        return _File(name, content, formats.MBOX, f"'{name}' was read as a mailbox, because its content is one.")
    if old := old_label(content):
        raise DocumentError(f"'{name}' is {old}, which is not supported. Open it in LibreOffice and save it again.")
    what = foreign_label(content)
    if stated in _OFTEN_TEXT and not what and not is_binary(content):
        note = f"'{name}' was read as plain text, because its content is plain text."
        return _File(name, content, _OFTEN_TEXT[stated], note)
    if stated:
        wrong = f"it is {what}" if what else "its content is damaged or of another type"
        raise DocumentError(f"'{name}' is not {label(stated)}: {wrong}. Save it again in the program that made it.")
    if what or is_binary(content):
        suffix = PurePath(name).suffix
        if what:
            raise DocumentError(f"'{name}' is {what}, which is not supported. Supported formats: {READABLE}.")
        kind = f"{suffix} files are" if suffix else "this type of file is"
        raise DocumentError(f"'{name}': {kind} not supported. Supported formats: {READABLE}.")
    return _File(name, content, formats.PLAIN, f"'{name}' was read as plain text, because its suffix is unknown.")


def _parse(file: _File, roles: ColumnRoles) -> Parsed:
    if file.media_type in SPREADSHEETS:
        return read_workbook(file.name, file.media_type, file.content, roles)
    table = _read_table(file)
    if isinstance(table, RowTable):
        return join_rows(file.name, table, roles)
    if table is not None:
        return table
    match file.media_type:
        case media_type if media_type in _OFFICE:
            return _OFFICE[media_type](file.name, file.content)
        case media_type if media_type in WITH_ATTACHMENTS:
            return read_mail(file.name, media_type, file.content)
        case formats.MHTML:
            return read_web_archive(file.name, file.content)
        case media_type if media_type in TEXT_TYPES:
            return _parse_text(file, decode(file.name, file.content))
    return extract(file.name, file.media_type, file.content)


def _read_table(file: _File, most: int | None = None) -> RowTable | Parsed | None:
    """The rows of a table, or about the first `most`; the text of JSON that is no table; None for all other files."""
    if file.media_type == formats.PARQUET:
        return read_parquet(file.name, file.content, _MAX_PARQUET_CHARACTERS, most)
    if file.media_type not in (formats.CSV, formats.TSV, formats.JSON, formats.JSON_LINES):
        return None
    decoded = decode(file.name, file.content)
    match file.media_type:
        case formats.JSON:
            chat = read_chat(file.name, file.media_type, decoded.text)
            if chat:
                return replace(chat, notes=(*_notes(decoded), *chat.notes))
            table = read_json(file.name, decoded.text)
        case formats.JSON_LINES:
            table = read_json_lines(file.name, decoded.text, most)
        case _:
            table = read_delimited(file.name, decoded.text, "\t" if file.media_type == formats.TSV else "", most)
    return replace(table, notes=(*_notes(decoded), *table.notes))


def _parse_text(file: _File, decoded: Decoded) -> Parsed:
    parsed = read_chat(file.name, file.media_type, decoded.text) if file.media_type == formats.PLAIN else None
    parsed = parsed or read_text(file.name, file.media_type, decoded.text)
    return replace(parsed, notes=(*_notes(decoded), *parsed.notes))


def _notes(decoded: Decoded) -> tuple[str, ...]:
    return (decoded.note,) if decoded.note else ()
