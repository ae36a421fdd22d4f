"""Read XML as far as it is well-formed: a damaged document still shows its text before the damage."""

from __future__ import annotations

from xml.etree import ElementTree

CUT = "The file is damaged: only the text before the damage was read. Open it in its program and save it again."
"""A note about a document whose text was read in part."""


def parse_until_damage(content: bytes) -> tuple[ElementTree.Element, bool]:
    """The root with what stands before the first fault, and whether there is a fault.

    Like `parse_xml`, it fetches nothing, and entities cannot explode.

    Raises:
        ElementTree.ParseError: not even the root can be read.
    """
    builder = ElementTree.TreeBuilder()
    parser = ElementTree.XMLParser(target=builder)
    try:
        parser.feed(content)
        return parser.close(), False
    except (ElementTree.ParseError, LookupError) as error:
        root = builder.close()
        if root is None:
            raise ElementTree.ParseError(str(error)) from error
        return root, True
