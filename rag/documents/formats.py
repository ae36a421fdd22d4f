"""File formats: media types by file name suffix and by a file's first bytes."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from rag.documents.readers.zip_packages import ZIP_ERRORS

PLAIN = "text/plain"
MARKDOWN = "text/markdown"
RST = "text/x-rst"
TEX = "text/x-tex"
ORG = "text/x-org"
ASCIIDOC = "text/asciidoc"
SOURCE = "text/x-source"
SETTINGS = "text/x-settings"
LOG = "text/x-log"
SUBTITLES = "text/vtt"
HTML = "text/html"
XML = "application/xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
MAIL = "message/rfc822"
MSG = "application/vnd.ms-outlook"
MBOX = "application/mbox"
MHTML = "multipart/related"
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
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"

LOCKED = "locked"
"""Not a media type: the result of `sniff` for an Office file encrypted with a password."""

_SUFFIXES = {
    PLAIN: ".txt .text",
    MARKDOWN: ".md .markdown .mdx .qmd .rmd",
    RST: ".rst .rest",
    TEX: ".tex .ltx .latex",
    ORG: ".org",
    ASCIIDOC: ".adoc .asciidoc",
    SETTINGS: ".yaml .yml .toml .ini .cfg .conf .properties .env .editorconfig",
    LOG: ".log",
    SUBTITLES: ".srt .vtt",
    SOURCE: (
        ".py .pyi .js .mjs .jsx .ts .tsx .java .kt .scala .c .h .cc .cpp .hpp .cs .go .rs .rb .php .pl .lua .r .jl "
        ".swift .m .sql .sh .bash .ps1 .bat .css .scss .vue .dart .ex .erl .hs .clj .ml .f90 .asm .proto .graphql .tf "
        ".dockerfile .mk .cmake .gradle .bib .diff .patch"
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
    MSG: ".msg",
    MBOX: ".mbox .mbx",
    MHTML: ".mht .mhtml",
    ZIP: ".zip",
    PDF: ".pdf",
    RTF: ".rtf",
    EPUB: ".epub",
    DOC: ".doc .dot",
    PPT: ".ppt .pps",
    XLS: ".xls .xlt",
    DOCX: ".docx .docm .dotx .dotm",
    PPTX: ".pptx .pptm .ppsx .ppsm .potx .potm",
    XLSX: ".xlsx .xlsm .xltx .xltm",
    XLSB: ".xlsb",
    ODT: ".odt .ott .fodt",
    ODS: ".ods .ots .fods",
    ODP: ".odp .otp .fodp",
}
READABLE = (
    "PDF, Word, PowerPoint, Excel, OpenDocument, RTF, EPUB, HTML, MHTML, Markdown, reStructuredText, TeX, Org, "
    "AsciiDoc, plain text, CSV, TSV, JSON, JSONL, Parquet, e-mail (EML, MSG, MBOX) with attachments, subtitles "
    "(SRT, VTT), chat exports (Telegram, Slack, WhatsApp), XML, source code, Jupyter notebooks, and ZIP archives of "
    "these"
)
"""Supported formats, for a sentence in a message."""

MEDIA_TYPES = {suffix: media_type for media_type, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
"""Suffix (lower case, with its dot) -> media type, for all supported formats."""

TABLE_SUFFIXES = frozenset(
    suffix for kind in (CSV, TSV, JSON, JSON_LINES, PARQUET, XLS, XLSX, XLSB, ODS) for suffix in _SUFFIXES[kind].split()
)
"""Suffixes of files that may be tables, so that their text columns can be chosen."""
SPREADSHEETS = frozenset({XLSX, XLSB, XLS, ODS})
TEXT_TYPES = frozenset(
    {PLAIN, MARKDOWN, RST, TEX, ORG, ASCIIDOC, SOURCE, SETTINGS, LOG, SUBTITLES, HTML, XML, CSV, TSV, JSON, JSON_LINES}
    | {NOTEBOOK, MAIL, MBOX, MHTML}
)
WITH_ATTACHMENTS = frozenset({MAIL, MSG, MBOX})
"""Mail, whose attachments are documents of their own."""
UNTOLD_LANGUAGE = frozenset({SOURCE, SETTINGS})
"""Texts in a programming language, of which no natural language is told."""
_LABELS = {
    PLAIN: "plain text",
    MARKDOWN: "Markdown",
    RST: "reStructuredText",
    TEX: "TeX",
    ORG: "Org",
    ASCIIDOC: "AsciiDoc",
    SOURCE: "source code",
    SETTINGS: "settings",
    LOG: "a log",
    SUBTITLES: "subtitles",
    XML: "XML",
    CSV: "a CSV table",
    TSV: "a TSV table",
    JSON: "JSON",
    JSON_LINES: "JSON Lines",
    NOTEBOOK: "a notebook",
    MAIL: "an e-mail",
    MSG: "an Outlook message",
    MBOX: "a mailbox",
    MHTML: "a web archive",
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
    XLSB: "a binary Excel workbook (XLSB)",
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
_OLD = (
    (b"\x09\x00\x04\x00", "a workbook of Excel 2"),
    (b"\x09\x02\x06\x00", "a workbook of Excel 3"),
    (b"\x09\x04\x06\x00", "a workbook of Excel 4"),
    (b"\xdb\xa5", "a document of Word 2"),
    (b"\x9b\xa5", "a document of Word 1"),
    (b"\xffWPC", "a WordPerfect document"),
    (b"\x31\xbe\0\0", "a document of Windows Write"),
    (b"\0\0\x02\0\x06\x04", "a worksheet of Lotus 1-2-3"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = (
    ("__properties_version1.0", MSG),
    ("EncryptedPackage", LOCKED),
    ("WordDocument", DOC),
    ("PowerPoint Document", PPT),
    ("Workbook", XLS),
)
_PARTS = (("word/", DOCX), ("ppt/", PPTX), ("xl/workbook.bin", XLSB), ("xl/", XLSX))
_HEAD = 4096
"""Bytes in which a flat OpenDocument file states its media type, after its namespaces."""
# Their first entry, "mimetype", states the media type.
_STATED_TYPES = {ODT, ODS, ODP, EPUB}


_TYPES_BY_NAME = {
    **dict.fromkeys(("dockerfile", "containerfile", "makefile", "jenkinsfile", "vagrantfile", "procfile"), SOURCE),
    **dict.fromkeys(("gemfile", "rakefile", "cmakelists.txt", ".bashrc", ".profile", ".zshrc"), SOURCE),
    **dict.fromkeys((".env", ".gitignore", ".dockerignore", ".gitattributes"), SETTINGS),
}
"""Files whose whole name tells what they are; lines of theirs that begin with "#" are comments."""


def type_by_name(name: str) -> str:
    """The media type of a file name or its suffix; empty if it is not supported."""
    path = PurePath(name.lower())
    found = _TYPES_BY_NAME.get(path.name) or MEDIA_TYPES.get(path.suffix)
    # Dockerfile.dev
    return found or _TYPES_BY_NAME.get(path.stem, "")


def label(media_type: str) -> str:
    """A media type in words, for a sentence: "a PDF", "plain text"."""
    return _LABELS.get(media_type, media_type)


def foreign_label(content: bytes) -> str:
    """The likely type of an unsupported binary file, in words; empty if unknown."""
    if content[257:262] == b"ustar":
        return "a tar archive"
    return next((words for magic, words in _FOREIGN if content.startswith(magic)), "")


def old_label(content: bytes) -> str:
    """The format of a document of the 1980s or 1990s that is not read, in words; empty for all others."""
    return next((words for magic, words in _OLD if content.startswith(magic)), "")


def sniff(content: bytes) -> str:
    """The media type by the content's first bytes, or LOCKED; empty if they identify none."""
    start = content[:1024]
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(content)
    if start.startswith(_OLE):
        return _sniff_compound(content)
    if start.startswith(b"PAR1") and content.endswith(b"PAR1"):
        return PARQUET
    if start.lstrip().startswith(b"{\\rtf"):
        return RTF
    if b"<office:document" in start:
        return _sniff_flat(content[:_HEAD])
    return PDF if b"%PDF-" in start else ""


def looks_like_html(content: bytes) -> bool:
    """Whether a text begins like an HTML page."""
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _sniff_compound(content: bytes) -> str:
    """The media type of a compound file by its streams; those of documents that are embedded in it do not count."""
    # Directory entries name their streams in UTF-16; the stream of an Excel 5 workbook is called "Book".
    streams = (*_STREAMS, ("Book", XLS))
    found = [(stream, kind) for stream, kind in streams if stream.encode("utf-16-le") in content]
    if len({kind for _, kind in found}) != 1:
        import olefile

        try:
            with olefile.OleFileIO(io.BytesIO(content)) as package:
                # Some programs write the names in capitals.
                outer = {path[0].lower() for path in package.listdir() if len(path) == 1}
        except (OSError, ValueError, IndexError, TypeError):
            outer = set()
        found = [one for one in streams if one[0].lower() in outer] or found
    return found[0][1] if found else ""


def _sniff_flat(start: bytes) -> str:
    """The media type that a flat OpenDocument file (FODT, FODS, FODP) states."""
    stated = re.search(rb"""office:mimetype=["']([^"']{1,100})["']""", start)
    return _document_type(stated[1].decode("ascii", "replace")) if stated else ""


def _document_type(stated: str) -> str:
    """The media type of a document that says it is one or a template of one; empty for all others."""
    stated = stated.strip().removesuffix("-template").removesuffix("-master")
    return stated if stated in _STATED_TYPES else ""


def _sniff_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.namelist()
            if "mimetype" in names and package.getinfo("mimetype").file_size < 200:
                stated = _document_type(package.read("mimetype").decode("ascii", "replace"))
                if stated:
                    return stated
    except ZIP_ERRORS:
        return ""
    # Some programs write the names in capitals or with backslashes.
    parts = [name.replace("\\", "/").lower() for name in names]
    if "[content_types].xml" in parts:
        return next((kind for part, kind in _PARTS if any(name.startswith(part) for name in parts)), ZIP)
    return ZIP
