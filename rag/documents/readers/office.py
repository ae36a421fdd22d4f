"""Read PDF and HTML with kreuzberg, and DOC and PPT that are too damaged for their own readers: text with headings."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.documents.formats import HTML, PDF, label
from rag.documents.parsed import Parsed, clean, markdown_headings
from rag.documents.readers.panics import without_panic
from rag.documents.readers.pdf.reading import read_pdf
from rag.documents.readers.pipe_tables import write_pipe_tables
from rag.documents.tables.text import TablesApart
from rag.errors import DocumentError

if TYPE_CHECKING:
    import kreuzberg

_FRONT_MATTER = re.compile(r"\A---\n.*?^(?:## )?title: ?(?P<title>[^\n]*)\n+(?:---\s*\n)?", re.DOTALL | re.MULTILINE)
# What a parser written in Rust says when it fails on a file.
_PANIC = re.compile(r"panic|char boundary|byte index|out of (?:bounds|range)|unwrap\(\)|thread '", re.IGNORECASE)
_IMAGE = re.compile(r"\\?!\[([^\]\n]{0,300})\]\((?:[^()\n]|\([^()\n]*\))*\)")
_ESCAPE = re.compile(r"\\([\\!*_\[\]()<>~`|.{}+$&-]|(?<=[^\n]\\)#)")
_TAB = re.compile(r"(?<!\\)&#9;")
_CELLS = re.compile(r"^\|.*\|$", re.MULTILINE)
_PADDING = re.compile(r"( |-{3})(?:(?<= ) +|(?<=---)-+)")
_RULE = re.compile(r"^-----+$\n*", re.MULTILINE)
_TESSDATA = ("/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata")
_TESSDATA_ELSEWHERE = ("/opt/homebrew/share/tessdata", "C:/Program Files/Tesseract-OCR/tessdata")
_ENABLE_OCR = " To read scans, install Tesseract (Debian: tesseract-ocr-eng) and start with EXPLORER_OCR=1."


def extract(name: str, media_type: str, content: bytes, apart: TablesApart | None = None) -> Parsed:
    """The text of a document with pages and headings; for a PDF, a note names the pages without text.

    Args:
        apart: the tables that were taken out of the file, to be put in their places.

    Raises:
        DocumentError: damaged, or protected by a password.
    """
    if media_type == PDF:
        return read_pdf(content, partial(_pages, name, content), ocr="" if ocr_is_on() else _ENABLE_OCR)
    result = _extract(name, media_type, content)
    markdown = _tidy(result.content, is_escaped=media_type != HTML)
    markdown = write_pipe_tables(markdown, states_header=False)
    markdown = apart.restored(markdown) if apart else markdown
    return Parsed(markdown, headings=markdown_headings(markdown))


def _pages(name: str, content: bytes) -> list[str]:
    """The text of each page of a PDF, without its layout."""
    return [page["content"] for page in _extract(name, PDF, content, "plain").pages or []]


def _extract(
    name: str, media_type: str, content: bytes, output: Literal["markdown", "plain"] = "markdown"
) -> kreuzberg.ExtractionResult:
    import kreuzberg

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        output_format=output,
        pages=kreuzberg.PageConfig(extract_pages=True),
        ocr=kreuzberg.OcrConfig(backend="tesseract", language="eng") if ocr_is_on() else None,
    )
    try:
        with without_panic(name, label(media_type)):
            return kreuzberg.extract_bytes_sync(content, media_type, config)
    except kreuzberg.KreuzbergError as error:
        raise DocumentError(_reason(name, media_type, str(error))) from error


def _reason(name: str, media_type: str, message: str) -> str:
    if "password" in message.lower() or "encrypt" in message.lower():
        return f"'{name}' is protected by a password. Save a copy without one."
    if "page boundaries" in message:
        return f"'{name}' has no readable page. It may be damaged: open it and save it again."
    if _PANIC.search(message):
        return f"'{name}' could not be read as {label(media_type)}: the parser failed on it. Save it in another format."
    # The parser nests its messages in one another and in class names; each part is shown once.
    parts = (message.strip().splitlines() or [""])[0].rstrip(".").split(": ")
    reason = (": ".join(dict.fromkeys(part for part in parts if " " in part)) or parts[-1])[:200]
    return f"'{name}' could not be read as {label(media_type)}: {reason}. It may be damaged: open it and save it again."


def ocr_is_on() -> bool:
    """Whether OCR is on: EXPLORER_OCR=1 is set and Tesseract's English data are found."""
    if os.environ.get("EXPLORER_OCR") != "1":
        return False
    folders = [Path(os.environ["TESSDATA_PREFIX"])] if os.environ.get("TESSDATA_PREFIX") else []
    for pattern in (*_TESSDATA, *_TESSDATA_ELSEWHERE):
        folders += Path(Path(pattern).anchor).glob(pattern.removeprefix(Path(pattern).anchor.replace("\\", "/")))
    found = next((folder for folder in folders if (folder / "eng.traineddata").is_file()), None)
    if found is None:
        return False
    # The OCR engine is built into the parser, and looks for its data only in this folder.
    os.environ["TESSDATA_PREFIX"] = str(found)
    return True


def _tidy(markdown: str, *, is_escaped: bool) -> str:
    """Markdown without the parser's additions: front matter, escapes, image files, rules between slides."""
    text = clean(markdown).strip()
    front = _FRONT_MATTER.match(text)
    if front:
        body = text[front.end() :].lstrip()
        title = front["title"].strip()
        text = body if title in body[: len(title) + 200] else f"{title}\n\n{body}"
    text = _CELLS.sub(lambda line: _PADDING.sub(r"\1", line[0]), _IMAGE.sub(r"\1", text))
    text = _RULE.sub("", text).strip()
    return _ESCAPE.sub(r"\1", _TAB.sub("\t", text)) if is_escaped else text
