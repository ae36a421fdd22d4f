"""Generators of small valid files of every format, with the standard library only, except for Parquet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

SENTENCE = "The ferry to the island leaves at seven in the morning and returns before dark."
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_CONTAINER = "urn:oasis:names:tc:opendocument:xmlns:container"
_DUBLIN = "http://purl.org/dc/elements/1.1/"
ODF_TYPE = "application/vnd.oasis.opendocument"
_RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def pdf(pages: Sequence[str], trailer: str = "") -> bytes:
    """A PDF with one line of Latin text per page; an empty line makes a page without text."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text else ""
        looks = "/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R{looks}/Contents {5 + 2 * number} 0 R>>")
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj{body}endobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    start = len(out)
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R{trailer}>>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF".encode())


def docx(body: str, prolog: str = "", related: Mapping[str, str] | None = None) -> bytes:
    """A Word document with one body in WordprocessingML, and further parts by kind ("footnotes", "styles").

    `prolog` stands before the root element.
    """
    related = related or {}
    links = [_relation(f"p{number}", kind, f"{kind}.xml") for number, kind in enumerate(related)]
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    return zipped(
        {
            "[Content_Types].xml": _content_types(
                f'<Override PartName="/word/document.xml" ContentType="{_WORD_TYPE}"/>'
            ),
            "_rels/.rels": _relations([_relation("r1", "officeDocument", "word/document.xml")]),
            "word/document.xml": f'<?xml version="1.0"?>{prolog}{document}',
            "word/_rels/document.xml.rels": _relations(links),
            **{f"word/{kind}.xml": f'<w:{kind} xmlns:w="{_WORD}">{xml}</w:{kind}>' for kind, xml in related.items()},
        }
    )


def _content_types(overrides: str = "") -> str:
    defaults = (
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="rels" ContentType="{_RELATIONS}"/>'
    )
    return f'<Types xmlns="{_PACKAGE}/content-types">{defaults}{overrides}</Types>'


def _relation(key: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(relations: Sequence[str]) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(relations)}</Relationships>'


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(sheets: dict[str, Sequence[Sequence[str]]]) -> bytes:
    """An Excel workbook with inline strings."""
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations([_relation("r1", "officeDocument", "xl/workbook.xml")]),
    }
    listed, relations = "", []
    for number, (name, rows) in enumerate(sheets.items(), start=1):
        listed += f'<sheet name="{name}" sheetId="{number}" r:id="s{number}"/>'
        relations.append(_relation(f"s{number}", "worksheet", f"worksheets/sheet{number}.xml"))
        lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        sheet = f'<worksheet xmlns="{_SHEET}"><sheetData>{lines}</sheetData></worksheet>'
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet
    parts["xl/workbook.xml"] = f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = _relations(relations)
    return zipped(parts)


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def pptx(slides: Sequence[tuple[str, str]], prolog: str = "") -> bytes:
    """A PowerPoint presentation with titled slides; the parts are numbered backwards."""
    listed, relations, parts = "", [], {}
    for number, (title, body) in enumerate(slides, start=1):
        part = f"slides/slide{len(slides) + 1 - number}.xml"
        listed += f'<p:sldId id="{255 + number}" r:id="s{number}"/>'
        relations.append(_relation(f"s{number}", "slide", part))
        shapes = _shape("title", title) + _shape("body", body) + _shape("sldNum", "99")
        tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
        parts[f"ppt/{part}"] = f'{prolog}<p:sld xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}">{tree}</p:sld>'
    order = f"<p:sldIdLst>{listed}</p:sldIdLst>"
    return zipped(
        {
            "[Content_Types].xml": _content_types(),
            "ppt/presentation.xml": f'<p:presentation xmlns:p="{_SLIDES}" xmlns:r="{_OFFICE}">{order}</p:presentation>',
            "ppt/_rels/presentation.xml.rels": _relations(relations),
            **parts,
        }
    )


def _shape(kind: str, text: str) -> str:
    place = f'<p:nvSpPr><p:cNvPr id="1" name="x"/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{place}<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def open_document(kind: str, body: str, prolog: str = "", manifest: str = "") -> bytes:
    """An ODT, ODS or ODP ("text", "spreadsheet", "presentation") of one body."""
    paths = {"office": "office", "text": "text", "table": "table", "draw": "drawing", "presentation": "presentation"}
    names = " ".join(f'xmlns:{name}="{_ODF}:{path}:1.0"' for name, path in paths.items())
    content = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    root = f'<office:document-content {names} office:version="1.2">{content}</office:document-content>'
    return zipped(
        {
            "mimetype": f"{ODF_TYPE}.{kind}",
            "META-INF/manifest.xml": manifest or f'<manifest xmlns="{_ODF}:manifest:1.0"/>',
            "content.xml": f'<?xml version="1.0"?>{prolog}{root}',
        }
    )


def odp(slides: Sequence[tuple[str, str]], prolog: str = "") -> bytes:
    pages = "".join(
        f'<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>{title}</text:p></draw:text-box>'
        f"</draw:frame><draw:frame><draw:text-box><text:p>{body}</text:p></draw:text-box></draw:frame></draw:page>"
        for title, body in slides
    )
    return open_document("presentation", pages, prolog)


def ods(rows: Sequence[Sequence[str]]) -> bytes:
    lines = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    return open_document("spreadsheet", f'<table:table table:name="Boats">{lines}</table:table>')


def epub(chapters: Sequence[tuple[str, str]]) -> bytes:
    """An EPUB with one file per chapter."""
    root = '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>'
    container = f'<container xmlns="{_CONTAINER}" version="1.0"><rootfiles>{root}</rootfiles></container>'
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": container}
    manifest = spine = ""
    for number, (title, text) in enumerate(chapters, start=1):
        manifest += f'<item id="c{number}" href="c{number}.xhtml" media-type="application/xhtml+xml"/>'
        spine += f'<itemref idref="c{number}"/>'
        body = f"<h1>{title}</h1><p>{text}</p>"
        parts[f"c{number}.xhtml"] = f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
    about = f'<metadata xmlns:dc="{_DUBLIN}"><dc:title>Ferries</dc:title><dc:language>en</dc:language></metadata>'
    book = f"{about}<manifest>{manifest}</manifest><spine>{spine}</spine>"
    parts["book.opf"] = f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0">{book}</package>'
    return zipped(parts)


def parquet(columns: dict[str, Sequence[object]]) -> bytes:
    import pyarrow
    from pyarrow import parquet as writer

    buffer = io.BytesIO()
    writer.write_table(pyarrow.table(columns), buffer)
    return buffer.getvalue()
