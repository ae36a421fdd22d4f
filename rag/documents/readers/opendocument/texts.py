"""Read OpenDocument texts (ODT, and flat ones, FODT): the body as blocks, then headers and footers, once."""

from __future__ import annotations

from collections.abc import Iterator

from rag.documents.parsed import Parsed, name_some
from rag.documents.readers.broken_xml import CUT
from rag.documents.readers.opendocument.blocks import BlockWriter
from rag.documents.readers.opendocument.names import STYLE
from rag.documents.readers.opendocument.parts import OpenParts
from rag.documents.readers.writing.flow import TextFlow
from rag.documents.readers.writing.notes import unseen


def read_odt(name: str, content: bytes) -> Parsed:
    """The text of an OpenDocument text with pages and headings; notes say what was left out.

    Raises:
        DocumentError: the file is damaged or protected by a password.
    """
    parts = OpenParts.of(name, content, "Writer", with_styles=True)
    flow = TextFlow()
    writer = BlockWriter(parts, flow)
    for body in parts.bodies("text"):
        writer.write(body)
    for text in dict.fromkeys(_headers_and_footers(parts, writer)):
        flow.paragraph(text)
    return flow.parsed(tuple(left_out(parts)))


def left_out(parts: OpenParts) -> Iterator[str]:
    """Sentences about what was not read."""
    if parts.is_cut:
        yield CUT
    if parts.damaged:
        yield f"Damaged parts of the document were left out: {name_some(list(dict.fromkeys(parts.damaged)))}."
    yield from unseen(parts.hidden_words)


def _headers_and_footers(parts: OpenParts, writer: BlockWriter) -> Iterator[str]:
    if parts.styles is None:
        return
    for item in parts.styles.iter():
        kind = item.tag.removeprefix(STYLE).split("-")[0] if isinstance(item.tag, str) else ""
        if kind in ("header", "footer") and item.tag.startswith(STYLE) and not item.tag.endswith("style"):
            text = writer.lines_of(item)
            if any(map(str.isalpha, text)):
                yield f"{kind.capitalize()}: {text}"
