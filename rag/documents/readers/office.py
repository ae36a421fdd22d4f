"""Read office documents, PDF, EPUB and HTML with kreuzberg: text with pages and headings."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.documents.formats import DOCX, EPUB, HTML, PDF, RTF, label
from rag.documents.parsed import Parsed, Section, clean, join_pages, markdown_headings, name_some
from rag.documents.readers.markup import restore_word_signs
from rag.documents.readers.pdf.tables import PdfPages, take_pdf_tables
from rag.documents.readers.pipe_tables import write_pipe_tables
from rag.documents.tables.sheet import Sheet
from rag.documents.tables.text import TablesApart
from rag.errors import DocumentError
from rag.types import Heading

if TYPE_CHECKING:
    import kreuzberg

_FRONT_MATTER = re.compile(r"\A---\n.*?^(?:## )?title: ?(?P<title>[^\n]*)\n+(?:---\s*\n)?", re.DOTALL | re.MULTILINE)
_MARKED_HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*$", re.MULTILINE)
_IMAGE = re.compile(r"\\?!\[([^\]\n]{0,300})\]\((?:[^()\n]|\([^()\n]*\))*\)")
_ESCAPE = re.compile(r"\\([\\!*_\[\]()<>~`|.{}+$&-]|(?<=[^\n]\\)#)")
_TAB = re.compile(r"(?<!\\)&#9;")
_NOT_ESCAPED = (HTML, EPUB)
_CELLS = re.compile(r"^\|.*\|$", re.MULTILINE)
_PADDING = re.compile(r"( |-{3})(?:(?<= ) +|(?<=---)-+)")
_RULE = re.compile(r"^-----+$\n*", re.MULTILINE)
_TESSDATA = ("/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata")
_TESSDATA_ELSEWHERE = ("/opt/homebrew/share/tessdata", "C:/Program Files/Tesseract-OCR/tessdata")
_RTF_PAGE = re.compile(rb"(?<!\\)\\page(?![a-z])")
_PICTURE = re.compile(rb"/Subtype\s*/Image")
_NO_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)[ T]00:00:00$")
_NO_DATE = re.compile(r"^(?:1899-12-3[01] |DURATION: )(?=\S)")
_ENABLE_OCR = " To read scans, install Tesseract (Debian: tesseract-ocr-eng) and start with EXPLORER_OCR=1."


def extract(name: str, media_type: str, content: bytes, apart: TablesApart | None = None) -> Parsed:
    """The text of a document with pages and headings; for a PDF, a note names the pages without text.

    Args:
        apart: the tables that were taken out of the file, to be put in their places.

    Raises:
        DocumentError: damaged, or protected by a password.
    """
    # The parser would join the text before and after a page break.
    content = _RTF_PAGE.sub(rb"\\par ", content) if media_type == RTF else content
    result = _extract(name, media_type, content)
    markdown = _tidy(result.content, is_escaped=media_type not in _NOT_ESCAPED)
    if media_type == PDF:
        without = _without_text(content, encrypted=bool(result.metadata.get("is_encrypted")))
        tables = TablesApart()
        taken = take_pdf_tables(content, [clean(page["content"]) for page in result.pages or []], tables)
        return _join_pdf(taken, markdown, without, tables)
    markdown = write_pipe_tables(markdown, states_header=False)
    markdown = apart.restored(markdown) if apart else markdown
    text, pages = restore_word_signs(markdown) if media_type == DOCX else (markdown, ())
    return Parsed(text, pages, markdown_headings(text))


def extract_sheets(name: str, media_type: str, content: bytes) -> list[Sheet]:
    """The non-empty sheets of a workbook.

    Raises:
        DocumentError: damaged, or protected by a password.
    """
    result = _extract(name, media_type, content)
    names = result.metadata.get("sheet_names") or []
    sheets = []
    for table in result.tables or []:
        number = table.page_number
        title = names[number - 1] if 0 < number <= len(names) else f"Sheet {number}"
        sheets.append(
            Sheet(clean(title), tuple(tuple(clean(_cell_text(cell)) for cell in line) for line in table.cells))
        )
    return sheets


def _cell_text(cell: str) -> str:
    """A date without the midnight, and a time without the day zero, that the parser adds."""
    return _NO_DATE.sub("", _NO_TIME.sub(r"\1", cell))


def _extract(name: str, media_type: str, content: bytes) -> kreuzberg.ExtractionResult:
    import kreuzberg

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        output_format="markdown",
        pages=kreuzberg.PageConfig(extract_pages=True),
        ocr=kreuzberg.OcrConfig(backend="tesseract", language="eng") if ocr_is_on() else None,
    )
    try:
        return kreuzberg.extract_bytes_sync(content, media_type, config)
    except kreuzberg.KreuzbergError as error:
        raise DocumentError(_reason(name, media_type, str(error))) from error


def _reason(name: str, media_type: str, message: str) -> str:
    if "password" in message.lower() or "encrypt" in message.lower():
        return f"'{name}' is protected by a password. Save a copy without one."
    if "page boundaries" in message:
        return f"'{name}' has no readable page. It may be damaged: open it and save it again."
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


def _without_text(content: bytes, *, encrypted: bool) -> str:
    """Why pages of a PDF have no text, as far as the file shows; a page without an image is not a scan."""
    if encrypted:
        return "encrypted in an unsupported way. Save a copy without encryption."
    if not _PICTURE.search(content):
        return "blank, damaged, or drawn without text characters."
    return f"scanned, or blank.{'' if ocr_is_on() else _ENABLE_OCR}"


def _join_pdf(pages: PdfPages, markdown: str, without: str, apart: TablesApart) -> Parsed:
    """Join the text page by page: the parser's Markdown of a PDF drops whole paragraphs, its pages do not."""
    texts = [apart.put_back(_unwrap(page.replace("\f", "\n").strip())) for page in pages.texts]
    blank = [str(number) for number, text in enumerate(texts, start=1) if not text]
    if len(blank) == len(texts):
        if not texts:
            return Parsed("", notes=("The PDF has no pages.",))
        pages_are = "its only page is" if len(texts) == 1 else f"all {len(texts):,} pages are"
        return Parsed("", notes=(f"The PDF contains no text: {pages_are} {without}",))
    which = f"Page {blank[0]} holds" if len(blank) == 1 else f"Pages {name_some(blank, shown=20)} hold" if blank else ""
    notes = (f"{which} no text: {without}",) if blank else ()
    joined = join_pages([Section(text) for text in texts], notes)
    return Parsed(joined.text, joined.pages, _place_headings(joined.text, markdown, pages.headings), notes=notes)


def _place_headings(text: str, markdown: str, more: Sequence[tuple[int, str]]) -> tuple[Heading, ...]:
    """The headings that the parser guessed from font sizes, if each is a separate line in the text.

    Empty if there are so many that the font sizes cannot indicate headings.

    Args:
        more: level and title of headings on pages with tables, where the parser takes rows for headings.
    """
    guessed = [(len(match[1]), match[2]) for match in _MARKED_HEADING.finditer(markdown) if _is_heading(match[2])]
    lines = [(match.start(), " ".join(match[0].split())) for match in re.finditer(r"^.*\S.*$", text, re.MULTILINE)]
    if len(guessed) > 0.25 * len(lines):
        guessed = []
    places: dict[str, list[int]] = {}
    for place, (_, line) in enumerate(lines):
        places.setdefault(line, []).append(place)
    found = _placed(guessed, places) | _placed([one for one in more if _is_heading(one[1])], places)
    trail: list[tuple[int, str]] = []
    headings = []
    for place, (level, title) in sorted(found.items()):
        trail = [(depth, parent) for depth, parent in trail if depth < level] + [(level, title)]
        headings.append(Heading(lines[place][0], " > ".join(parent for _, parent in trail)))
    return tuple(headings)


def _placed(guessed: Sequence[tuple[int, str]], places: dict[str, list[int]]) -> dict[int, tuple[int, str]]:
    """Each heading at the next line that has its words."""
    found: dict[int, tuple[int, str]] = {}
    position = 0
    for level, words in guessed:
        title = " ".join(words.replace("*", "").split())
        known = places.get(title, [])
        later = bisect_left(known, position)
        if later < len(known):
            found[known[later]] = (level, title)
            position = known[later] + 1
    return found


def _is_heading(title: str) -> bool:
    return len(title) <= 120 and sum(letter.isalpha() for letter in title) >= 3 and not title.endswith((".", ",", ";"))


def _unwrap(page: str) -> str:
    """Join lines that a PDF broke only at the end of the column, so that sentences stay whole."""
    lines = page.split("\n")
    full = 0.7 * max(map(len, lines))
    pieces = []
    for line in lines:
        line = line.rstrip()
        pieces.append(line)
        pieces.append(" " if len(line) > full and line[-1:] not in ".!?:;" else "\n")
    return "".join(pieces).strip()
