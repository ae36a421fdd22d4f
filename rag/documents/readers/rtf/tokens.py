"""Tokens of RTF, and the code pages of its fonts.

The format: Rich Text Format Specification, version 1.9.1.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)|\\"
)
# Frequent control words for the looks of text, which mean nothing here.
_LOOKS = re.compile(
    rb"(?:\\(?:b|i|ul|ulnone|ulw|strike|outl|shad|scaps|caps|sub|super|nosupersub|up|dn|fs|afs|cf|cb|highlight|chcbpat|"
    rb"lang|langfe|langnp|langfenp|alang|noproof|kerning|expnd|expndtw|charscalex|insrsid|charrsid|pararsid|rsid|"
    rb"ql|qr|qc|qj|li|lin|ri|rin|fi|sa|sb|sl|slmult|sbauto|saauto|itap0|widctlpar|nowidctlpar|wrapdefault|aspalpha|"
    rb"aspnum|faauto|adjustright|keep|keepn|hyphpar|tx|tqr|tqc|tldot|ls|nooverflow|contextualspace|rtlch|ltrch|fcs|"
    rb"loch|hich|dbch|af|afs|ab|ai|ltrpar|rtlpar|cgrid|snext|sbasedon|slink|sqformat|spriority|styrsid|ssemihidden|"
    rb"sunhideused|spersonal|sautoupd|additive|pardeftab|clvertal[tcb]|clbrdr[tlbr]|brdrs|brdrw|brdrcf|brsp|clftsWidth|"
    rb"clwWidth|clshdrawnil|clpadl|clpadr|clpadt|clpadb|clpadfl|clpadfr|trgaph|trleft|trftsWidth|trautofit)"
    rb"(?:-?[0-9]{1,10})?(?![a-zA-Z0-9]) ?)+"
)
_GROUP = re.compile(rb"[{}]|\\bin([0-9]{1,10}) ?|\\.", re.DOTALL)
_ESCAPED = {b"{": "\\{", b"}": "\\}", b"\\": "\\\\"}
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 78: "cp932", 79: "cp949", 80: "cp936", 81: "cp950", 83: "cp1255", 84: "cp1256",
    85: "mac_greek", 86: "mac_turkish", 87: "cp874", 88: "mac_latin2", 89: "mac_cyrillic", 128: "cp932", 129: "cp949",
    130: "johab", 134: "cp936", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
SYMBOLS = "symbols"
"""Stands for the code page of a font that has symbols and no letters."""
_SYMBOL_CHARSET = 2
_NAMED = ((" CE", "cp1250"), (" Cyr", "cp1251"), (" Greek", "cp1253"), (" Tur", "cp1254"), (" Baltic", "cp1257"))


class Token(NamedTuple):
    """One token: a control word or sign with its number, a brace, or bytes of text."""

    word: str
    number: int | None = None
    content: bytes = b""


class Tokens:
    """The tokens of a file in order; binary data in it is passed over."""

    def __init__(self, rtf: bytes) -> None:
        self._rtf = rtf
        self._at = 0

    def __iter__(self) -> Iterator[Token]:
        """The tokens from here on."""
        end = len(self._rtf)
        while self._at < end:
            if looks := _LOOKS.match(self._rtf, self._at):
                self._at = looks.end()
                continue
            match = _TOKEN.match(self._rtf, self._at)
            if match is None:
                return
            self._at = match.end()
            word, number, code, sign, brace, text = match.groups()
            if word:
                value = int(number) if number else None
                if word == b"bin":
                    self._at += max(value or 0, 0)
                else:
                    yield Token(word.decode("ascii"), value)
            elif code:
                yield Token("'", None, bytes((int(code, 16),)))
            elif brace:
                yield Token(brace.decode("ascii"))
            elif sign:
                yield Token(_ESCAPED.get(sign) or sign.decode("latin-1"))
            elif text:
                yield Token("", None, text)

    def skip_group(self) -> bytes:
        """Pass over the rest of the open group, which is returned; the next token is the brace that ends it."""
        depth, start = 1, self._at
        while True:
            match = _GROUP.search(self._rtf, self._at)
            if match is None:
                self._at = len(self._rtf)
                return self._rtf[start:]
            self._at = match.end()
            if match[1]:
                self._at += int(match[1])
            elif match[0] in (b"{", b"}"):
                depth += 1 if match[0] == b"{" else -1
                if depth == 0:
                    self._at = match.start()
                    return self._rtf[start : self._at]


def charset_encoding(charset: int, usual: str) -> str:
    """The encoding of a font by its charset; `usual` is that of the document."""
    return SYMBOLS if charset == _SYMBOL_CHARSET else _CHARSETS.get(charset, usual)


def name_encoding(font: str) -> str:
    """The encoding that a font's name states ("Arial CE"); empty if it states none."""
    return next((encoding for ending, encoding in _NAMED if font.endswith(ending)), "")


def page_encoding(code_page: int) -> str:
    """The encoding of a code page by its number; that of Western Europe if it is unknown."""
    known = {10000: "mac_roman", 65001: "utf-8", 1361: "johab", 708: "iso8859-6"}
    encoding = known.get(code_page, f"cp{code_page}")
    try:
        codecs.lookup(encoding)
    except LookupError:
        return "cp1252"
    return encoding
