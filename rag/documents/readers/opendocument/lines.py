"""Read the text of one paragraph of an OpenDocument file: spans, spaces, links, fields, and what is anchored in it.

The elements: OpenDocument 1.3, part 3, sections 6 (paragraphs), 10 (graphics) and 14.1 (comments).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

from rag.documents.readers.opendocument.names import DC, DRAW, OFFICE, SVG, TABLE, TEXT, XLINK, count_of
from rag.documents.readers.opendocument.parts import OpenParts
from rag.documents.readers.opendocument.styles import OpenStyles
from rag.documents.readers.writing.flow import MOST_DEPTH, NEW_PAGE, plain, with_link

_SIGNS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n", f"{TEXT}soft-page-break": NEW_PAGE}
_LEFT_OUT = frozenset(
    {f"{OFFICE}annotation-end", f"{TEXT}tracked-changes", f"{TEXT}number", f"{TEXT}script", f"{SVG}title", f"{SVG}desc"}
    | {f"{TEXT}note-citation", f"{OFFICE}event-listeners", f"{TEXT}ruby-text", f"{TEXT}hidden-paragraph"}
)
_MOST_SPACES = 100


@dataclass(frozen=True, slots=True)
class OpenRemark:
    """A footnote or comment: what to call it, and the element with its paragraphs."""

    label: str
    content: ElementTree.Element


@dataclass(slots=True)
class OpenLine:
    """A paragraph's text, the frames and shapes anchored in it, and its notes and comments."""

    pieces: list[str] = field(default_factory=list)
    drawn: list[ElementTree.Element] = field(default_factory=list)
    remarks: list[OpenRemark] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, with NEW_PAGE at page breaks."""
        return "".join(self.pieces)


class LineReader:
    """Reads paragraphs of one document."""

    def __init__(self, parts: OpenParts, styles: OpenStyles) -> None:
        self._parts = parts
        self._styles = styles

    def line(self, paragraph: ElementTree.Element) -> OpenLine:
        """The text of a paragraph and what is anchored in it."""
        line = OpenLine()
        self._add_content(paragraph, line, 0)
        return line

    def _add_content(self, element: ElementTree.Element, line: OpenLine, depth: int) -> None:
        line.pieces.append(_text(element.text))
        for child in element:
            self._add(child, line, depth + 1)
            line.pieces.append(_text(child.tail))

    def _add(self, element: ElementTree.Element, line: OpenLine, depth: int) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _LEFT_OUT:
            return
        if tag in _SIGNS:
            line.pieces.append(_SIGNS[tag])
        elif tag == f"{TEXT}s":
            line.pieces.append(" " * min(count_of(element, f"{TEXT}c"), _MOST_SPACES))
        elif tag == f"{TEXT}note":
            self._note(element, line)
        elif tag == f"{OFFICE}annotation":
            line.remarks.append(comment(element))
        elif tag.startswith((DRAW, TABLE)):
            line.drawn.append(element)
        elif self._is_hidden(element):
            self._parts.hidden_words += len(" ".join(element.itertext()).split())
        elif depth > 4 * MOST_DEPTH:
            line.pieces.append(_text(" ".join(element.itertext())))
        else:
            start = len(line.pieces)
            self._add_content(element, line, depth)
            if tag == f"{TEXT}a":
                line.pieces[start:] = [with_link("".join(line.pieces[start:]), element.get(f"{XLINK}href", ""))]
            if tag == f"{TEXT}ruby":
                readings = ("".join(one.itertext()) for one in element.iter(f"{TEXT}ruby-text"))
                line.pieces += [f"({_text(reading)})" for reading in readings if reading.strip()]

    def _is_hidden(self, element: ElementTree.Element) -> bool:
        if element.tag == f"{TEXT}hidden-text":
            return element.get(f"{TEXT}is-hidden") == "true"
        return element.tag == f"{TEXT}span" and self._styles.hides(element.get(f"{TEXT}style-name", ""))

    def _note(self, element: ElementTree.Element, line: OpenLine) -> None:
        body = element.find(f"{TEXT}note-body")
        if body is not None:
            label = "Endnote" if element.get(f"{TEXT}note-class") == "endnote" else "Footnote"
            line.remarks.append(OpenRemark(label, body))


def comment(annotation: ElementTree.Element) -> OpenRemark:
    """A comment with its author."""
    author = " ".join((annotation.findtext(f"{DC}creator") or "").split())
    return OpenRemark(f"Comment by {author}" if author else "Comment", annotation)


def _text(stated: str | None) -> str:
    """Text in a paragraph; line breaks in the file are spaces, and several spaces are one (section 6.1.2)."""
    if not stated:
        return ""
    text = plain(stated)
    if "\n" in text or "\t" in text or "  " in text:
        text = f"{' ' if text[0].isspace() else ''}{' '.join(text.split(None))}{' ' if text[-1].isspace() else ''}"
        text = text if text.strip() else " "
    return text
