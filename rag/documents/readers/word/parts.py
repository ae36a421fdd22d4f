"""Parts of a Word document besides its text: styles, numbering, notes, comments, and what pictures refer to."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

from rag.documents.readers.broken_xml import parse_until_damage
from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.office_xml.drawings import chart_parts, drawing_text
from rag.documents.readers.office_xml.relations import Relation, links_of, main_part, relations_of, transitional
from rag.documents.readers.word.names import W
from rag.documents.readers.word.numbering import Numbering, numbering_of
from rag.documents.readers.word.styles import Styles
from rag.documents.readers.writing.flow import cell_lines
from rag.documents.readers.zip_packages import ZIP_ERRORS, read_part

DAMAGE = (*ZIP_ERRORS, ElementTree.ParseError, LookupError)
"""What reading a damaged part raises."""
# Styles of tables say nothing about the text, and are most of the part.
_TABLE_STYLE = re.compile(rb"""<w:style [^>]*w:type=["']table["'].*?</w:style>""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Remark:
    """A footnote or comment: what to call it, and its paragraphs."""

    label: str
    content: ElementTree.Element


@dataclass(slots=True)
class WordParts:
    """A document with its parts, and what was left out while it was read.

    `notes` and `comments` are by id; those that were written are taken out.
    """

    package: zipfile.ZipFile
    part: str
    relations: dict[str, Relation]
    document: ElementTree.Element
    styles: Styles
    numbering: Numbering
    notes: dict[tuple[str, str], Remark]
    comments: dict[str, Remark]
    shows_pages: bool
    links: dict[str, str]
    is_cut: bool
    damaged: list[str] = field(default_factory=list)
    hidden_words: int = 0
    symbols: int = 0

    @classmethod
    def of(cls, package: zipfile.ZipFile) -> WordParts:
        """Read the parts; those that are damaged are named in `damaged`, unless it is the text itself.

        Raises:
            DAMAGE: the text is damaged.
        """
        part = main_part(package, "word/document.xml")
        content = read_part(package, part)
        document, is_cut = parse_until_damage(transitional(content))
        relations = relations_of(package, part)
        damaged: list[str] = []

        def root_of(kind: str) -> ElementTree.Element | None:
            target = next((one.part for one in relations.values() if one.kind == kind), "")
            try:
                found = read_part(package, target) if target else b""
                found = _TABLE_STYLE.sub(b"", found) if kind == "styles" else found
                return parse_xml(transitional(found)) if found else None
            except DAMAGE:
                damaged.append(target)
                return None

        return cls(
            package, part, relations, document, Styles(root_of("styles")), numbering_of(root_of("numbering")),
            {
                **_notes(root_of("footnotes"), "footnote", "Footnote"),
                **_notes(root_of("endnotes"), "endnote", "Endnote"),
            },
            _comments(root_of("comments")), b"lastRenderedPageBreak" in content,
            links_of(package, part), is_cut, damaged,
        )  # fmt: skip

    def related(self, key: str) -> ElementTree.Element | None:
        """The root of a part by its relation id; None if it is missing or damaged."""
        relation = self.relations.get(key)
        if relation is None:
            return None
        try:
            content = read_part(self.package, relation.part)
            return parse_xml(transitional(content)) if content else None
        except DAMAGE:
            self.damaged.append(relation.part)
            return None

    def chart(self, key: str) -> str:
        """A chart's title and values as lines."""
        root = self.related(key)
        if root is None:
            return ""
        title, grid = chart_parts(root)
        return "\n".join(filter(None, (title, cell_lines(grid) if grid.cells else "")))

    def diagram(self, key: str) -> str:
        """The texts of a diagram (SmartArt), one per line."""
        root = self.related(key)
        return drawing_text(root) if root is not None else ""


def _notes(root: ElementTree.Element | None, tag: str, label: str) -> dict[tuple[str, str], Remark]:
    """Footnotes or endnotes; the lines that separate them from the text have a type, and are left out."""
    found = root.iter(f"{W}{tag}") if root is not None else ()
    usual = (None, "normal")
    return {(tag, note.get(f"{W}id", "")): Remark(label, note) for note in found if note.get(f"{W}type") in usual}


def _comments(root: ElementTree.Element | None) -> dict[str, Remark]:
    found = {}
    for comment in root.iter(f"{W}comment") if root is not None else ():
        author = comment.get(f"{W}author", "").strip()
        found[comment.get(f"{W}id", "")] = Remark(f"Comment by {author}" if author else "Comment", comment)
    return found
