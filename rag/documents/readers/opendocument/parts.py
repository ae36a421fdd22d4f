"""Open OpenDocument files: the package or the flat file, its content and styles, and the objects embedded in it."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

from rag.documents.readers.broken_xml import parse_until_damage
from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.opendocument.names import OFFICE, XLINK
from rag.documents.readers.zip_packages import ZIP_ERRORS, open_package, read_part
from rag.errors import DocumentError

_DAMAGE = (*ZIP_ERRORS, ElementTree.ParseError, LookupError)


@dataclass(slots=True)
class OpenParts:
    """A document's content and styles, what was left out while it was read, and its package unless it is flat."""

    content: ElementTree.Element
    styles: ElementTree.Element | None = None
    package: zipfile.ZipFile | None = None
    damaged: list[str] = field(default_factory=list)
    hidden_words: int = 0
    is_cut: bool = False

    @classmethod
    def of(cls, name: str, content: bytes, program: str, *, with_styles: bool = False) -> OpenParts:
        """Read a file, and the styles that its pages share.

        Args:
            program: the one with which a damaged file may be repaired.
            with_styles: whether to read the styles that are not in the content itself.

        Raises:
            DocumentError: the file is damaged or protected by a password.
        """
        package = open_package(name, content) if content.startswith(b"PK") else None
        try:
            root, is_cut = parse_until_damage(read_part(package, "content.xml") if package else content)
        except _DAMAGE as error:
            raise DocumentError(f"'{name}' is damaged: {error}. Open it in {program} and save it again.") from error
        if package is None:
            return cls(root, root, is_cut=is_cut)
        parts = cls(root, None, package, is_cut=is_cut)
        parts.styles = parts.part("styles.xml") if with_styles else None
        return parts

    def part(self, name: str) -> ElementTree.Element | None:
        """The root of a part; None if it is missing or damaged."""
        if self.package is None:
            return None
        try:
            content = read_part(self.package, name)
            return parse_xml(content) if content else None
        except _DAMAGE:
            self.damaged.append(name)
            return None

    def embedded(self, item: ElementTree.Element) -> ElementTree.Element | None:
        """The content of an embedded object, such as a formula or a chart."""
        if len(item):
            return item
        target = posixpath.normpath(item.get(f"{XLINK}href", "")).lstrip("/")
        return self.part(f"{target}/content.xml") if target not in ("", ".") and not target.startswith("..") else None

    def roots(self) -> list[ElementTree.Element]:
        """Where styles are defined: those of the document first, so that its content may replace them."""
        return [root for root in (self.styles, self.content) if root is not None]

    def bodies(self, kind: str) -> list[ElementTree.Element]:
        """The bodies of this kind ("text"): one in a sound document."""
        return self.content.findall(f".//{OFFICE}body/{OFFICE}{kind}")
