"""Read Word documents of Word 97 to 2003 (DOC): the main text with what is anchored in it, then headers and footers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rag.documents.parsed import Parsed
from rag.documents.readers.word.binary.anchored import Drawn, Remark, drawn, headers, picture_texts, remarks
from rag.documents.readers.word.binary.characters import Characters, Run
from rag.documents.readers.word.binary.fields import Fields
from rag.documents.readers.word.binary.header import Spans, WordFile
from rag.documents.readers.word.binary.lists import numbering_of
from rag.documents.readers.word.binary.properties import ParagraphShape
from rag.documents.readers.word.binary.styles import Styles, font_names
from rag.documents.readers.word.numbering import BULLET
from rag.documents.readers.writing.flow import TextFlow, with_link
from rag.documents.readers.writing.notes import unseen
from rag.documents.readers.writing.story import Story
from rag.documents.readers.writing.symbols import symbol

_SPECIAL = re.compile("[\x00-\x08\x0b-\x1f]")
_SYMBOL = re.compile("[\uf000-\uf0ff]")
_PICTURE = "\x01"
_CELL_END, _BREAK, _PARAGRAPH_ENDS = "\x07", "\x0c", "\x07\x0c\r"
_SIGNS = {"\x0b": "\n", "\x0e": "\n", "\x1e": "-"}


@dataclass(slots=True)
class _Waiting:
    """What is anchored in a text, in descending order; each is taken at the end of its paragraph."""

    remarks: list[Remark] = field(default_factory=list)
    shapes: list[Drawn] = field(default_factory=list)

    def take_remarks(self, before: int | None) -> list[Remark]:
        """Take the notes that are anchored before a character, or all."""
        found = []
        while self.remarks and (before is None or self.remarks[-1].anchor < before):
            found.append(self.remarks.pop())
        return found

    def take_shapes(self, before: int | None) -> list[Drawn]:
        """Take the shapes that are anchored before a character, or all."""
        found = []
        while self.shapes and (before is None or self.shapes[-1].anchor < before):
            found.append(self.shapes.pop())
        return found


def read_binary_word(file: WordFile) -> Parsed:
    """The text of a document with headings and tables; notes say what was left out. Pages are not stated.

    Raises:
        ValueError: the list of the pieces of text is missing or damaged.
    """
    characters = Characters(file)
    spans = file.spans(len(characters.text))
    reader = _Reader(characters, Styles(file), font_names(file), file)
    flow = TextFlow()
    reader.write(flow, spans.main, remarks(file, spans), drawn(file, spans, in_headers=False))
    for text in _around(reader, file, spans):
        flow.paragraph(text)
    return flow.parsed((*_lost(characters.lost), *unseen(reader.hidden_words, reader.symbols)))


def _around(reader: _Reader, file: WordFile, spans: Spans) -> Iterable[str]:
    """Each header and footer that has words, once."""
    shapes = drawn(file, spans, in_headers=True)
    found: dict[str, None] = {}
    texts = [(label, span, [one for one in shapes if one.anchor in span]) for label, span in headers(file, spans)]
    end = spans.headers.stop
    texts.append(("Header", range(end, end), [one for one in shapes if one.anchor >= end]))
    for label, span, drawn_here in texts:
        text = reader.text_of(span, drawn_here)
        if any(map(str.isalpha, text)):
            found[f"{label}: {text}"] = None
    return found


def _lost(characters: int) -> tuple[str, ...]:
    return (f"The file is damaged: {characters:,} characters of its text are missing.",) if characters else ()


class _Reader:
    """Reads the texts of one file, and counts what it leaves out."""

    def __init__(self, characters: Characters, styles: Styles, fonts: Sequence[str], file: WordFile) -> None:
        self._characters = characters
        self._styles = styles
        self._fonts = fonts
        self._data = file.data
        self._numbering = numbering_of(file)
        self.hidden_words = 0
        self.symbols = 0

    def write(self, flow: TextFlow, span: range, notes: Iterable[Remark], shapes: Iterable[Drawn]) -> None:
        """Write the main text; what is anchored nowhere in it comes last."""
        waiting = _Waiting(sorted(notes, key=lambda one: -one.anchor), sorted(shapes, key=lambda one: -one.anchor))
        story = Story(flow)
        self._read(story, span, waiting)
        story.remarks += self._remark_texts(waiting.take_remarks(None))
        story.end_paragraph(0, 0, in_table=False)
        self._write_shapes(story, waiting.take_shapes(None))

    def text_of(self, span: range, shapes: Iterable[Drawn] = ()) -> str:
        """The text of a note, a header or a box in a cell."""
        story = Story()
        waiting = _Waiting(shapes=sorted(shapes, key=lambda one: -one.anchor))
        self._read(story, span, waiting)
        story.end_paragraph(0, 0, in_table=False)
        story.lines += self._shape_texts(waiting.take_shapes(None))
        return story.text()

    def _read(self, story: Story, span: range, waiting: _Waiting) -> None:
        fields = Fields(self._characters.text[span.start : span.stop], span.start, self._data)
        for run in self._characters.runs(span):
            text = self._characters.text[run.start : run.end]
            at = 0
            for match in _SPECIAL.finditer(text):
                self._add(story, text[at : match.start()], run, fields)
                at = match.end()
                sign, place = match[0], run.start + match.start()
                if "\x13" <= sign <= "\x15":
                    self._pass_field(story, fields, sign, run, place)
                elif sign == _PICTURE and run.shape.data >= 0 and not run.shape.is_deleted:
                    self._picture(run, place, fields, waiting)
                elif sign in _SIGNS:
                    self._add(story, _SIGNS[sign], run, fields)
                elif sign == _BREAK and not self._characters.ends_paragraph(place):
                    self._add(story, "\n", run, fields)
                elif sign in _PARAGRAPH_ENDS and not fields.in_code and not (run.shape.is_deleted and sign == "\r"):
                    self._end_paragraph(story, place, sign, waiting)
            self._add(story, text[at:], run, fields)

    def _picture(self, run: Run, at: int, fields: Fields, waiting: _Waiting) -> None:
        """Note a picture's description; in a field, the sign stands for a form."""
        if fields.in_code:
            fields.add_data(run.shape.data)
        elif texts := picture_texts(self._data, run.shape.data):
            waiting.shapes.append(Drawn(at, texts=texts))

    def _pass_field(self, story: Story, fields: Fields, sign: str, run: Run, at: int) -> None:
        ended = fields.mark(sign, at)
        if fields.in_code:
            return
        if ended.text:
            self._add(story, ended.text, run, fields)
        if ended.link:
            shown = story.last_words(len(ended.link))
            story.add(with_link(shown, ended.link).removeprefix(shown))

    def _add(self, story: Story, text: str, run: Run, fields: Fields) -> None:
        shape = run.shape
        if not text or shape.is_deleted:
            return
        if fields.in_code:
            fields.add_code(text)
        elif shape.is_hidden(by_style=self._styles.hides(shape.style)):
            self.hidden_words += len(text.split())
        elif shape.symbol and shape.is_special:
            font, code = shape.symbol
            story.add("".join(self._symbol(font, code) for _ in text))
        else:
            fields.add_text()
            story.add(_SYMBOL.sub(lambda sign: self._symbol(shape.font, ord(sign[0])), text))

    def _symbol(self, font: int, code: int) -> str:
        found = symbol(self._fonts[font] if 0 <= font < len(self._fonts) else "Symbol", code)
        self.symbols += not found
        return found

    def _end_paragraph(self, story: Story, at: int, sign: str, waiting: _Waiting) -> None:
        shape = self._characters.paragraph(at)
        in_table = shape.depth > 0
        if sign == _CELL_END and shape.ends_row:
            story.end_row(list(shape.cells), is_header=shape.is_header_row)
            return
        story.mark = self._mark(shape, keeps_bullet=story.flow is not None and not in_table)
        story.remarks += self._remark_texts(waiting.take_remarks(at + 1))
        shapes = waiting.take_shapes(at + 1)
        if not in_table:
            place = self._styles.list_place(shape)
            story.end_paragraph(self._styles.heading_level(shape), place.level if place else 0, in_table=False)
            self._write_shapes(story, shapes)
        elif shape.ends_inner_row:
            story.end_inner_row()
        elif shape.depth > 1:
            story.add("".join(f"\n{text}" for text in self._shape_texts(shapes)))
            if shape.ends_inner_cell:
                story.end_inner_cell()
            else:
                story.add("\n")
        else:
            self._end_in_cell(story, shapes, is_last=sign == _CELL_END)

    def _end_in_cell(self, story: Story, shapes: Iterable[Drawn], *, is_last: bool) -> None:
        texts = self._shape_texts(shapes)
        for text in texts:
            story.end_paragraph(0, 0, in_table=True)
            story.add(text)
        if is_last:
            story.end_cell()
        else:
            story.end_paragraph(0, 0, in_table=True)

    def _mark(self, shape: ParagraphShape, *, keeps_bullet: bool) -> str:
        place = self._styles.list_place(shape)
        mark = self._numbering.mark(place) if place else ""
        return mark if keeps_bullet or mark != BULLET else ""

    def _remark_texts(self, found: Iterable[Remark]) -> list[str]:
        texts = ((one.label, " ".join(self.text_of(one.span).split())) for one in found)
        return [f"{label}: {text}" for label, text in texts if text]

    def _shape_texts(self, shapes: Iterable[Drawn]) -> list[str]:
        """The texts of boxes and drawings, in a cell or a header."""
        texts = [text for one in shapes for text in (*map(self.text_of, one.boxes), *one.texts)]
        return [text for text in texts if text.strip()]

    def _write_shapes(self, story: Story, shapes: Iterable[Drawn]) -> None:
        if story.flow is None:
            story.lines += self._shape_texts(shapes)
            return
        for one in shapes:
            for box in one.boxes:
                inner = Story(story.flow)
                self._read(inner, box, _Waiting())
                inner.end_paragraph(0, 0, in_table=False)
            for text in one.texts:
                story.flow.paragraph(text)
