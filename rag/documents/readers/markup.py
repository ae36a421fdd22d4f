"""Read XML without external entities; keep what the parser of Word documents and web pages would lose."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

# Placeholders for characters that the parser drops: Unicode's noncharacters, which documents do not use.
_PLACEHOLDERS = {"&": "\ufdd0", "<": "\ufdd1", ">": "\ufdd2", '"': "\ufdd3", "'": "\ufdd4", "\t": "\ufdd5"}
_ORIGINALS = str.maketrans({placeholder: sign for sign, placeholder in _PLACEHOLDERS.items()})
_NEW_PAGE = "\ufdd6"
_ENTITIES = {b"amp": "&", b"lt": "<", b"gt": ">", b"quot": '"', b"apos": "'"}
_REFERENCE = re.compile(rb"&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));")
_WORD_TAB = re.compile(rb"<w:tab\s*/>")
_WORD_PAGE_SHOWN = re.compile(rb"<w:lastRenderedPageBreak\s*/>")
_WORD_PAGE_SET = re.compile(rb"""<w:br\s[^<>]*w:type=["']page["'][^<>]*/>""")
_TABLE_TAG = re.compile(r"<(/?)(td|th|tr|table)\b[^<>]*>", re.IGNORECASE)
_ENDED_BY = {"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr"), "table": ()}
_TABLE_DEPTH = 60


def parse_xml(text: str | bytes) -> ElementTree.Element:
    """The root element. Expat fetches no external entity or DTD, and stops exponential entity expansion.

    Raises:
        ElementTree.ParseError: the XML is not well-formed, or it uses an external entity.
    """
    return ElementTree.fromstring(text)


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


def save_word_signs(part: bytes) -> bytes:
    """A part of a Word document (UTF-8) with placeholders for what its parser drops: `&`, `<`, tabs, page breaks.

    Pages begin where Word last rendered a page break; without rendered breaks, at the author's page breaks.
    """
    breaks = _WORD_PAGE_SHOWN if _WORD_PAGE_SHOWN.search(part) else _WORD_PAGE_SET
    part = breaks.sub(f"<w:t>{_NEW_PAGE}</w:t>".encode(), part)
    part = _WORD_TAB.sub(f"<w:t>{_PLACEHOLDERS[chr(9)]}</w:t>".encode(), part)
    return _REFERENCE.sub(_placeholder, part)


def _placeholder(reference: re.Match[bytes]) -> bytes:
    name, decimal, hexadecimal = reference.groups()
    code = int(decimal) if decimal else int(hexadecimal or b"0", 16)
    sign = _ENTITIES[name] if name else chr(code) if 0 < code < 0x110000 else ""
    return _PLACEHOLDERS.get(sign, sign).encode("utf-8", "replace")


def restore_word_signs(text: str) -> tuple[str, tuple[int, ...]]:
    """The text with its characters restored, and the offsets of its pages; no offsets if there is one page."""
    pages = text.translate(_ORIGINALS).split(_NEW_PAGE)
    restored = "".join(pages)
    if len(pages) == 1:
        return restored, ()
    starts, end = [0], 0
    for page in pages[:-1]:
        end += len(page)
        line = restored.rfind("\n", 0, end) + 1
        # A page that begins with a heading or a table begins with its markup.
        starts.append(line if not any(map(str.isalnum, restored[line:end])) else end)
    return restored, tuple(starts)


def close_cells(html: str) -> str:
    """Add the end tags of cells and rows that HTML lets authors omit; the parser drops cells without them."""
    pieces, done = [], 0
    opened: list[str] = []
    for tag in _TABLE_TAG.finditer(html):
        name = tag[2].lower()
        missing = []
        if tag[1]:
            while name in opened[-_TABLE_DEPTH:] and opened[-1] != name:
                missing.append(opened.pop())
            if opened and opened[-1] == name:
                opened.pop()
        else:
            while opened and opened[-1] in _ENDED_BY[name]:
                missing.append(opened.pop())
            opened.append(name)
        pieces += [html[done : tag.start()], *(f"</{cell}>" for cell in missing)]
        done = tag.start()
    return "".join(pieces) + html[done:]
