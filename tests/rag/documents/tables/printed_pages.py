"""PDFs of words at places and rules between them, with the standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """Words at a place on the page, in points from the lower left corner."""

    x: float
    y: float
    text: str
    size: float = 11


def printed(pages: Sequence[Sequence[Word]], rules: Sequence[tuple[float, float, float, float]] = ()) -> bytes:
    """A PDF of these pages; `rules` are lines (x1, y1, x2, y2) on each page."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for number, words in enumerate(pages):
        drawn = "".join(f"{x1} {y1} m {x2} {y2} l S\n" for x1, y1, x2, y2 in rules)
        texts = "".join(f"BT /F1 {word.size} Tf {word.x} {word.y} Td ({word.text}) Tj ET\n" for word in words)
        looks = "/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R{looks}/Contents {5 + 2 * number} 0 R>>")
        stream = drawn + texts
        objects.append(f"<</Length {len(stream.encode('latin-1'))}>>stream\n{stream}\nendstream")
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj{body}endobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return bytes(out + f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())


def columns(lines: Sequence[Sequence[str]], places: Sequence[float], top: float, pitch: float = 16) -> list[Word]:
    """Lines of cells below each other; an empty cell prints nothing."""
    return [
        Word(x, top - pitch * number, text)
        for number, line in enumerate(lines)
        for x, text in zip(places, line, strict=True)
        if text
    ]
