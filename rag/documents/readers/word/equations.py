"""Write equations of Office files (OMML) on one line: (a)/(b), x^2, √(x).

The elements: ECMA-376, part 1, section 22.1.
"""

from __future__ import annotations

from xml.etree import ElementTree

from rag.documents.readers.word.names import M

_MOST_DEPTH = 60
_PROPERTIES = ("Pr",)


def equation_text(element: ElementTree.Element, depth: int = 0) -> str:
    """The text of an equation, or of a part of it."""
    tag = element.tag.removeprefix(M)
    if tag == "t":
        return element.text or ""
    if depth > _MOST_DEPTH:
        return "".join(item.text or "" for item in element.iter(f"{M}t"))
    parts = [
        (child.tag.removeprefix(M), equation_text(child, depth + 1))
        for child in element
        if not child.tag.endswith(_PROPERTIES)
    ]
    named = dict(parts)
    match tag:
        case "f":
            return f"{_grouped(named.get('num', ''))}/{_grouped(named.get('den', ''))}"
        case "sSup" | "sSub" | "sSubSup" | "sPre":
            return f"{named.get('e', '')}{_scripts(named)}"
        case "nary":
            return f"{_sign(element, 'naryPr', '∫')}{_scripts(named)} {named.get('e', '')}"
        case "rad":
            return f"{named.get('deg', '')}√{_grouped(named.get('e', ''), always=True)}"
        case "d":
            inner = _sign(element, "dPr", "|", "sepChr").join(text for _, text in parts)
            return f"{_sign(element, 'dPr', '(', 'begChr')}{inner}{_sign(element, 'dPr', ')', 'endChr')}"
        case "m" | "eqArr":
            return "; ".join(text for _, text in parts)
        case "mr":
            return ", ".join(text for _, text in parts)
    return "".join(text for _, text in parts)


def _scripts(parts: dict[str, str]) -> str:
    below, above = parts.get("sub", ""), parts.get("sup", "")
    return (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")


def _grouped(text: str, *, always: bool = False) -> str:
    return f"({text})" if always or (len(text) > 1 and not text.isalnum()) else text


def _sign(element: ElementTree.Element, properties: str, usual: str, name: str = "chr") -> str:
    found = element.find(f"{M}{properties}/{M}{name}")
    return usual if found is None else found.get(f"{M}val", usual)
