"""Names of XML elements in Word documents, and how their switches are read."""

from __future__ import annotations

from functools import lru_cache
from xml.etree import ElementTree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
VML = "{urn:schemas-microsoft-com:vml}"

_OFF = ("0", "false", "off")


@lru_cache(maxsize=256)
def path(names: str) -> str:
    """The path of elements below each other, for `find`: "tcPr/vMerge"."""
    return "/".join(f"{W}{name}" for name in names.split("/"))


def is_on(element: ElementTree.Element | None, names: str) -> bool:
    """Whether an element below has a switch, and it is not off."""
    found = element.find(path(names)) if element is not None else None
    return found is not None and found.get(f"{W}val", "1") not in _OFF


def value(element: ElementTree.Element | None, names: str) -> str:
    """The value of an element below; empty without it."""
    found = element.find(path(names)) if element is not None else None
    return found.get(f"{W}val", "") if found is not None else ""


def number(stated: str, default: int = 0, most: int = 1000) -> int:
    """A stated number between 0 and `most`; the default if it is none."""
    return min(int(stated), most) if stated.isascii() and stated.isdigit() and len(stated) < 10 else default
