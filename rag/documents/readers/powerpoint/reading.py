"""Read presentations of PowerPoint 97 to 2003 (PPT): slides become pages; notes and comments follow their slide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rag.documents.formats import PPT
from rag.documents.parsed import Parsed, Section, join_pages
from rag.documents.readers.compound import DAMAGE, READ_IN_PART, read_streams
from rag.documents.readers.office import extract
from rag.documents.readers.powerpoint.live import Listed, LiveParts, is_locked
from rag.documents.readers.powerpoint.slide import Page, footer_of
from rag.documents.readers.powerpoint.texts import texts_of
from rag.documents.readers.records import records
from rag.documents.readers.writing.slides import Block, slide_notes, slide_section, with_footers
from rag.errors import DocumentError

_SLIDE, _NOTES = 0x03EE, 0x03F0
_FOOTER_SETTINGS, _OF_SLIDES = 0x0FD9, 3


def read_ppt(name: str, content: bytes) -> Parsed:
    """The slides of a presentation in their order, as it was last saved. The texts of masters are no content.

    A damaged slide is left out and named in a note. A file that is too damaged to follow is read with kreuzberg,
    with a note.

    Raises:
        DocumentError: the file is damaged or protected by a password.
    """
    streams = read_streams(content, ("PowerPoint Document", "Current User"))
    current_user = streams.get("Current User", b"")
    if is_locked(current_user):
        raise DocumentError(f"'{name}' is protected by a password. Save a copy without one.")
    try:
        return _slides(LiveParts.of(streams.get("PowerPoint Document", b""), current_user))
    except DAMAGE:
        parsed = extract(name, PPT, content)
        return replace(parsed, notes=(*parsed.notes, READ_IN_PART))


def _slides(parts: LiveParts) -> Parsed:
    usual_footer = _usual_footer(parts)
    sections: list[Section] = []
    hidden, damaged = [], []
    footers: dict[str, None] = {}
    for place, slide in enumerate(parts.slides, start=1):
        if slide.part is None or slide.part.kind != _SLIDE:
            sections.append(Section(""))
            damaged.append(str(place))
            continue
        page = Page(parts.stream, slide.part, texts_of(parts.stream, slide.outline))
        sections.append(slide_section(place, _blocks(page, parts.notes), is_hidden=page.is_hidden))
        hidden += [str(place)] if page.is_hidden else []
        stated = page.stated_footer
        footers |= dict.fromkeys((*page.footers, usual_footer if stated is None else stated))
    if damaged and len(damaged) == len(parts.slides):
        raise ValueError("the file's directory names no slide")
    return with_footers(join_pages(sections, tuple(slide_notes(hidden, damaged))), footers)


def _blocks(page: Page, notes: dict[int, Listed]) -> Iterator[Block]:
    yield from page.blocks()
    listed = notes.get(page.notes_id)
    if listed and listed.part and listed.part.kind == _NOTES:
        outline = texts_of(page.stream, listed.outline)
        texts = [block.text for block in Page(page.stream, listed.part, outline, page.footers).blocks()]
        text = "\n".join(text for text in texts if text.strip())
        yield Block(f"Notes: {text}" if text else "")
    yield from page.comments()


def _usual_footer(parts: LiveParts) -> str:
    """The footer of slides that state none of their own."""
    for record in records(parts.stream, parts.document.start, parts.document.end):
        if record.kind == _FOOTER_SETTINGS and record.instance == _OF_SLIDES:
            return footer_of(parts.stream, record) or ""
    return ""
