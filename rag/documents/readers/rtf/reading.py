"""Read RTF: control words become text, paragraphs, tables and notes; each group keeps its font, style and place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rag.documents.parsed import Parsed
from rag.documents.readers.rtf.tokens import SYMBOLS, Token, Tokens, charset_encoding, name_encoding, page_encoding
from rag.documents.readers.writing.flow import NEW_PAGE, TextFlow, with_link
from rag.documents.readers.writing.notes import unseen
from rag.documents.readers.writing.story import CellShape, Story
from rag.documents.readers.writing.symbols import symbol
from rag.errors import DocumentError

_CHARACTERS = {
    "line": "\n", "lbr": "\n", "column": "\n", "tab": "\t", "emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022",
    "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "emspace": " ",
    "enspace": " ", "qmspace": " ", "~": " ", "_": "-", "\\{": "{", "\\}": "}", "\\\\": "\\",
}  # fmt: skip
# Groups that hold no text of the document.
_SKIPPED = frozenset(
    [
        "colortbl",
        "info",
        "pict",
        "listtable",
        "listoverridetable",
        "revtbl",
        "rsidtbl",
        "generator",
        "xmlnstbl",
        "themedata",
        "colorschememapping",
        "latentstyles",
        "datastore",
        "filetbl",
        "fldinst",
        "shprslt",
        "nonesttables",
        "pn",
        "pntxta",
        "pntxtb",
        "pnseclvl",
        "bkmkstart",
        "bkmkend",
        "xe",
        "tc",
        "rxe",
        "txe",
        "sp",
        "mmathPict",
        "upr",
        "template",
        "fontemb",
        "datafield",
        "formfield",
        "objdata",
        "nextfile",
        "private",
        "operator",
        "company",
        "title",
        "author",
        "keywords",
        "subject",
        "comment",
        "doccomm",
        "creatim",
        "revtim",
        "printim",
        "buptim",
        "ftnsep",
        "ftnsepc",
        "ftncn",
        "aftnsep",
        "aftnsepc",
        "aftncn",
        "ffname",
        "ffdeftext",
        "ffformat",
        "ffhelptext",
        "ffstattext",
        "ffentrymcr",
        "ffexitmcr",
        "ffl",
        "htmltag",
        "atnid",
        "atnref",
        "atndate",
        "atnicn",
        "atrfstart",
        "atrfend",
        "atntime",
        "atnparent",
        "userprops",
        "wgrffmtfilter",
        "background",
        "pgptbl",
        "docvar",
        "fname",
        "xform",
    ]
)
# Starred groups, which older programs skip, but which hold text.
_READ_STARRED = frozenset(
    [
        "shpinst",
        "shptxt",
        "annotation",
        "footnote",
        "nesttableprops",
        "atnauthor",
        "ud",
        "moMath",
        "moMathPara",
        "mmath",
        "do",
        "dptxbxtext",
        "cs",
        "ds",
        "ts",
        "listtext",
        "pntext",
        "result",
        "objalias",
        "shpgrp",
    ]
)
_HEADERS = frozenset({"header", "headerl", "headerr", "headerf"})
_FOOTERS = frozenset({"footer", "footerl", "footerr", "footerf"})
# The control words that mean something here; the others say how the text looks.
_PARAGRAPH_WORDS = frozenset({"par", "sect", "\n", "\r", "page", "pard", "s", "outlinelevel", "ilvl"})
_TABLE_WORDS = frozenset(
    {"trowd", "trhdr", "clmrg", "clvmrg", "cellx", "cell", "row", "nestcell", "nestrow", "intbl", "itap"}
)
_DESTINATIONS = frozenset(
    {"field", "fonttbl", "stylesheet", "atnauthor", "listtext", "pntext", "footnote", "ftnalt", "annotation", "shptxt"}
    | {"dptxbxtext"}
    | _HEADERS
    | _FOOTERS
)
_SETTINGS = frozenset(
    {"ansicpg", "deff", "f", "fcharset", "cpg", "uc", "v", "deleted", "plain", "mac", "pc", "pca", "ansi"}
)
_MACHINES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850", "ansi": "cp1252"}
_LINK = re.compile(rb'HYPERLINK\s+"([^"\\{}]{1,500})"')
_NO_HEADING = 9
_MOST_CODE = 0x10FFFF


@dataclass(slots=True)
class _State:
    """What a group inherits: font, characters after a Unicode one, what is skipped, and where its text goes."""

    story: Story
    font: int = -1
    after_unicode: int = 1
    skips: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    collects: str = ""
    level: int = 0
    depth: int = 0
    in_table: bool = False
    ends: str = ""

    def inherited(self) -> _State:
        """The state of a group in this one."""
        return _State(
            self.story, self.font, self.after_unicode, self.skips, self.is_hidden, self.is_deleted, self.collects,
            self.level, self.depth, self.in_table,
        )  # fmt: skip


@dataclass(slots=True)
class _Font:
    encoding: str = ""
    name: str = ""


@dataclass(slots=True)
class _Reader:
    """The document as far as it is read."""

    flow: TextFlow
    state: _State
    encoding: str = "cp1252"
    default_font: int = -1
    fonts: dict[int, _Font] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)
    collected: dict[str, list[str]] = field(default_factory=dict)
    around: dict[str, None] = field(default_factory=dict)
    shapes: list[CellShape] = field(default_factory=list)
    is_header_row: bool = False
    link: str = ""
    hidden_words: int = 0
    undecoded: int = 0
    _shape: CellShape = field(default_factory=CellShape)
    _style: int = 0
    _stack: list[_State] = field(default_factory=list)
    _buffer: bytearray = field(default_factory=bytearray)
    _to_skip: int = 0
    _starred: bool = False
    is_closed: bool = False

    def read(self, content: bytes) -> None:
        """Read all tokens, up to the end of the outermost group."""
        found = Tokens(content)
        for token in found:
            if token.content:
                self._add_bytes(token)
                continue
            if self._buffer:
                self._flush()
            match token.word:
                case "{":
                    self._stack.append(self.state)
                    self.state = self.state.inherited()
                case "}":
                    self._close()
                    if not self._stack:
                        self.is_closed = True
                        break
                case "*":
                    self._starred = True
                    continue
                case _:
                    self._word(token.word, token.number)
                    if self.state.skips and self.state.collects != "upr":
                        skipped = found.skip_group()
                        if token.word == "fldinst" and (link := _LINK.search(skipped)):
                            self.link = link[1].decode("latin-1")
            self._starred = False
            self._to_skip = 0 if token.word != "u" else self._to_skip
        self._flush()
        while self._stack:
            self._close()

    def _add_bytes(self, token: Token) -> None:
        content = token.content
        self._starred = False
        if self._to_skip:
            skipped = min(self._to_skip, len(content))
            self._to_skip -= skipped
            content = content[skipped:]
        if not self.state.skips:
            self._buffer += content

    def _flush(self) -> None:
        """Decode the bytes of text since the last control word in the code page of the font."""
        if not self._buffer:
            return
        content, self._buffer = bytes(self._buffer), bytearray()
        font = self.fonts.get(self.state.font) or self.fonts.get(self.default_font) or _Font()
        encoding = font.encoding or self.encoding
        if encoding == SYMBOLS and not self.state.collects:
            text = "".join(symbol(font.name, 0xF000 + code) if code > 31 else "" for code in content)
        else:
            text = content.decode("cp1252" if encoding == SYMBOLS else encoding, "replace")
            self.undecoded += text.count("\ufffd")
        self._put(text)

    def _put(self, text: str) -> None:
        state = self.state
        if state.skips or state.is_deleted:
            return
        if state.collects:
            self.collected.setdefault(state.collects, []).append(text)
            if state.collects == "fonts" and state.font in self.fonts:
                self._name_font(text)
        elif state.is_hidden:
            self.hidden_words += len(text.split())
        else:
            state.story.add(text)

    def _name_font(self, text: str) -> None:
        font = self.fonts[self.state.font]
        font.name = (font.name + text).rstrip("; ")
        font.encoding = font.encoding or name_encoding(font.name)

    def _word(self, word: str, number: int | None) -> None:
        state = self.state
        if word in _SKIPPED or (self._starred and word not in _READ_STARRED) or _is_math_property(word):
            state.skips = True
            if word == "upr":
                state.collects = "upr"
        elif word == "ud" and state.collects == "upr":
            state.skips, state.collects = self._stack[-2].skips if len(self._stack) > 1 else False, ""
        elif state.skips:
            return
        elif word in _CHARACTERS:
            self._put(_CHARACTERS[word])
        elif word == "u":
            self._unicode(number)
        elif word in _PARAGRAPH_WORDS:
            self._paragraph_word(word, number)
        elif word in _TABLE_WORDS:
            self._table_word(word, number)
        elif word in _SETTINGS:
            self._setting(word, number)
        elif word in _DESTINATIONS:
            self._destination(word)

    def _unicode(self, number: int | None) -> None:
        code = number or 0
        code += 0x10000 if code < 0 else 0
        self._to_skip = self.state.after_unicode
        if 0xF000 <= code <= 0xF0FF:
            font = self.fonts.get(self.state.font)
            self._put(symbol(font.name if font else "Symbol", code) or "")
        elif 0 < code <= _MOST_CODE:
            self._put(chr(code))

    def _destination(self, word: str) -> None:
        """Begin a group whose text has a place of its own."""
        state = self.state
        if word in ("fonttbl", "stylesheet", "atnauthor"):
            state.collects = {"fonttbl": "fonts", "stylesheet": "styles"}.get(word, word)
            self.collected[state.collects] = []
        elif word == "field":
            state.ends, self.link = "field", ""
        elif word in ("listtext", "pntext"):
            state.collects, state.ends = "mark", "mark"
            self.collected["mark"] = []
        elif word in _HEADERS or word in _FOOTERS:
            self._open_story("Header" if word in _HEADERS else "Footer", "around")
        elif word == "footnote":
            self._open_story("Footnote", "remark")
        elif word == "ftnalt" and state.story.label == "Footnote":
            state.story.label = "Endnote"
        elif word == "annotation":
            author = "".join(self.collected.pop("atnauthor", [])).strip()
            self._open_story(f"Comment by {author}" if author else "Comment", "remark")
        elif word in ("shptxt", "dptxbxtext"):
            self._open_story("", "box")

    def _open_story(self, label: str, ends: str) -> None:
        self.state.story = Story(label=label)
        self.state.ends = ends
        self.state.is_hidden, self.state.in_table = False, False

    def _close(self) -> None:
        """End a group; what it collected goes to its place."""
        ended, self.state = self.state, self._stack.pop()
        if ended.ends == "mark":
            self.state.story.mark = "".join(self.collected.pop("mark", [])).strip()
        elif ended.ends == "field":
            target, self.link = self.link, ""
            shown = self.state.story.last_words(len(target))
            self._put(with_link(shown, target).removeprefix(shown) if target else "")
        elif ended.ends:
            text = ended.story.text()
            if not text:
                return
            if ended.ends == "remark":
                self.state.story.remarks.append(f"{ended.story.label}: {' '.join(text.split())}")
            elif ended.ends == "box":
                self.state.story.remarks.append(text)
            elif any(map(str.isalpha, text)):
                self.around[f"{ended.story.label}: {text}"] = None
        elif ended.collects == "styles" and self.state.collects == "styles":
            self._end_style()

    def _end_style(self) -> None:
        name = "".join(self.collected.get("styles", [])).strip("; ").lower()
        self.collected["styles"] = []
        stated = name.removeprefix("heading ")
        if name != stated and stated.isdigit() and 0 < int(stated) <= _NO_HEADING:
            self.levels[self._style] = int(stated)
        elif name == "title":
            self.levels[self._style] = 1

    def _setting(self, word: str, number: int | None) -> None:
        """What holds for the document, a font or the text of a group."""
        state = self.state
        if word in _MACHINES:
            self.encoding = _MACHINES[word]
        elif word == "ansicpg":
            self.encoding = page_encoding(number or 1252)
        elif word == "deff":
            self.default_font = number or 0
        elif word == "f":
            state.font = number or 0
            if state.collects == "fonts":
                self.fonts[state.font] = _Font()
        elif word in ("fcharset", "cpg") and state.font in self.fonts and state.collects == "fonts":
            found = charset_encoding(number or 0, "") if word == "fcharset" else page_encoding(number or 1252)
            self.fonts[state.font].encoding = found
        elif word == "uc":
            state.after_unicode = max(number or 0, 0)
        elif word == "v":
            state.is_hidden = number != 0
        elif word == "deleted":
            state.is_deleted = number != 0
        elif word == "plain":
            state.is_hidden, state.is_deleted, state.font = False, False, self.default_font

    def _table_word(self, word: str, number: int | None) -> None:
        story = self.state.story
        match word:
            case "trowd":
                self.shapes, self._shape, self.is_header_row = [], CellShape(), False
            case "trhdr":
                self.is_header_row = True
            case "clmrg":
                self._shape.continues_left = True
            case "clvmrg":
                self._shape.continues_above = True
            case "cellx":
                self._shape.edge = number or 0
                self.shapes.append(self._shape)
                self._shape = CellShape()
            case "cell":
                story.end_cell()
            case "row":
                story.end_row(self.shapes, is_header=self.is_header_row)
            case "nestcell":
                story.end_inner_cell()
            case "nestrow":
                story.end_inner_row()
            case "intbl":
                self.state.in_table = True
            case "itap":
                self.state.in_table = bool(number)

    def _paragraph_word(self, word: str, number: int | None) -> None:
        state = self.state
        if word in ("par", "sect", "\n", "\r"):
            if state.collects or state.is_hidden or state.is_deleted:
                return
            state.story.end_paragraph(state.level, state.depth, in_table=state.in_table)
        elif word == "page":
            self._put(NEW_PAGE if state.in_table or state.story.flow is None else "")
            if state.story.flow is not None and not state.in_table:
                state.story.end_paragraph(state.level, state.depth, in_table=False)
                self._put(NEW_PAGE)
        elif word == "pard":
            state.level, state.depth, state.in_table = 0, 0, False
        elif word == "s":
            self._style = number or 0
            state.level = 0 if state.collects else self.levels.get(self._style, 0)
        elif word == "outlinelevel":
            level = (number or 0) + 1 if 0 <= (number or 0) < _NO_HEADING else 0
            if state.collects == "styles":
                self.levels[self._style] = level
            else:
                state.level = level
        elif word == "ilvl":
            state.depth = max(number or 0, 0)


def _is_math_property(word: str) -> bool:
    """Whether a group says how a formula looks."""
    return word.startswith("m") and word.endswith("Pr") and len(word) > 3


def read_rtf(name: str, content: bytes) -> Parsed:
    """The text of an RTF document with pages and headings; notes say what was left out.

    Raises:
        DocumentError: the file is not RTF.
    """
    start = content.find(b"{\\rtf")
    if start < 0:
        raise DocumentError(f"'{name}' is not an RTF document: it does not begin with {{\\rtf. Save it again as RTF.")
    flow = TextFlow()
    reader = _Reader(flow, _State(Story(flow)))
    body = reader.state.story
    reader.read(content[start:])
    body.end_paragraph(reader.state.level, reader.state.depth, in_table=False)
    for text in reader.around:
        flow.paragraph(text)
    notes = list(unseen(reader.hidden_words))
    if reader.undecoded:
        notes.append(f"Characters that the file's code page does not have were replaced: {reader.undecoded:,}.")
    if not reader.is_closed and not content.rstrip(b"\0 \r\n\t").endswith(b"}"):
        notes.append(f"'{name}' is cut off: its end is missing. Download it again, or save it again as RTF.")
    return flow.parsed(tuple(notes))
