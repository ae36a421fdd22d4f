"""Questions from captions of figures and tables and from images' descriptions."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from rag.evaluation.structure.candidates import Candidate, candidate
from rag.evaluation.structure.passages import paragraphs_of
from rag.evaluation.structure.sections import (
    LONGEST,
    Section,
    code_spans,
    document_subject,
    is_answer,
    is_code,
    lines_of,
)
from rag.evaluation.structure.tables import Table, pipe_tables
from rag.evaluation.structure.wording import in_context, is_signature, n_telling, plain
from rag.text.stems import count_words, telling_words
from rag.types import Document

KIND = "caption"
_LABEL = (
    r"(?P<label>figure|fig\.|table|chart|diagram|scheme|abbildung|abb\.|tabelle|tab\.|tableau|figura|tabla|tabela|"
    r"tabella|afbeelding|рисунок|рис\.|таблица|图|表|図)"
)
_CAPTION = re.compile(
    rf"[ \t>*_]*{_LABEL}[ \t]*(?P<number>\d+(?:[.-]\d+)*|[ivx]+\b)[*_]*[ \t]*"
    r"(?:[:.：–—|]|-[ \t])[*_]*[ \t]*(?P<words>\S.*)",
    re.IGNORECASE,
)
_TABLE = re.compile(r"tab|таб|表", re.IGNORECASE)
_SHORT = {"fig.": "figure", "abb.": "abbildung", "tab.": "tabelle", "рис.": "рисунок"}
_ALT = re.compile(r"!\[([^\]\n]+)\]\([^)\n]+\)|<img\b[^>]*\balt=[\"']([^\"'>]+)[\"'][^>]*>", re.IGNORECASE)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp)$", re.IGNORECASE)
_LEAST_TELLING = 3
_LEAST_SHARED = 0.75
"""The share of an image description's telling words that the paragraph next to it must hold."""
_MOST_WORDS = 25
_NEAR = 300
"""Characters between a caption and its table at most."""


def caption_questions(document: Document, sections: Sequence[Section]) -> Iterator[Candidate]:
    """A question for each caption that a table stands with or a passage refers to, and for described images."""
    text, lines = document.text, lines_of(document.text)
    tables = [*pipe_tables(text, lines), *_row_tables(document)]
    subject = document_subject(document, sections)
    captions = [(start, end, match) for start, end in lines if (match := _CAPTION.fullmatch(text[start:end]))]
    paragraphs = _without_captions(text, [start for start, _, _ in captions])
    for start, end, match in captions:
        question = _first_sentence(plain(match["words"]))
        if n_telling(question) < 2 or count_words(question) > _MOST_WORDS or is_signature(question):
            continue
        below = _table_at(tables, start, end) if _TABLE.match(match["label"]) else []
        places = [*below, *_references(text, match, paragraphs)]
        if places:
            yield candidate(document, KIND, [question, in_context(question, subject)], places)
    yield from _described(document)


def _row_tables(document: Document) -> list[Table]:
    """The tables in a text that was read with their rows, which follow each other line by line."""
    tables: list[Table] = []
    for row in document.rows:
        if row.fields:
            continue
        goes_on = bool(tables) and row.start == tables[-1].end + 1
        start = tables.pop().start if goes_on else row.start
        tables.append(Table(start, row.end, ()))
    return tables


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[^\d\s.]{2})[.。]\s+(?=\S)", text, maxsplit=1)[0]


def _table_at(tables: Sequence[Table], start: int, end: int) -> list[tuple[int, int]]:
    """The table directly below or above a caption."""
    for table in tables:
        if 0 <= table.start - end <= _NEAR or 0 <= start - table.end <= _NEAR:
            return [(table.start, table.end)] if table.end - table.start <= LONGEST else []
    return []


def _without_captions(text: str, captions: Sequence[int]) -> list[tuple[int, int]]:
    """The paragraphs in which no caption begins; none if there are no captions."""
    if not captions:
        return []
    return [
        (start, end) for start, end in paragraphs_of(text) if bisect_left(captions, start) == bisect_left(captions, end)
    ]


def _references(text: str, caption: re.Match[str], paragraphs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The paragraphs that name the figure or table."""
    label = caption["label"].casefold()
    named = {label} | {one for pair in _SHORT.items() if label in pair for one in pair}
    labels = "|".join(map(re.escape, sorted(named)))
    pattern = re.compile(rf"(?<!\w)(?:{labels})\s*{re.escape(caption['number'])}(?![\d.-]*\d)", re.IGNORECASE)
    return [(start, end) for start, end in paragraphs if pattern.search(text, start, end)]


def _described(document: Document) -> Iterator[Candidate]:
    """Images whose description shares most of its telling words with the paragraph before or after."""
    text = document.text
    code = code_spans(text)
    paragraphs = [span for span in paragraphs_of(text) if not _ALT.fullmatch(text[slice(*span)].strip())]
    paragraphs = [span for span in paragraphs if not is_code(code, *span)]
    starts = [start for start, _ in paragraphs]
    for match in _ALT.finditer(text):
        described = plain(match[1] or match[2])
        if n_telling(described) < _LEAST_TELLING or _FILE.search(described) or count_words(described) > _MOST_WORDS:
            continue
        stems = {word.stem for word in telling_words(described)}
        next_one = bisect_left(starts, match.start())
        around = paragraphs[max(0, next_one - 1) : next_one + 1]
        for start, end in around:
            if start <= match.start() < end:
                continue
            shared = stems & {word.stem for word in telling_words(text[start:end])}
            if len(shared) >= _LEAST_SHARED * len(stems) and is_answer(text[start:end]):
                yield candidate(document, KIND, [described], [(start, end)])
                break
