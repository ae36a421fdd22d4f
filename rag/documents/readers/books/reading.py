"""Read books (EPUB): the chapters in the order of the book's spine, with their titles.

The format: EPUB 3.3, sections 4 (container) and 5 (package document).
"""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree import ElementTree

from rag.documents.encodings import decode
from rag.documents.parsed import Parsed, name_some
from rag.documents.readers.books.hypertext import drawn_text, write_hypertext
from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.writing.flow import TextFlow, plain
from rag.documents.readers.zip_packages import ZIP_ERRORS, open_package, read_part
from rag.errors import DocumentError

_DAMAGE = (*ZIP_ERRORS, ElementTree.ParseError, LookupError)
_PAGES = (".xhtml", ".html", ".htm", ".xml")
_DRAWING = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class _Book:
    """The parts of a book in reading order, the media type of each, and the chapters' titles by part."""

    parts: tuple[str, ...]
    kinds: dict[str, str]
    titles: dict[str, str]


def read_epub(name: str, content: bytes) -> Parsed:
    """The chapters of a book as one text with headings. Damaged chapters are left out and named in a note.

    Raises:
        DocumentError: the file is damaged, or its text is encrypted.
    """
    flow = TextFlow()
    notes, lost = [], []
    with open_package(name, content) as package:
        _check_locks(name, package)
        try:
            book = _book(package)
        except _DAMAGE as error:
            raise DocumentError(f"'{name}' is damaged: {error}. Download the book again.") from error
        if not book.parts:
            book = _Book(tuple(_pages(package)), {}, {})
            notes.append("The book's table of contents is missing, so its files were read in the order of their names.")
        for part in book.parts:
            try:
                _write_chapter(package, book, part, flow)
            except (*_DAMAGE, DocumentError):
                lost.append(part)
    if lost:
        notes.append(f"Chapters that are missing or damaged were left out: {name_some(lost)}.")
    return flow.parsed(tuple(notes))


def _check_locks(name: str, package: zipfile.ZipFile) -> None:
    """Refuse a book whose chapters are encrypted; fonts often are."""
    try:
        content = read_part(package, "META-INF/encryption.xml")
        found = parse_xml(content).iter() if content else ()
    except _DAMAGE:
        return
    locked = [item.get("URI", "") for item in found if _local(item) == "CipherReference"]
    if any(unquote(uri).lower().endswith(_PAGES) for uri in locked):
        raise DocumentError(
            f"'{name}' is protected against copying (DRM), so it cannot be read. Use a copy without protection."
        )


def _book(package: zipfile.ZipFile) -> _Book:
    container = read_part(package, "META-INF/container.xml")
    found = [item for item in parse_xml(container).iter() if _local(item) == "rootfile"] if container else []
    main = found[0].get("full-path", "") if found else ""
    content = read_part(package, main) if main else b""
    if not content:
        return _Book((), {}, {})
    root = parse_xml(content)
    items = {item.get("id", ""): item for item in root.iter() if _local(item) == "item"}
    paths = {key: _target(main, item.get("href", "")) for key, item in items.items()}
    spine = [item.get("idref", "") for item in root.iter() if _local(item) == "itemref"]
    parts = tuple(dict.fromkeys(paths[key] for key in spine if key in paths))
    kinds = {paths[key]: item.get("media-type", "") for key, item in items.items()}
    titles: dict[str, str] = {}
    for key, item in items.items():
        if "nav" in item.get("properties", "").split() or item.get("media-type") == "application/x-dtbncx+xml":
            titles = {**_titles(package, paths[key]), **titles}
    return _Book(parts, kinds, titles)


def _titles(package: zipfile.ZipFile, part: str) -> dict[str, str]:
    """The chapters' titles by part, from a table of contents (nav or NCX); empty if it is damaged."""
    try:
        content = read_part(package, part)
        root = parse_xml(content) if content else ElementTree.Element("none")
    except _DAMAGE:
        return {}
    found: dict[str, str] = {}
    for item in root.iter():
        target, text = "", ""
        if _local(item) == "navPoint":
            target = next((one.get("src", "") for one in item if _local(one) == "content"), "")
            text = next((_joined(one) for one in item if _local(one) == "navLabel"), "")
        elif _local(item) == "a":
            target, text = item.get("href", ""), _joined(item)
        # A place inside a chapter is no chapter.
        if target and text and "#" not in target:
            found.setdefault(_target(part, target), text)
    return found


def _write_chapter(package: zipfile.ZipFile, book: _Book, part: str, flow: TextFlow) -> None:
    content = read_part(package, part)
    if not content:
        raise ValueError(f"{part} is missing")
    if book.kinds.get(part) == _DRAWING:
        flow.paragraph(plain(drawn_text(parse_xml(content))))
    else:
        write_hypertext(decode(part, content).text, flow, book.titles.get(part, ""))


def _pages(package: zipfile.ZipFile) -> list[str]:
    return sorted(part for part in package.namelist() if part.lower().endswith((".xhtml", ".html", ".htm")))


def _target(part: str, href: str) -> str:
    """The part that a reference in another part means."""
    path = unquote(href.partition("#")[0])
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), path)).lstrip("/")


def _joined(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
