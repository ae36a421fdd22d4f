"""Bytes in, a Document out: the only home of the file parser."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import PurePath

from rag.errors import DocumentError
from rag.tables import join_rows, read_delimited, read_records
from rag.types import Document, Heading, Row

MEDIA_TYPES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".json": "application/json",
    ".epub": "application/epub+zip",
}
_MAX_BYTES = 200 * 1024 * 1024
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?(^\1|\Z)", re.MULTILINE | re.DOTALL)
_HTML_TITLE = re.compile(r"\A---\s+(?:#+ )?title:[^\n]*\n(?:---\s*\n)?\s*")


@dataclass(frozen=True, slots=True)
class _Parsed:
    text: str
    pages: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()


def load_document(name: str, content: bytes) -> Document:
    """The text and structure of one file.

    Args:
        name: how the document is called; its suffix says which format it is.
        content: the file, whole.

    Raises:
        DocumentError: unknown format, damaged or encrypted file, file too large. A file without text is no error:
            its document has an empty text.
    """
    media_type = _media_type(name)
    if len(content) > _MAX_BYTES:
        raise DocumentError(f"'{name}' has {len(content):,} bytes; at most {_MAX_BYTES:,} are read. Split the file.")
    parsed = _parse(name, media_type, content)
    digest = hashlib.sha256(content).hexdigest()
    return Document(
        document_id=hashlib.sha256(f"{name}\0{digest}".encode()).hexdigest()[:16],
        name=name,
        media_type=media_type,
        text=parsed.text,
        sha256=digest,
        pages=parsed.pages,
        headings=() if parsed.rows else _headings(parsed.text),
        rows=parsed.rows,
    )


def _media_type(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    if suffix not in MEDIA_TYPES:
        known = ", ".join(sorted(MEDIA_TYPES))
        raise DocumentError(f"'{name}' is of a type that is not read here. Files of these types are: {known}.")
    return MEDIA_TYPES[suffix]


def _parse(name: str, media_type: str, content: bytes) -> _Parsed:
    if not content.strip():
        return _Parsed("")
    match media_type:
        case "text/plain" | "text/markdown":
            return _Parsed(_normalise(_decode(name, content)))
        case "text/csv":
            return _Parsed(*join_rows(read_delimited(name, _decode(name, content))))
        case "application/json":
            return _parse_json(name, _decode(name, content))
        case _:
            return _extract(name, media_type, content)


def _decode(name: str, content: bytes) -> str:
    """Text in whatever encoding it is: UTF-8 first, then a byte order mark, then the likeliest code page."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(content).best()
        if best is None:
            raise DocumentError(f"'{name}' is not text in any known encoding. Save it as UTF-8.") from None
        return str(best)


def _normalise(text: str) -> str:
    """One kind of line end, no null characters: spans are counted in this text."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def _parse_json(name: str, text: str) -> _Parsed:
    try:
        value: object = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DocumentError(f"'{name}' is not valid JSON: {error}. Mend the file or save it as text.") from error
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return _Parsed(*join_rows(read_records(value)))
    return _Parsed(json.dumps(value, ensure_ascii=False, indent=1))


def _extract(name: str, media_type: str, content: bytes) -> _Parsed:
    import kreuzberg

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        output_format="markdown",
        pages=kreuzberg.PageConfig(extract_pages=True),
    )
    try:
        result = kreuzberg.extract_bytes_sync(content, media_type, config)
    except kreuzberg.KreuzbergError as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise DocumentError(
            f"'{name}' could not be read: {reason}. Is it damaged, or locked with a password?"
        ) from error
    if media_type == "application/pdf" and result.pages:
        return _join_pages([_unwrap(_normalise(page["content"])) for page in result.pages])
    return _Parsed(_HTML_TITLE.sub("", _normalise(result.content)))


def _join_pages(pages: list[str]) -> _Parsed:
    starts, length = [], 0
    for page in pages:
        starts.append(length)
        length += len(page) + 2
    text = "\n\n".join(pages)
    return _Parsed(text, tuple(starts)) if text.strip() else _Parsed("")


def _unwrap(page: str) -> str:
    """Join the lines that a PDF broke only because the column ended, so that sentences stay whole."""
    lines = page.split("\n")
    full = 0.7 * max(map(len, lines))
    text = ""
    for line in lines:
        text += line.rstrip()
        text += " " if len(line) > full and line.rstrip()[-1:] not in ".!?:;" else "\n"
    return text.strip()


def _headings(text: str) -> tuple[Heading, ...]:
    """Markdown headings outside code fences, each with the path of its parents."""
    fences = [match.span() for match in _FENCE.finditer(text)]
    trail: list[tuple[int, str]] = []
    headings = []
    for match in _HEADING.finditer(text):
        if any(start <= match.start() < end for start, end in fences):
            continue
        level = len(match[1])
        trail = [(depth, title) for depth, title in trail if depth < level] + [(level, match[2])]
        headings.append(Heading(match.start(), " > ".join(title for _, title in trail)))
    return tuple(headings)
