"""Generators of broken and hostile files: truncated, encrypted, empty, misnamed, exploding, nested, endless."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.good_files import (
    ODF_TYPE,
    SENTENCE,
    docx,
    epub,
    odp,
    ods,
    open_document,
    paragraph,
    parquet,
    pdf,
    pptx,
    xlsx,
    zipped,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file, and a word that its error must contain; empty if the file may also be read."""

    name: str
    content: bytes
    says: str = ""


def office_of_zeros(entry: str, size: int, mimetype: str = "") -> bytes:
    """An office file with an entry that unpacks to `size` bytes of nothing, a thousandth of that packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("mimetype" if mimetype else "[Content_Types].xml", mimetype or "<Types/>")
        with package.open(entry, "w") as file:
            left = size
            while left:
                left -= file.write(bytes(min(left, 1 << 24)))
    return buffer.getvalue()


def locked_zip(entry: str, content: bytes) -> bytes:
    """An archive whose entry is marked as encrypted, in the entry's header and in the directory."""
    packed = bytearray(zipped({entry: content}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def external_entities(uri: str) -> str:
    """A prolog whose entity `x` is to be fetched from elsewhere, as is its DTD."""
    return f'<!DOCTYPE r SYSTEM "{uri}/dtd" [<!ENTITY x SYSTEM "{uri}">]>'


def laughs() -> str:
    """A prolog whose entity `x` would grow to a billion words."""
    entities = ['<!ENTITY x0 "laugh">']
    entities += [f'<!ENTITY x{level} "{f"&x{level - 1};" * 10}">' for level in range(1, 10)]
    return f'<!DOCTYPE r [{"".join(entities)}<!ENTITY x "&x9;">]>'


def good_files() -> Iterator[BrokenFile]:
    """A small sound file of each format that the standard library can write, all with the same sentence."""
    row = [["boat", "text"], ["Anna", SENTENCE]]
    yield BrokenFile("a.pdf", pdf([SENTENCE]))
    yield BrokenFile("a.docx", docx(paragraph(SENTENCE)))
    yield BrokenFile("a.xlsx", xlsx({"Boats": row}))
    yield BrokenFile("a.pptx", pptx([("Boats", SENTENCE)]))
    yield BrokenFile("a.odt", open_document("text", f"<text:p>{SENTENCE}</text:p>"))
    yield BrokenFile("a.ods", ods(row))
    yield BrokenFile("a.odp", odp([("Boats", SENTENCE)]))
    yield BrokenFile("a.epub", epub([("Boats", SENTENCE)]))
    yield BrokenFile("a.parquet", parquet({"boat": ["Anna"], "text": [SENTENCE]}))
    yield BrokenFile("a.rtf", rf"{{\rtf1\ansi {SENTENCE}}}".encode())


def broken_files() -> Iterator[BrokenFile]:
    """Files as people and attackers send them: truncated, encrypted, empty, misnamed, exploding, nested, endless."""
    for good in good_files():
        for share in (0.3, 0.6, 0.95):
            yield BrokenFile(f"cut-{share}{good.name[1:]}", good.content[: int(share * len(good.content))])
        middle = len(good.content) // 2
        yield BrokenFile(f"torn{good.name[1:]}", good.content[:middle] + b"\xff\0" * 20 + good.content[middle + 40 :])
        yield BrokenFile(f"empty{good.name[1:]}", b"")
    lock = "/Encrypt<</Filter/Standard/V 1/R 2/O(" + "o" * 32 + ")/U(" + "u" * 32 + ")/P -4>>/ID[(i)(i)]"
    yield BrokenFile("locked.pdf", pdf([SENTENCE], lock), "password")
    yield BrokenFile("locked.docx", OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600), "password")
    yield BrokenFile("locked.odt", open_document("text", "", manifest="<m><encryption-data/></m>"), "password")
    yield BrokenFile("picture.txt", PNG, "PNG")
    yield BrokenFile("program.exe", b"MZ\x90\0" + bytes(200), "program")
    yield BrokenFile("text.pdf", SENTENCE.encode(), "not a PDF")
    yield BrokenFile("random.doc", bytes(range(256)) * 40, "not a Word document")
    yield BrokenFile("bomb.docx", office_of_zeros("word/document.xml", 250 << 20), "ZIP bomb")
    yield BrokenFile("bomb.odp", office_of_zeros("content.xml", 150 << 20, f"{ODF_TYPE}.presentation"), "damaged")
    yield BrokenFile("laughs.xml", f"{laughs()}<r>&x;</r>".encode())
    yield BrokenFile("laughs.docx", docx(paragraph("&x;"), laughs()))
    yield BrokenFile("laughs.odp", odp([("&x;", "")], laughs()))
    deep = 200_000
    yield BrokenFile("deep.json", b"[" * deep, "JSON")
    yield BrokenFile("deep.jsonl", b"[" * deep, "JSON")
    yield BrokenFile("deep.html", b"<div>" * deep + b"text")
    yield BrokenFile("deep.xml", b"<d>" * deep + b"text" + b"</d>" * deep)
    yield BrokenFile("deep.md", b"> " * deep + b"text")
    yield BrokenFile("deep.rtf", rb"{\rtf1 " + b"{" * deep + b"text" + b"}" * deep)
    yield BrokenFile("deep.pdf", pdf(["x"], "/Deep " + "[" * deep + "]" * deep))
    yield BrokenFile(
        "deep.docx", docx("<w:tbl><w:tr><w:tc>" * 20_000 + paragraph("x") + "</w:tc></w:tr></w:tbl>" * 20_000)
    )
    yield BrokenFile(
        "deep.eml", b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000))
    )
    yield BrokenFile("wide.csv", b"a,b\n" + b"," * 5_000_000)
    yield BrokenFile("quote.csv", b'a,b\n"' + b"x" * 30_000_000, "CSV")
    yield BrokenFile("digits.json", b"[" + b"1" * 1_000_000 + b"]")
