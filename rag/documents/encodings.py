"""Text encodings: decode bytes by byte order mark, as UTF-8, or with the most likely code page."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from rag.documents.formats import READABLE, foreign_label
from rag.errors import DocumentError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Only encodings that browsers support: on short texts, old Mac and DOS code pages are easily confused with them.
_CANDIDATES = (
    "cp1252 cp1250 iso8859-2 cp1251 koi8-r koi8-u cp866 iso8859-5 cp1253 iso8859-7 cp1254 cp1255 iso8859-8 cp1256 "
    "iso8859-6 cp1257 iso8859-13 iso8859-4 cp1258 cp874 cp932 euc-jp iso-2022-jp gb18030 big5 big5hkscs cp949"
)
# Supersets, in which the same bytes mean the same letters.
_SUPERSETS = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "shift_jis": "cp932", "euc_kr": "cp949"}
_SUPERSETS |= {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "tis-620": "cp874", "iso8859-11": "cp874"}
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""\A\s*<\?xml[^>]*?encoding=["']([\w.:-]+)""")
# A control character from the upper half of the ISO pages, or a symbol inside a word.
_MISFIT = re.compile(r"[\x80-\x84\x86-\x9f\ufffd]|(?<=[^\W\d_])[^\w\s.,:;!?'’()/@&*+=<>\"\[\]{}|-](?=[^\W\d_])")
# ISO 2022-JP is ASCII except for these escape sequences around its letters.
_JAPANESE_SHIFT = b"\x1b$B"
_SAMPLE = 64 * 1024
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\f\x08\x1b")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded text, and a note for the user if some of it is uncertain."""

    text: str
    note: str = ""


def decode(name: str, content: bytes) -> Decoded:
    """Decode a file's text. A charset declared in HTML or XML is used if the bytes agree with it.

    Raises:
        DocumentError: the content is not text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decode_as(content, encoding)
    encoding = _wide_encoding(content[:_SAMPLE])
    if encoding:
        return _decode_as(content, encoding)
    if is_binary(content):
        what = foreign_label(content) or "binary data"
        raise DocumentError(f"'{name}' is {what}, not text. Supported formats: {READABLE}.")
    try:
        return Decoded(content.decode("iso-2022-jp" if _JAPANESE_SHIFT in content[:_SAMPLE] else "utf-8"))
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        return _mostly_utf8(content, cut=cut) or _decode_as(content, _declared(content) or _guess(content))


def is_binary(content: bytes) -> bool:
    """Whether bytes cannot be text in UTF-8 or any code page: null bytes or many control characters."""
    sample = content[:_SAMPLE]
    return sample.count(0) > max(len(sample) // 1000, 2) or _has_controls(sample)


def _has_controls(sample: bytes) -> bool:
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    return controls > max(len(sample) // 50, 2)


def _decode_as(content: bytes, encoding: str) -> Decoded:
    text = content.decode(encoding, "replace")
    broken = text.count("�")
    signs = (
        "1 character could not be read and is" if broken == 1 else f"{broken:,} characters could not be read and are"
    )
    note = f"{signs} shown as �. The encoding appears to be {encoding}."
    return Decoded(text, note if broken else "")


def _wide_encoding(sample: bytes) -> str:
    """UTF-16 or UTF-32 without a byte order mark, found by the position of null bytes in Latin letters and spaces."""
    nulls = sample.count(0)
    # A few nulls among plain letters are noise; the second bytes of wide letters would look like control characters.
    if nulls < len(sample) // 50 or len(sample) < 4 or (5 * nulls < len(sample) and not _has_controls(sample)):
        return ""
    quarters = [sample[place::4].count(0) / (len(sample) // 4) for place in range(4)]
    if min(quarters[2:]) > 0.95 > quarters[0]:
        return "utf-32-le"
    if min(quarters[:2]) > 0.95 > quarters[3]:
        return "utf-32-be"
    high, low = sample[0::2].count(0), sample[1::2].count(0)
    for encoding, many, few in (("utf-16-le", low, high), ("utf-16-be", high, low)):
        if many > 10 * few and _is_prose(sample[: len(sample) // 2 * 2].decode(encoding, "ignore")):
            return encoding
    return ""


def _is_prose(text: str) -> bool:
    good = sum(letter.isalnum() or letter.isspace() or letter in ".,;:!?'\"()-<>/=" for letter in text)
    return good > 0.9 * len(text)


def _mostly_utf8(content: bytes, *, cut: bool) -> Decoded | None:
    """UTF-8 with a few broken bytes, or `cut` at its end; None if another encoding is more likely."""
    decoded = _decode_as(content, "utf-8")
    broken = decoded.text.count("�")
    sample = decoded.text[: 20 * _SAMPLE]
    whole = len(sample) - len(sample.encode("ascii", "ignore")) - broken
    return decoded if whole > (0 if cut else 20 * broken) else None


def _declared(content: bytes) -> str:
    match = _XML_ENCODING.search(content[:2048]) or _META_CHARSET.search(content[:2048])
    if not match:
        return ""
    encoding = _python_name(match[1].decode("ascii"))
    try:
        content[:_SAMPLE].decode(encoding)
    except UnicodeDecodeError as error:
        return encoding if error.start > _SAMPLE - 8 else ""
    except LookupError:
        return ""
    return encoding


def _guess(content: bytes) -> str:
    """The most likely code page, by chardet; Windows-1252 if a few letters are not enough to decide."""
    import chardet

    sample = content[:_SAMPLE]
    found = chardet.detect_all(sample, prefer_superset=False, include_encodings=_CANDIDATES.split())
    best = found[0]["confidence"]
    likely = [item["encoding"] for item in found if item["encoding"] and item["confidence"] >= 0.9 * best]
    western = max((item["confidence"] for item in found if _python_name(item["encoding"] or "") == "cp1252"), default=0)
    few = sum(byte > 0x7F for byte in sample) < 4
    if not likely or (few and western >= 0.5 * best):
        return "cp1252"
    # Related code pages are equally likely: the right one has the fewest symbols inside words.
    return _python_name(min(likely, key=lambda encoding: len(_MISFIT.findall(sample.decode(encoding, "replace")))))


def _python_name(encoding: str) -> str:
    """Python's name of an encoding, widened to the superset that programs use; unchanged if unknown."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        return encoding
    return _SUPERSETS.get(name, name)
