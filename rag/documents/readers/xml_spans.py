"""Find elements of an XML part by their tags, to read them and to replace them, while the rest stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from rag.documents.readers.markup import parse_xml

_DECLARED = re.compile(rb"""\sxmlns:[\w.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_ROOT = re.compile(rb"<[A-Za-z_][^<>]*>")
_MOST_DEPTH = 200


def namespaces_of(xml: bytes) -> bytes:
    """The namespaces that the root of a part declares, as attributes."""
    root = _ROOT.search(xml)
    return b"".join(dict.fromkeys(_DECLARED.findall(root[0]))) if root else b""


def replace_elements(
    xml: bytes, tag: bytes, namespaces: bytes, replacement: Callable[[ElementTree.Element, bytes], bytes]
) -> bytes:
    """A part, or a piece of it, with each outermost element of this tag replaced.

    Args:
        xml: well-formed, in UTF-8.
        tag: with its prefix, as the part writes it: b"w:tbl".
        namespaces: those of the part, see `namespaces_of`.
        replacement: from an element and its XML to what takes its place.

    Raises:
        ElementTree.ParseError: an element is not well-formed.
    """
    pieces, done = [], 0
    for start, end in _outermost(xml, tag):
        span = xml[start:end]
        holder = parse_xml(b"<holder" + namespaces + b">" + span + b"</holder>")
        pieces += [xml[done:start], replacement(holder[0], span)]
        done = end
    return b"".join(pieces) + xml[done:]


def _outermost(xml: bytes, tag: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the elements of this tag that are not inside another; none if their tags do not match."""
    tags = re.compile(rb"<(/?)" + re.escape(tag) + rb"(?=[\s/>])[^<>]*?(/?)>")
    opened: list[int] = []
    for match in tags.finditer(xml):
        if match[1]:
            if not opened:
                return
            start = opened.pop()
            if not opened:
                yield start, match.end()
        elif not match[2]:
            opened.append(match.start())
            if len(opened) > _MOST_DEPTH:
                return
