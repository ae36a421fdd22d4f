"""Write PDFs for tests and measurements: text at places, outline, tags, forms, comments, with the standard library.

Latin text uses Helvetica, whose widths are known here, so that lines can be filled as a typesetter fills them. Text in
other scripts uses a font that is named but not embedded, with a table from its codes to Unicode (ToUnicode).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

LETTER = (612.0, 792.0)
_NARROW = {"i": 222, "j": 222, "l": 222, "I": 278, "t": 278, "f": 278, "r": 333, " ": 278, ".": 278, ",": 278, "-": 333}
_WIDE = {"m": 833, "w": 722, "M": 833, "W": 944}


def width(text: str, size: float) -> float:
    """The width of Latin text in Helvetica, in points; letters of one class count alike."""
    return sum(_NARROW.get(one, _WIDE.get(one, 667 if one.isupper() else 556)) for one in text) * size / 1000


@dataclass
class Page:
    """A page: drawing operators, and what is laid over it."""

    operators: list[str] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)
    rotate: int = 0
    n_marks: int = 0

    def text(self, x: float, y: float, text: str, size: float = 10, *, bold: bool = False, angle: int = 0) -> None:
        """Print a line of Latin text; `angle` is 0, 90, 180 or 270 degrees."""
        turn = {0: "1 0 0 1", 90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}[angle]
        shown = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.operators.append(f"BT /{'F2' if bold else 'F1'} {size} Tf {turn} {x:.2f} {y:.2f} Tm ({shown}) Tj ET")

    def unicode(self, x: float, y: float, text: str, size: float = 12, font: str = "F3") -> None:
        """Print text whose codes are its characters in UTF-16, in the order in which they stand from left to right."""
        codes = text.encode("utf-16-be").hex()
        self.operators.append(f"BT /{font} {size} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{codes}> Tj ET")

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a rule."""
        self.operators.append(f"{x1} {y1} m {x2} {y2} l S")

    def begin(self, tag: str) -> int:
        """Begin marked content; returns its number on this page."""
        self.operators.append(f"/{tag} <</MCID {self.n_marks}>> BDC")
        self.n_marks += 1
        return self.n_marks - 1

    def end(self) -> None:
        """End marked content."""
        self.operators.append("EMC")


@dataclass(frozen=True)
class Bookmark:
    """A title of the outline: its level from 1, its page from 0, and where on it; None for the whole page."""

    level: int
    title: str
    page: int
    y: float | None = None


@dataclass
class Pdf:
    """A PDF to be written."""

    pages: list[Page] = field(default_factory=list)
    outline: list[Bookmark] = field(default_factory=list)
    tags: list[tuple[str, int, int]] = field(default_factory=list)
    """Elements of the structure: type, page, number of the marked content."""
    fields: list[str] = field(default_factory=list)
    """Form fields: dictionaries without the delimiters, which are also annotations of the first page."""
    to_unicode: dict[int, str] = field(default_factory=dict)
    """What codes of the fonts for other scripts mean; a code not named means itself."""

    def page(self) -> Page:
        """A new page."""
        self.pages.append(Page())
        return self.pages[-1]

    def content(self) -> bytes:
        """The file."""
        return _File(self).content()


class _File:
    """The objects of a file: numbers from 1, in the order in which they are added."""

    def __init__(self, pdf: Pdf) -> None:
        self.pdf = pdf
        self.objects: list[bytes] = []

    def add(self, body: str | bytes = b"") -> int:
        self.objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(self.objects)

    def set(self, number: int, body: str) -> None:
        self.objects[number - 1] = body.encode("latin-1")

    def stream(self, content: str) -> int:
        packed = zlib.compress(content.encode("latin-1", "replace"), 1)
        return self.add(b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(packed), packed))

    def content(self) -> bytes:
        catalog, tree = self.add(), self.add()
        fonts = self._fonts()
        numbers = [self.add() for _ in self.pdf.pages]
        fields = [self.add(f"<<{body}/P {numbers[0]} 0 R>>") for body in self.pdf.fields]
        for at, (number, page) in enumerate(zip(numbers, self.pdf.pages, strict=True)):
            over = [self.add(f"<<{body}>>") for body in page.annotations] + (fields if at == 0 else [])
            extra = f"/Annots[{_refs(over)}]" if over else ""
            extra += f"/Rotate {page.rotate}" if page.rotate else ""
            extra += f"/StructParents {at}" if self.pdf.tags else ""
            box = f"/MediaBox[0 0 {LETTER[0]:g} {LETTER[1]:g}]/Resources<</Font<<{fonts}>>>>"
            contents = self.stream("\n".join(page.operators))
            self.set(number, f"<</Type/Page/Parent {tree} 0 R{box}{extra}/Contents {contents} 0 R>>")
        self.set(tree, f"<</Type/Pages/Count {len(numbers)}/Kids[{_refs(numbers)}]>>")
        extra = f"/Outlines {self._outline(numbers)} 0 R" if self.pdf.outline else ""
        extra += f"/StructTreeRoot {self._tags(numbers)} 0 R/MarkInfo<</Marked true>>" if self.pdf.tags else ""
        extra += f"/AcroForm<</Fields[{_refs(fields)}]>>" if fields else ""
        self.set(catalog, f"<</Type/Catalog/Pages {tree} 0 R{extra}>>")
        return self._written(catalog)

    def _fonts(self) -> str:
        latin = [
            self.add(f"<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>")
            for name in ("Helvetica", "Helvetica-Bold")
        ]
        pairs = "".join(
            f"<{code:04x}> <{self.pdf.to_unicode.get(code, chr(code)).encode('utf-16-be').hex()}>\n"
            for code in sorted({*range(0x20, 0x7F), *range(0x590, 0x700), *range(0x400, 0x460), *self.pdf.to_unicode})
        )
        blocks = pairs.strip().split("\n")
        parts = [blocks[at : at + 100] for at in range(0, len(blocks), 100)]
        ranges = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts)
        cmap = self.stream(
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def\n"
            f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{ranges}\nendcmap end end"
        )
        system = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        look = "/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80"
        described = self.add(f"<</Type/FontDescriptor/FontName/Other{look}>>")
        below = self.add(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/Other{system}/DW 500/FontDescriptor {described} 0 R>>"
        )
        other = self.add(
            f"<</Type/Font/Subtype/Type0/BaseFont/Other/Encoding/Identity-H/DescendantFonts[{below} 0 R]"
            f"/ToUnicode {cmap} 0 R>>"
        )
        return "".join(f"/F{at} {number} 0 R" for at, number in enumerate((*latin, other), start=1))

    def _outline(self, pages: Sequence[int]) -> int:
        root = self.add()
        numbers = [self.add() for _ in self.pdf.outline]
        parents: list[int | None] = []
        for at, one in enumerate(self.pdf.outline):
            above = [up for up in range(at) if self.pdf.outline[up].level < one.level]
            parents.append(above[-1] if above else None)
        for at, one in enumerate(self.pdf.outline):
            siblings = [other for other, parent in enumerate(parents) if parent == parents[at]]
            children = [other for other, parent in enumerate(parents) if parent == at]
            links = f"/Parent {root if parents[at] is None else numbers[parents[at] or 0]} 0 R"
            place = siblings.index(at)
            links += f"/Next {numbers[siblings[place + 1]]} 0 R" if place + 1 < len(siblings) else ""
            links += f"/Prev {numbers[siblings[place - 1]]} 0 R" if place else ""
            if children:
                links += f"/First {numbers[children[0]]} 0 R/Last {numbers[children[-1]]} 0 R/Count {len(children)}"
            where = "/Fit" if one.y is None else f"/XYZ 0 {one.y} 0"
            title = ("\ufeff" + one.title).encode("utf-16-be").hex()
            self.set(numbers[at], f"<</Title<{title}>{links}/Dest[{pages[one.page]} 0 R{where}]>>")
        top = [number for number, parent in zip(numbers, parents, strict=True) if parent is None]
        self.set(root, f"<</Type/Outlines/First {top[0]} 0 R/Last {top[-1]} 0 R/Count {len(top)}>>")
        return root

    def _tags(self, pages: Sequence[int]) -> int:
        root, whole = self.add(), self.add()
        elements: list[int] = []
        by_page: dict[int, list[int]] = {at: [] for at in range(len(pages))}
        for kind, page, mark in self.pdf.tags:
            element = self.add(f"<</Type/StructElem/S/{kind}/P {whole} 0 R/Pg {pages[page]} 0 R/K {mark}>>")
            elements.append(element)
            by_page[page].append(element)
        parents = " ".join(f"{page} [{_refs(found)}]" for page, found in by_page.items())
        self.set(whole, f"<</Type/StructElem/S/Document/P {root} 0 R/K[{_refs(elements)}]>>")
        self.set(root, f"<</Type/StructTreeRoot/K {whole} 0 R/ParentTree<</Nums[{parents}]>>>>")
        return root

    def _written(self, catalog: int) -> bytes:
        out, offsets = bytearray(b"%PDF-1.7\n"), []
        for number, body in enumerate(self.objects, start=1):
            offsets.append(len(out))
            out += b"%d 0 obj%b endobj\n" % (number, body)
        table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
        start, count = len(out), len(self.objects) + 1
        out += f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer<</Size {count}/Root {catalog} 0 R>>\n".encode()
        return bytes(out + f"startxref\n{start}\n%%EOF".encode())


def _refs(numbers: Sequence[int]) -> str:
    return " ".join(f"{number} 0 R" for number in numbers)
