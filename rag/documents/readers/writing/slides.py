"""Write slides as pages: a title as heading, the texts on the slide, and the footers once after the last one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.documents.parsed import Parsed, Section, clean, name_some


@dataclass(frozen=True, slots=True)
class Block:
    """A text on a slide."""

    text: str
    is_title: bool = False


def slide_section(number: int, blocks: Iterable[Block], *, is_hidden: bool = False) -> Section:
    """A slide's text from its blocks; a slide without a title is named by its number."""
    kept = [Block(clean(block.text).strip(), block.is_title) for block in blocks]
    kept = [block for block in kept if block.text]
    title = next((" ".join(block.text.split()) for block in kept if block.is_title), f"Slide {number}")
    title = f"{title} (hidden slide)" if is_hidden else title
    return Section("\n\n".join(block.text for block in kept), title if kept else "")


def slide_notes(hidden: Sequence[str], damaged: Sequence[str]) -> Iterator[str]:
    """The notes on hidden and damaged slides, by their numbers, if there are any."""
    if hidden:
        yield f"Hidden slides were read, and their headings say so: slide {name_some(hidden)}."
    if damaged:
        yield f"Damaged slides were left out: slide {name_some(damaged)}."


def with_footers(parsed: Parsed, footers: Iterable[str]) -> Parsed:
    """The presentation with the footers of its slides after the last one, each once."""
    lines = [f"Footer: {text}" for text in footers if any(map(str.isalpha, text))]
    text = "\n\n".join(filter(None, (parsed.text, *lines)))
    return Parsed(text, parsed.pages, parsed.headings, notes=parsed.notes)
