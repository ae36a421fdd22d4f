"""Bytes in, a Document out, whatever the format; best called through the sandbox, which sets limits on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from xml.etree import ElementTree

from rag.documents import formats
from rag.documents.encodings import Decoded, decode, is_binary
from rag.documents.formats import MEDIA_TYPES, READABLE, TEXT_TYPES, foreign_label, label, looks_like_html, sniff
from rag.documents.parsed import MAX_BYTES, Parsed, clean, markdown_headings
from rag.documents.readers.json_and_parquet import read_json, read_json_lines, read_notebook, read_parquet
from rag.documents.readers.mail import read_mail
from rag.documents.readers.markup import close_cells, parse_xml, xml_lines
from rag.documents.readers.office import SPREADSHEETS, extract, extract_sheets
from rag.documents.readers.presentations import read_odp, read_pptx
from rag.documents.readers.spreadsheets import Sheet, all_table_rows, join_sheets
from rag.documents.readers.tables import TableColumns, describe_columns, join_rows, read_delimited
from rag.documents.readers.zip_packages import open_package, ready_word
from rag.errors import DocumentError
from rag.text.language import detect_language
from rag.types import Document, Fields

__all__ = ["MEDIA_TYPES", "TableColumns", "load_document", "table_columns"]

_MAX_CHARACTERS = MAX_BYTES
_PACKAGES = frozenset({formats.DOCX, formats.XLSX, formats.ODT, formats.ODS, formats.EPUB})

# What programs that export "for Word" or "for Excel" often write under these names.
_OFTEN_TEXT = {formats.DOC: formats.PLAIN, formats.XLS: formats.CSV}


@dataclass(frozen=True, slots=True)
class _File:
    """A file with what it was found to be; `note` says where that is not what its name says."""

    name: str
    content: bytes
    media_type: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    rows: Sequence[Fields]
    notes: tuple[str, ...] = ()


def load_document(name: str, content: bytes, *, text_columns: tuple[str, ...] = ()) -> Document:
    """The text and structure of one file.

    Args:
        name: how the document is called; its suffix says which format it is, unless the content says otherwise.
        content: the file, whole.
        text_columns: of a table, the columns that are its text, joined; guessed where empty. The others become
            the fields of its rows. Without meaning for what is no table.

    Raises:
        DocumentError: unknown format, damaged or encrypted file, file too large, no such column. A file without
            text is no error: its document has an empty text, and a note that says why.
    """
    file = _recognise(name, content)
    parsed = _parse(file, text_columns) if content.strip() else Parsed("", notes=(f"'{name}' is empty.",))
    notes = (*([file.note] if file.note else []), *parsed.notes)
    if not parsed.text.strip():
        parsed = Parsed("")
        notes = notes or (f"'{name}' was read as {label(file.media_type)}, and holds no text.",)
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
        language="" if file.media_type == formats.SOURCE else detect_language(parsed.text),
        notes=notes,
    )


def table_columns(name: str, content: bytes) -> TableColumns | None:
    """The columns to choose the text from; None where the file is no table.

    Raises:
        DocumentError: as `load_document`.
    """
    file = _recognise(name, content)
    if file.media_type in SPREADSHEETS:
        rows: Sequence[Fields] = all_table_rows(_sheets(file))
    else:
        table = _read_table(file)
        rows = table.rows if isinstance(table, _Table) else ()
    return describe_columns(rows) if rows else None


def _recognise(name: str, content: bytes) -> _File:
    """What the file is by its name and its content; where they disagree, a known content is believed.

    Raises:
        DocumentError: too large, locked, an archive, or of a type that is not read.
    """
    if len(content) > MAX_BYTES:
        raise DocumentError(f"'{name}' has {len(content):,} bytes; at most {MAX_BYTES:,} are read. Split the file.")
    stated, found = formats.type_by_name(name), sniff(content)
    if found == formats.LOCKED:
        raise DocumentError(f"'{name}' is locked with a password. Save a copy without one.")
    if formats.ZIP in (found, stated) and found in (formats.ZIP, ""):
        raise DocumentError(f"'{name}' is a ZIP archive, not a document. Add it under a name that ends in .zip.")
    if (found and found == stated) or not content.strip():
        return _File(name, content, stated or formats.PLAIN)
    if found and not (stated in TEXT_TYPES and found in (formats.PDF, formats.RTF) and not _starts_as(content, found)):
        return _File(name, content, found, f"'{name}' is {label(found)} by its content, and was read as one.")
    if stated in TEXT_TYPES:
        return _File(name, content, stated)
    return _recognise_text(name, content, stated)


def _starts_as(content: bytes, found: str) -> bool:
    """Whether a text file does not merely mention another format's mark in its first lines."""
    return content.startswith(b"%PDF-" if found == formats.PDF else b"{\\rtf")


def _recognise_text(name: str, content: bytes, stated: str) -> _File:
    """A file whose content proclaims no type: a web page under a document's name, or text under an unknown one."""
    if looks_like_html(content):
        return _File(name, content, formats.HTML, f"'{name}' is a web page by its content, and was read as one.")
    what = foreign_label(content)
    if stated in _OFTEN_TEXT and not what and not is_binary(content):
        return _File(name, content, _OFTEN_TEXT[stated], f"'{name}' is plain text by its content, and was read as it.")
    if stated:
        wrong = f"it is {what}" if what else "its content is damaged or of another type"
        raise DocumentError(f"'{name}' is not {label(stated)}: {wrong}. Save it anew in its own program.")
    if what or is_binary(content):
        suffix = PurePath(name).suffix
        kind = what or (f"of a type ('{suffix}') that is not read" if suffix else "of a type that is not read")
        raise DocumentError(f"'{name}' is {kind}. What can be read is {READABLE}.")
    return _File(name, content, formats.PLAIN, f"'{name}' was read as plain text: its type is not known by its name.")


def _parse(file: _File, text_columns: tuple[str, ...]) -> Parsed:
    if file.media_type in SPREADSHEETS:
        return join_sheets(file.name, _sheets(file), text_columns)
    table = _read_table(file)
    if isinstance(table, _Table):
        parsed = join_rows(file.name, table.rows, text_columns)
        return replace(parsed, notes=(*table.notes, *parsed.notes))
    if table is not None:
        return table
    match file.media_type:
        case formats.PPTX:
            return read_pptx(file.name, file.content)
        case formats.ODP:
            return read_odp(file.name, file.content)
        case formats.MAIL:
            return _parse_mail(file)
        case media_type if media_type in TEXT_TYPES:
            return _parse_text(file, decode(file.name, file.content))
    if file.media_type not in _PACKAGES:
        return extract(file.name, file.media_type, file.content)
    with open_package(file.name, file.content) as package:
        content = ready_word(package, file.content) if file.media_type == formats.DOCX else file.content
    return extract(file.name, file.media_type, content)


def _read_table(file: _File) -> _Table | Parsed | None:
    """The rows of a file that holds some; its text where JSON turns out to be no table; None for all others."""
    match file.media_type:
        case formats.CSV:
            return _Table(*_delimited(file, ""))
        case formats.TSV:
            return _Table(*_delimited(file, "\t"))
        case formats.JSON:
            decoded = decode(file.name, file.content)
            value = read_json(file.name, decoded.text)
            return Parsed(value, notes=_notes(decoded)) if isinstance(value, str) else _Table(value, _notes(decoded))
        case formats.JSON_LINES:
            decoded = decode(file.name, file.content)
            rows, notes = read_json_lines(file.name, decoded.text)
            return _Table(rows, (*_notes(decoded), *notes))
        case formats.PARQUET:
            return _Table(read_parquet(file.name, file.content, _MAX_CHARACTERS))
    return None


def _delimited(file: _File, delimiter: str) -> tuple[list[Fields], tuple[str, ...]]:
    decoded = decode(file.name, file.content)
    return read_delimited(file.name, decoded.text, delimiter), _notes(decoded)


def _sheets(file: _File) -> list[Sheet]:
    if file.media_type in _PACKAGES:
        open_package(file.name, file.content).close()
    return extract_sheets(file.name, file.media_type, file.content)


def _parse_mail(file: _File) -> Parsed:
    mail = read_mail(file.name, file.content)
    body = Parsed(mail.body)
    if mail.html:
        body = _parse_html(file.name, mail.html)
    return Parsed(f"{mail.header}\n\n{body.text}".strip(), notes=mail.notes)


def _parse_html(name: str, html: str) -> Parsed:
    return extract(name, formats.HTML, close_cells(html).encode("utf-8", "replace"))


def _parse_text(file: _File, decoded: Decoded) -> Parsed:
    notes = _notes(decoded)
    match file.media_type:
        case formats.HTML:
            parsed = _parse_html(file.name, decoded.text)
            return replace(parsed, notes=(*notes, *parsed.notes))
        case formats.XML:
            return _parse_xml(decoded)
        case formats.NOTEBOOK:
            text = read_notebook(file.name, decoded.text)
        case _:
            text = clean(decoded.text).strip()
    is_markdown = file.media_type in (formats.MARKDOWN, formats.PLAIN, formats.NOTEBOOK)
    return Parsed(text, headings=markdown_headings(text) if is_markdown else (), notes=notes)


def _parse_xml(decoded: Decoded) -> Parsed:
    try:
        text = "\n".join(xml_lines(parse_xml(decoded.text)))
    except (ElementTree.ParseError, ValueError):
        note = "The XML is not well-formed, or refers to what lies outside it; it was read as plain text."
        return Parsed(clean(decoded.text).strip(), notes=(*_notes(decoded), note))
    return Parsed(clean(text), notes=_notes(decoded))


def _notes(decoded: Decoded) -> tuple[str, ...]:
    return (decoded.note,) if decoded.note else ()
