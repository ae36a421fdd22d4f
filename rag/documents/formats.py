"""File formats: media types by file name suffix and by a file's first bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

from rag.documents.readers.zip_packages import ZIP_ERRORS

PLAIN = "text/plain"
MARKDOWN = "text/markdown"
SOURCE = "text/x-source"
HTML = "text/html"
XML = "application/xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
MAIL = "message/rfc822"
ZIP = "application/zip"
PDF = "application/pdf"
RTF = "application/rtf"
EPUB = "application/epub+zip"
NOTEBOOK = "application/x-ipynb+json"
DOC = "application/msword"
PPT = "application/vnd.ms-powerpoint"
XLS = "application/vnd.ms-excel"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"

LOCKED = "locked"
"""Not a media type: the result of `sniff` for an Office file encrypted with a password."""

_SUFFIXES = {
    PLAIN: ".txt .text .log .rst .tex .org .adoc .srt .vtt .yaml .yml .toml .ini .cfg .conf .properties .bib .diff",
    MARKDOWN: ".md .markdown .mdx",
    SOURCE: (
        ".py .pyi .js .mjs .jsx .ts .tsx .java .kt .scala .c .h .cc .cpp .hpp .cs .go .rs .rb .php .pl .lua .r .jl "
        ".swift .m .sql .sh .bash .ps1 .bat .css .scss .vue .dart .ex .erl .hs .clj .ml .f90 .asm .proto .graphql .tf"
    ),
    HTML: ".html .htm .xhtml",
    XML: ".xml .svg .rss .atom .xsd .wsdl",
    CSV: ".csv",
    TSV: ".tsv .tab",
    JSON: ".json .geojson",
    JSON_LINES: ".jsonl .ndjson",
    PARQUET: ".parquet",
    NOTEBOOK: ".ipynb",
    MAIL: ".eml",
    ZIP: ".zip",
    PDF: ".pdf",
    RTF: ".rtf",
    EPUB: ".epub",
    DOC: ".doc .dot",
    PPT: ".ppt .pps",
    XLS: ".xls .xlt",
    DOCX: ".docx .docm .dotx",
    PPTX: ".pptx .pptm .ppsx",
    XLSX: ".xlsx .xlsm .xltx",
    ODT: ".odt .ott",
    ODS: ".ods",
    ODP: ".odp",
}
READABLE = (
    "PDF, Word, PowerPoint, Excel, OpenDocument, RTF, EPUB, HTML, Markdown, plain text, CSV, TSV, JSON, JSONL, "
    "Parquet, e-mail (EML), XML, source code, Jupyter "
    "notebooks, and ZIP archives of these"
)
"""Supported formats, for a sentence in a message."""

MEDIA_TYPES = {suffix: media_type for media_type, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
"""Suffix (lower case, with its dot) -> media type, for all supported formats."""

TABLE_SUFFIXES = frozenset(
    suffix for kind in (CSV, TSV, JSON, JSON_LINES, PARQUET, XLS, XLSX, ODS) for suffix in _SUFFIXES[kind].split()
)
"""Suffixes of files that may be tables, so that their text columns can be chosen."""
SPREADSHEETS = frozenset({XLSX, XLS, ODS})
TEXT_TYPES = frozenset({PLAIN, MARKDOWN, SOURCE, HTML, XML, CSV, TSV, JSON, JSON_LINES, NOTEBOOK, MAIL})
_LABELS = {
    PLAIN: "plain text",
    MARKDOWN: "Markdown",
    SOURCE: "source code",
    XML: "XML",
    CSV: "a CSV table",
    TSV: "a TSV table",
    JSON: "JSON",
    JSON_LINES: "JSON Lines",
    NOTEBOOK: "a notebook",
    MAIL: "an e-mail",
    HTML: "a web page",
    PARQUET: "a Parquet table",
    ZIP: "a ZIP archive",
    PDF: "a PDF",
    RTF: "an RTF document",
    EPUB: "an EPUB book",
    DOC: "a Word document (DOC)",
    PPT: "a PowerPoint presentation (PPT)",
    XLS: "an Excel workbook (XLS)",
    DOCX: "a Word document",
    PPTX: "a PowerPoint presentation",
    XLSX: "an Excel workbook",
    ODT: "an OpenDocument text",
    ODS: "an OpenDocument spreadsheet",
    ODP: "an OpenDocument presentation",
}
_FOREIGN = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"SQLite format 3\0", "an SQLite database"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = (("EncryptedPackage", LOCKED), ("WordDocument", DOC), ("PowerPoint Document", PPT), ("Workbook", XLS))
_PARTS = (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX))
# Their first entry, "mimetype", states the media type.
_STATED_TYPES = {ODT, ODS, ODP, EPUB}


def type_by_name(name: str) -> str:
    """The media type of a file name's suffix; empty if the suffix is not supported."""
    return MEDIA_TYPES.get(PurePath(name).suffix.lower(), "")


def label(media_type: str) -> str:
    """A media type in words, for a sentence: "a PDF", "plain text"."""
    return _LABELS.get(media_type, media_type)


def foreign_label(content: bytes) -> str:
    """The likely type of an unsupported binary file, in words; empty if unknown."""
    if content[257:262] == b"ustar":
        return "a tar archive"
    return next((words for magic, words in _FOREIGN if content.startswith(magic)), "")


def sniff(content: bytes) -> str:
    """The media type by the content's first bytes, or LOCKED; empty if they identify none."""
    start = content[:1024]
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(content)
    if start.startswith(_OLE):
        # Directory entries name their streams in UTF-16; the stream of an Excel 5 workbook is called "Book".
        found = (kind for stream, kind in (*_STREAMS, ("Book", XLS)) if stream.encode("utf-16-le") in content)
        return next(found, "")
    if start.startswith(b"PAR1") and content.endswith(b"PAR1"):
        return PARQUET
    if start.lstrip().startswith(b"{\\rtf"):
        return RTF
    return PDF if b"%PDF-" in start else ""


def looks_like_html(content: bytes) -> bool:
    """Whether a text begins like an HTML page."""
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _sniff_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.namelist()
            if "mimetype" in names and package.getinfo("mimetype").file_size < 200:
                stated = package.read("mimetype").decode("ascii", "replace").strip()
                if stated in _STATED_TYPES:
                    return stated
    except ZIP_ERRORS:
        return ""
    if "[Content_Types].xml" in names:
        return next((kind for folder, kind in _PARTS if any(name.startswith(folder) for name in names)), ZIP)
    return ZIP
