"""Read XML without external entities."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator


def parse_xml(text: str | bytes) -> ElementTree.Element:
    """The root element. Expat fetches no external entity or DTD, and stops exponential entity expansion.

    Raises:
        ElementTree.ParseError: the XML is not well-formed, or it uses an external entity or an unknown encoding.
    """
    try:
        return ElementTree.fromstring(text)
    except LookupError as error:
        raise ElementTree.ParseError(str(error)) from error


def xml_lines(root: ElementTree.Element) -> Iterator[str]:
    """A line "name: text" per element with text or attributes; mixed text and inline elements stay on one line."""
    stack = [root]
    while stack:
        element = stack.pop()
        if _local(element.tag) in ("script", "style"):
            continue
        attributes = "; ".join(f"{_local(key)}: {value}" for key, value in element.attrib.items() if value.strip())
        mixed = bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)
        text = " ".join("".join(element.itertext()).split()) if mixed else ""
        if text or attributes:
            about = f" ({attributes})" if attributes else ""
            yield f"{_local(element.tag)}{about}: {text}".rstrip(": ")
        if not mixed:
            stack.extend(reversed(element))


def _local(name: object) -> str:
    """A name without its namespace; empty for comments and processing instructions."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""
