"""Read a text of any markup format: which reader reads which media type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree import ElementTree

from rag.documents import formats
from rag.documents.parsed import Parsed, clean
from rag.documents.readers.markup.html import read_html
from rag.documents.readers.markup.lightweight import read_asciidoc, read_org, read_rst
from rag.documents.readers.markup.markdown import read_markdown
from rag.documents.readers.markup.notebooks import read_notebook
from rag.documents.readers.markup.plain import read_plain
from rag.documents.readers.markup.tex import read_tex
from rag.documents.readers.markup.xml import parse_xml, xml_lines
from rag.documents.readers.speech.subtitles import read_subtitles

_READERS: Mapping[str, Callable[[str], Parsed]] = {
    formats.PLAIN: read_plain,
    formats.MARKDOWN: read_markdown,
    formats.RST: read_rst,
    formats.TEX: read_tex,
    formats.ORG: read_org,
    formats.ASCIIDOC: read_asciidoc,
    formats.SUBTITLES: read_subtitles,
}


def read_text(name: str, media_type: str, text: str) -> Parsed:
    """The text with its structure. Source code, settings and logs stay as they are: "#" begins a comment there.

    Raises:
        DocumentError: it is not of its format.
    """
    if media_type == formats.HTML:
        return read_html(name, text)
    if media_type == formats.XML:
        return _read_xml(text)
    if media_type == formats.NOTEBOOK:
        return read_notebook(name, text)
    text = clean(text).strip()
    return _READERS[media_type](text) if media_type in _READERS else Parsed(text)


def _read_xml(text: str) -> Parsed:
    try:
        return Parsed(clean("\n".join(xml_lines(parse_xml(text)))))
    except (ElementTree.ParseError, ValueError):
        note = "The XML is not well-formed or refers to external files, so it was read as plain text."
        return Parsed(clean(text).strip(), notes=(note,))
