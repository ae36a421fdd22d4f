"""Relations between the parts of Office files (DOCX, PPTX, XLSX): what a part refers to.

The format: ECMA-376, part 2, section 9.3.
"""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass

from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.zip_packages import read_part

_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_NAMES = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/", b"http://schemas.openxmlformats.org/wordprocessingml/2006/"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/", b"http://schemas.openxmlformats.org/spreadsheetml/2006/"),
    (b"http://purl.oclc.org/ooxml/presentationml/", b"http://schemas.openxmlformats.org/presentationml/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A part that another one refers to; `kind` is the last word of its type: "chart", "comments"."""

    kind: str
    part: str


def relations_of(package: zipfile.ZipFile, part: str) -> dict[str, Relation]:
    """The parts that a part refers to, by relation id; external links are ignored. The package's own for part "".

    Raises:
        ZIP_ERRORS, ElementTree.ParseError: the list of relations is damaged.
    """
    folder, file = posixpath.split(part)
    content = read_part(package, posixpath.join(folder, "_rels", f"{file}.rels"))
    relations = {}
    for item in parse_xml(content) if content else ():
        if item.get("TargetMode") != "External":
            target = item.get("Target", "").replace("\\", "/")
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            relations[item.get("Id", "")] = Relation(item.get("Type", "").rpartition("/")[2], target)
    return relations


def links_of(package: zipfile.ZipFile, part: str) -> dict[str, str]:
    """The addresses outside the file to which a part links, by relation id.

    Raises:
        ZIP_ERRORS, ElementTree.ParseError: the list of relations is damaged.
    """
    folder, file = posixpath.split(part)
    content = read_part(package, posixpath.join(folder, "_rels", f"{file}.rels"))
    return {
        item.get("Id", ""): item.get("Target", "")
        for item in (parse_xml(content) if content else ())
        if item.get("TargetMode") == "External" and item.get("Type", "").endswith("/hyperlink")
    }


def main_part(package: zipfile.ZipFile, usual: str) -> str:
    """The part with which the package begins, or the usual one if it names none.

    Raises:
        ZIP_ERRORS, ElementTree.ParseError: the package's list of relations is damaged.
    """
    found = relations_of(package, "").values()
    return next((relation.part for relation in found if relation.kind == "officeDocument"), usual)


def part_of_kind(relations: dict[str, Relation], kind: str) -> str:
    """The first part of a kind; empty without one."""
    return next((relation.part for relation in relations.values() if relation.kind == kind), "")


def transitional(part: bytes) -> bytes:
    """A part with the namespaces of the usual variant of the format instead of the strict one."""
    if _STRICT in part:
        for strict, usual in _STRICT_NAMES:
            part = part.replace(strict, usual)
    return part
