"""Second readers of Office files, apart from ours: lxml on the raw parts, openpyxl and striprtf; they give words."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import openpyxl
from lxml import etree, html
from striprtf.striprtf import rtf_to_text

_WORD = re.compile(r"[^\W_]+")
_ODF_BREAKS = ("}p", "}h", "}s", "}tab", "}line-break", "}table-cell", "}list-item")
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


SECOND_READERS: dict[str, Callable[[bytes], str]] = {
    ".docx": docx_words,
    ".odt": open_document_words,
    ".ods": open_document_words,
    ".odp": open_document_words,
    ".rtf": rtf_words,
    ".epub": epub_words,
    ".pptx": pptx_words,
    ".xlsx": xlsx_words,
}


def real_files(folder: Path) -> list[Path]:
    """The files of a folder that a second reader reads."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SECOND_READERS)
