"""Read Word documents (DOCX): the body as blocks, then headers and footers, once, and what was left out as notes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import PurePath

from rag.documents.encodings import decode
from rag.documents.parsed import Parsed, name_some
from rag.documents.readers.books.hypertext import read_hypertext
from rag.documents.readers.broken_xml import CUT
from rag.documents.readers.rtf.reading import read_rtf
from rag.documents.readers.word.blocks import BlockWriter
from rag.documents.readers.word.names import R, W
from rag.documents.readers.word.parts import DAMAGE, WordParts
from rag.documents.readers.writing.flow import NEW_PAGE, TextFlow, plain
from rag.documents.readers.writing.notes import unseen
from rag.documents.readers.zip_packages import open_package, read_part
from rag.errors import DocumentError

_MOST_EMBEDDED = 3
"""Documents in documents (altChunk) that are read."""


def read_docx(name: str, content: bytes, depth: int = 0) -> Parsed:
    """The text of a Word document with pages and headings; notes say what was left out.

    Args:
        depth: how many documents this one is embedded in.

    Raises:
        DocumentError: the file is damaged or protected by a password.
    """
    with open_package(name, content) as package:
        try:
            parts = WordParts.of(package)
        except DAMAGE as error:
            raise DocumentError(f"'{name}' is damaged: {error}. Open it in Word and save it again.") from error
        embedded = _Embedded(package, parts, depth)
        flow = TextFlow()
        writer = BlockWriter(parts, flow, embedded.read)
        writer.write(parts.document)
        writer.write_rest()
        for text in _headers_and_footers(parts, writer):
            flow.paragraph(text)
    return flow.parsed((*_notes(parts), *embedded.notes))


def _headers_and_footers(parts: WordParts, writer: BlockWriter) -> Iterator[str]:
    """Each header and footer that has words, once."""
    found: dict[str, None] = {}
    for kind in ("header", "footer"):
        references = parts.document.iter(f"{W}{kind}Reference")
        for key in dict.fromkeys(reference.get(f"{R}id", "") for reference in references):
            root = parts.related(key)
            text = writer.lines_of(root).replace(NEW_PAGE, "").replace("\n\n", "\n") if root is not None else ""
            if any(map(str.isalpha, text)):
                found[f"{kind.capitalize()}: {text}"] = None
    return iter(found)


def _notes(parts: WordParts) -> Iterator[str]:
    if parts.is_cut:
        yield CUT
    if parts.damaged:
        yield f"Damaged parts of the document were left out: {name_some(list(dict.fromkeys(parts.damaged)))}."
    yield from unseen(parts.hidden_words, parts.symbols)


class _Embedded:
    """Reads the files that a document embeds as a part of its text (altChunk)."""

    def __init__(self, package: zipfile.ZipFile, parts: WordParts, depth: int) -> None:
        self._package = package
        self._parts = parts
        self._depth = depth
        self.notes: list[str] = []

    def read(self, key: str) -> Parsed:
        """An embedded file by its relation id; empty, with a note, if it cannot be read."""
        relation = self._parts.relations.get(key)
        if relation is None:
            return Parsed("")
        try:
            if self._depth >= _MOST_EMBEDDED:
                raise DocumentError("documents are embedded too deeply.")
            parsed = self._read(relation.part, read_part(self._package, relation.part))
        except (*DAMAGE, DocumentError):
            self.notes.append(f"An embedded file could not be read and was left out: {relation.part}.")
            return Parsed("")
        self.notes += parsed.notes
        return parsed

    def _read(self, part: str, content: bytes) -> Parsed:
        suffix = PurePath(part).suffix.lower()
        if content.startswith(b"PK"):
            return read_docx(part, content, self._depth + 1)
        if content.lstrip().startswith(b"{\\rtf"):
            return read_rtf(part, content)
        if suffix in (".mht", ".mhtml", ".eml"):
            body = message_from_bytes(content, policy=policy.default).get_body(("html", "plain"))
            return read_hypertext(str(body.get_content())) if body is not None else Parsed("")
        text = decode(part, content).text
        if suffix in (".htm", ".html", ".xhtml") or b"<html" in content[:1000].lower():
            return read_hypertext(text)
        if suffix == ".txt":
            return Parsed(plain(text).strip())
        raise DocumentError(f"'{part}' is of an unknown format.")
