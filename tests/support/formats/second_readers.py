"""Second readers of Office files, apart from ours: lxml on raw parts, openpyxl, striprtf, walks over records."""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import olefile
import openpyxl
from lxml import etree, html
from striprtf.striprtf import rtf_to_text

_WORD = re.compile(r"[^\W_]+")
_ODF_BREAKS = ("}p", "}h", "}s", "}tab", "}line-break", "}table-cell", "}list-item")
_FIELD = re.compile("\x13[^\x13-\x15]*(?:\x14([^\x13-\x15]*))?\x15")
_MASTER, _HANDOUT, _NOTES, _LIST_OF_MASTERS = 0x03F8, 0x0FC9, 0x03F0, (0x0FF0, 1)
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=True)


def words(text: str) -> Counter[str]:
    """The words of a text in lower case, without soft hyphens, with their number."""
    return Counter(_WORD.findall(text.replace("\xad", "").lower()))


def recall(found: str, expected: str) -> float:
    """The share of the expected words that were found, each as often as expected; 1 if none is expected."""
    wanted, got = words(expected), words(found)
    total = sum(wanted.values())
    return sum(min(number, got[word]) for word, number in wanted.items()) / total if total else 1.0


def missing(found: str, expected: str) -> list[str]:
    """The expected words that were not found, or not as often."""
    return sorted((words(expected) - words(found)).elements())


def _parts(content: bytes, pattern: str) -> Iterator[etree._Element]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in sorted(package.namelist()):
            if re.fullmatch(pattern, name):
                root = etree.fromstring(package.read(name), _PARSER)
                if root is not None:
                    yield root


def docx_words(content: bytes) -> str:
    """Runs that are neither deleted nor a repetition for older programs, a paragraph a line."""
    lines = []
    pattern = r"word/(document2?|footnotes|endnotes|comments)\.xml"
    for root in _parts(content, pattern):
        for paragraph in root.iter("{*}p"):
            if not paragraph.tag.endswith("wordprocessingml/2006/main}p"):
                continue
            pieces = []
            for item in paragraph.iter("{*}t", "{*}tab", "{*}br", "{*}p"):
                tags = [etree.QName(parent).localname for parent in item.iterancestors()]
                if "del" in tags or "Fallback" in tags or "moveFrom" in tags or "vanish" in _run_properties(item):
                    continue
                owner = next((one for one in item.iterancestors("{*}p")), None)
                text = etree.QName(item).localname == "t"
                if owner is paragraph:
                    pieces.append((item.text or "") if text else " ")
            lines.append("".join(pieces))
    return "\n".join(lines)


def _run_properties(item: etree._Element) -> list[str]:
    run = next(item.iterancestors("{*}r"), None)
    properties = run.find("{*}rPr") if run is not None else None
    return [etree.QName(one).localname for one in properties] if properties is not None else []


def open_document_words(content: bytes) -> str:
    """All text of content.xml but deletions, as it stands."""
    pieces = []
    for root in _parts(content, r"content\.xml"):
        for gone in list(root.iter("{*}tracked-changes", "{*}note-citation", "{*}creator", "{*}date", "{*}scripts")):
            tail, parent = gone.tail or "", gone.getparent()
            before = gone.getprevious()
            if before is not None:
                before.tail = (before.tail or "") + tail
            else:
                parent.text = (parent.text or "") + tail
            parent.remove(gone)
        body = next(root.iter("{*}body"))
        for event, element in etree.iterwalk(body, events=("start", "end")):
            is_break = isinstance(element.tag, str) and element.tag.endswith(_ODF_BREAKS)
            if event == "start":
                pieces += [" " if is_break else "", element.text or "" if isinstance(element.tag, str) else ""]
            else:
                pieces += [" " if is_break else "", element.tail or ""]
    return "".join(pieces)


def rtf_words(content: bytes) -> str:
    return rtf_to_text(content.decode("latin-1"), errors="replace")


def epub_words(content: bytes) -> str:
    """The text of the spine's pages."""
    pieces = []
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        container = etree.fromstring(package.read("META-INF/container.xml"), _PARSER)
        main = next(container.iter("{*}rootfile")).get("full-path")
        book = etree.fromstring(package.read(main), _PARSER)
        items = {item.get("id"): item.get("href") for item in book.iter("{*}item")}
        for reference in book.iter("{*}itemref"):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(main), unquote(items[reference.get("idref")])))
            page = etree.fromstring(package.read(path), _PARSER)
            for gone in page.xpath("//*[local-name()='head' or local-name()='script' or local-name()='style']"):
                gone.getparent().remove(gone)
            pieces += [" ".join(page.xpath("//text()[not(ancestor::*[starts-with(local-name(), 'annotation')])]"))]
    return "\n".join(pieces)


def pptx_words(content: bytes) -> str:
    """The paragraphs of slides and notes, and the texts of comments."""
    lines = []
    for root in _parts(content, r"ppt/(slides|notesSlides|diagrams)/(slide|notesSlide|data)\d+\.xml"):
        for paragraph in root.iter("{*}p"):
            tags = [etree.QName(parent).localname for parent in paragraph.iterancestors()]
            if "Fallback" not in tags and not _is_number_or_date(paragraph):
                lines.append("".join(item.text or " " for item in paragraph.iter("{*}t", "{*}br")))
    for root in _parts(content, r"ppt/comments/.*\.xml"):
        lines += [item.text or "" for item in root.iter("{*}text", "{*}t")]
    return "\n".join(lines)


def _is_number_or_date(paragraph: etree._Element) -> bool:
    shape = next(paragraph.iterancestors("{*}sp"), None)
    place = next(shape.iter("{*}ph"), None) if shape is not None else None
    return place is not None and place.get("type") in ("sldNum", "dt", "ftr", "hdr")


def xlsx_words(content: bytes) -> str:
    """The texts of cells and comments; numbers are shown in other ways by each reader."""
    workbook = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    pieces = []
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                pieces += [cell.value] if isinstance(cell.value, str) else []
                pieces += [cell.comment.text] if cell.comment else []
    return "\n".join(pieces)


def html_words(content: bytes) -> str:
    return html.fromstring(content).text_content()


def doc_words(content: bytes) -> str:
    """The pieces of text of a document of Word 97 to 2003 in order, without the codes of fields."""
    main = _stream(content, "WordDocument")
    table = _stream(content, "1Table" if struct.unpack_from("<H", main, 10)[0] & 0x200 else "0Table")
    start, length = struct.unpack_from("<II", main, 0x01A2)
    pieces = table[start : start + length]
    at = 0
    while pieces[at] == 1:
        at += 3 + struct.unpack_from("<H", pieces, at + 1)[0]
    count = (struct.unpack_from("<I", pieces, at + 1)[0] - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", pieces, at + 5)
    text = ""
    for number in range(count):
        (place,) = struct.unpack_from("<I", pieces, at + 5 + 4 * (count + 1) + 8 * number + 2)
        size = ends[number + 1] - ends[number]
        if place & 0x40000000:
            text += main[(place ^ 0x40000000) // 2 :][:size].decode("cp1252", "replace")
        else:
            text += main[place : place + 2 * size].decode("utf-16-le", "replace")
    text = text.replace("\x1f", "").replace("\x1e", "-")
    while (shorter := _FIELD.sub(r"\1", text)) != text:
        text = shorter
    return text


def ppt_words(content: bytes) -> str:
    """The texts of all records of a presentation of PowerPoint 97 to 2003 but those of masters."""
    if content.startswith(b"PK"):
        return pptx_words(content)
    stream = _stream(content, "PowerPoint Document")
    lines, spans = [], [(0, len(stream))]
    while spans:
        at, end = spans.pop()
        while at + 8 <= end:
            version, kind, size = struct.unpack_from("<HHI", stream, at)
            at += 8
            is_master = kind in (_MASTER, _HANDOUT) or (kind, version >> 4) == _LIST_OF_MASTERS
            # The master of notes is like notes, but names no slide.
            is_master = is_master or (kind == _NOTES and not struct.unpack_from("<i", stream, at + 8)[0] > 0)
            if version & 0xF == 0xF and not is_master:
                spans.append((at, min(at + size, end)))
            elif kind in (0x0FA0, 0x0FA8):
                lines.append(stream[at : at + size].decode("utf-16-le" if kind == 0x0FA0 else "latin-1", "replace"))
            at += size
    return "\n".join(lines)


def xls_words(content: bytes) -> str:
    """The texts in the cells of a workbook of Excel 5 to 2003; numbers are shown in other ways by each reader."""
    stream = _stream(content, "Workbook", "Book")
    is_new = "Workbook".encode("utf-16-le") in content
    at, shared, lines = 0, [], []
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == 0xFC:
            parts = [body]
            while at + 4 <= len(stream) and struct.unpack_from("<H", stream, at)[0] == 0x3C:
                size = struct.unpack_from("<H", stream, at + 2)[0]
                parts.append(stream[at + 4 : at + 4 + size])
                at += 4 + size
            shared = _shared_texts(parts)
        elif kind == 0xFD and len(body) >= 10:
            lines.append(shared[struct.unpack_from("<I", body, 6)[0]])
        elif kind == 0x204:
            wide = is_new and body[8] & 1
            lines.append(body[8 + is_new :].decode("utf-16-le" if wide else "cp1252", "replace"))
    return "\n".join(lines)


def _shared_texts(parts: list[bytes]) -> list[str]:
    """The shared texts of a workbook; where one goes on in the next record, a byte says again how wide it is."""
    texts, parts = [], [parts[0][8:], *parts[1:]]
    while parts:
        if not parts[0]:
            parts.pop(0)
            continue
        length, flags = struct.unpack_from("<HB", parts[0])
        runs = struct.unpack_from("<H", parts[0], 3)[0] if flags & 8 else 0
        extra = struct.unpack_from("<I", parts[0], 3 + 2 * bool(flags & 8))[0] if flags & 4 else 0
        parts[0] = parts[0][3 + 2 * bool(flags & 8) + 4 * bool(flags & 4) :]
        text, wide = "", flags & 1
        while len(text) < length and parts:
            piece = parts[0][: (length - len(text)) * (1 + wide)]
            text += piece.decode("utf-16-le" if wide else "latin-1", "replace")
            parts[0] = parts[0][len(piece) :]
            if len(text) < length:
                parts.pop(0)
                wide = parts[0][0] & 1 if parts else 0
                parts[:1] = [parts[0][1:]] if parts else []
        skipped = 4 * runs + extra
        while parts and skipped:
            gone = min(skipped, len(parts[0]))
            parts[0], skipped = parts[0][gone:], skipped - gone
            if skipped:
                parts.pop(0)
        texts.append(text)
    return texts


def _stream(content: bytes, *names: str) -> bytes:
    with olefile.OleFileIO(io.BytesIO(content)) as package:
        return next(package.openstream(name).read() for name in names if package.exists(name))


SECOND_READERS: dict[str, Callable[[bytes], str]] = {
    ".docx": docx_words,
    ".odt": open_document_words,
    ".ods": open_document_words,
    ".odp": open_document_words,
    ".rtf": rtf_words,
    ".epub": epub_words,
    ".pptx": pptx_words,
    ".xlsx": xlsx_words,
    ".doc": doc_words,
    ".ppt": ppt_words,
    ".xls": xls_words,
}


def real_files(folder: Path) -> list[Path]:
    """The files of a folder that a second reader reads."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SECOND_READERS)
