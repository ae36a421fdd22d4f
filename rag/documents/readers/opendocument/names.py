"""Names of XML elements in OpenDocument files."""

from __future__ import annotations

from xml.etree import ElementTree

_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
OFFICE = f"{{{_OASIS}:office:1.0}}"
TABLE = f"{{{_OASIS}:table:1.0}}"
TEXT = f"{{{_OASIS}:text:1.0}}"
STYLE = f"{{{_OASIS}:style:1.0}}"
DRAW = f"{{{_OASIS}:drawing:1.0}}"
PRESENTATION = f"{{{_OASIS}:presentation:1.0}}"
CHART = f"{{{_OASIS}:chart:1.0}}"
SVG = f"{{{_OASIS}:svg-compatible:1.0}}"
FO = f"{{{_OASIS}:xsl-fo-compatible:1.0}}"
DC = "{http://purl.org/dc/elements/1.1/}"
XLINK = "{http://www.w3.org/1999/xlink}"
MATH = "{http://www.w3.org/1998/Math/MathML}"


def count_of(element: ElementTree.Element, attribute: str, default: int = 1) -> int:
    """A number that an attribute states, at least 1; the default if it states none."""
    stated = element.get(attribute, "")
    return max(int(stated), 1) if stated.isascii() and stated.isdigit() and len(stated) < 10 else default
