"""Prepared text: a document with its cut points, sections and rows, ready to be split by any `ChunkingSpec`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.chunking.cut_points import SENTENCE, Cuts, Marks, find_cuts
from rag.chunking.strategies import Section
from rag.chunking.table_rows import records, starts_in_long_rows, whole_rows
from rag.text.sentences import sentence_starts
from rag.types import Document, Fields, TextTokenizer

if TYPE_CHECKING:
    from rag.types import FloatArray

    Encode = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True, slots=True)
class PreparedText:
    """A document with everything about its text that does not depend on the chunking settings.

    `fields` are those of the table row in each stretch, by `Section.stretch`; empty for text that is not in a row.
    `likeness` is needed only for semantic chunking: float32 (sentences,), the cosine similarity of each sentence's
    embedding to the previous sentence's (1 for the first); see `with_likeness`.
    """

    document: Document
    tokenizer: TextTokenizer
    cuts: Cuts
    sections: tuple[Section, ...]
    fields: tuple[Fields, ...]
    likeness: FloatArray | None = None


def prepare(document: Document, tokenizer: TextTokenizer) -> PreparedText:
    """Find the document's tokens, words, lines, sentences, paragraphs, sections and rows."""
    import numpy as np

    sections, weak = _section_starts(document)
    rows = whole_rows(document)
    edges = {offset for row in records(document) for offset in (row.start, row.end)}
    starts = tokenizer.spans(document.text)[:, 0]
    marks = Marks(
        tokens=np.asarray(starts, dtype=np.int64),
        sentences=sorted({*sentence_starts(document.text, document.language), *(row.start for row in rows)}),
        breaks=sorted({start for start, _ in sections} | edges),
        weak=sorted({*weak, *starts_in_long_rows(document)}),
        whole=[(row.start, row.end) for row in rows],
    )
    cuts = find_cuts(document.text, marks)
    stretches = _stretches(document, cuts)
    return PreparedText(
        document=document,
        tokenizer=tokenizer,
        cuts=cuts,
        sections=_sections(cuts, stretches, [(cuts.place(start), path) for start, path in sections]),
        fields=tuple(fields for _, _, fields in stretches),
    )


def with_likeness(prepared: PreparedText, encode: Encode) -> PreparedText:
    """The prepared text with the similarity of consecutive sentences, for the strategy "semantic"."""
    import numpy as np

    text, cuts = prepared.document.text, prepared.cuts
    places = cuts.at_least(SENTENCE)
    texts = [text[cuts.starts[a] : cuts.stops[b]] for a, b in pairwise(places)]
    if not texts:
        return replace(prepared, likeness=np.empty(0, dtype=np.float32))
    vectors = encode(texts)
    likeness = np.concatenate(([1.0], np.einsum("ij,ij->i", vectors[1:], vectors[:-1])))
    return replace(prepared, likeness=likeness.astype(np.float32))


def _section_starts(document: Document) -> tuple[list[tuple[int, str]], list[int]]:
    """Where sections begin, with their heading paths, and the weak positions right after a heading's line.

    A heading without text (a title above a first section) begins the section that follows it.
    """
    text = document.text
    sections: list[tuple[int, str]] = []
    weak: list[int] = []
    for heading in document.headings:
        if weak and not text[weak[-1] : heading.start].strip():
            sections[-1] = (sections[-1][0], heading.path)
        else:
            sections.append((heading.start, heading.path))
        line = text.find("\n", heading.start)
        weak.append(line if line >= 0 else len(text))
    return sections, weak


def _stretches(document: Document, cuts: Cuts) -> list[tuple[int, int, Fields]]:
    """The stretches that no chunk crosses: records with their fields, the text between them, or the whole text."""
    stretches: list[tuple[int, int, Fields]] = []
    done = 0
    for row in records(document):
        first, last = max(cuts.place(row.start), done), cuts.place(row.end)
        stretches += [(done, first, ()), (first, last, row.fields)]
        done = max(last, done)
    stretches.append((done, len(cuts), ()))
    return [stretch for stretch in stretches if stretch[0] < stretch[1]]


def _sections(
    cuts: Cuts, stretches: Sequence[tuple[int, int, Fields]], headings: Sequence[tuple[int, str]]
) -> tuple[Section, ...]:
    places = [place for place, _ in headings]
    sections = []
    for number, (first, last, _) in enumerate(stretches):
        inner = places[bisect_right(places, first) : bisect_right(places, last - 1)]
        for start, end in zip([first, *inner], [*inner, last], strict=True):
            known = bisect_right(places, start)
            sections.append(Section(start, end, headings[known - 1][1] if known else "", number))
    return tuple(sections)
