"""Questions from glossaries, definition lists and tables of terms: "What does X mean?"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.evaluation.structure.candidates import Candidate, candidate
from rag.evaluation.structure.sections import Section, document_subject, lines_of
from rag.evaluation.structure.tables import file_rows, pipe_tables
from rag.evaluation.structure.wording import (
    in_context,
    is_boilerplate,
    is_identifier,
    is_question,
    n_telling,
    names_glossary,
    plain,
)
from rag.text.stems import count_words, word_set
from rag.types import Document

KIND = "glossary"
_ENTRY = re.compile(
    r"[ \t]*(?:[-*+•][ \t]+)?(?P<mark>\*\*|__|`)?(?P<term>[^\s:*`|#>-](?:[^:\n|*`]{0,58}[^\s:*`|])?)"
    r"(?:(?P<inner>:)(?P=mark)|(?P=mark)?)(?:[ \t]*\([^()\n]{1,60}\))?(?(inner)[ \t]+|[ \t]*(?::|[–—]|--)[ \t]+)"
    r"(?P<meaning>\S.*)".replace("(?P=mark)?", "(?(mark)(?P=mark))")
)
_MARKDOWN_MEANING = re.compile(r"[ \t]{0,3}:[ \t]+(?=\S)")
_TERMS = word_set(
    "term terms word abbreviation acronym concept begriff abkürzung término terme termine термин 术语 用語"
)
_MEANINGS = word_set("definition meaning explanation description bedeutung erklärung definición définition significato")
_NAMES = word_set("option options flag parameter argument setting variable name key field property environment")
_CODES = word_set("code codes errorcode fehlercode código")
_CODE = re.compile(r"(?=\S*\d)[\w.-]{2,20}")
_LEAST_MEANING = 4
"""Words of the shortest definition."""
_MOST_TERM = 6
_FEWEST = 3
"""Entries of a list outside a glossary."""
_ARTICLE = re.compile(
    r"(?:an?|the|any|one|ein|eine|einer|der|die|das|une?|le|la|les|el|los|las|un|una|o|a|os|as)\s", re.I
)
_NO_TERM = word_set("note tip warning example default important hint caution info see todo")
_MEAN = {
    "de": "Was bedeutet {}?", "fr": "Que signifie {} ?", "es": "¿Qué significa {}?", "it": "Che cosa significa {}?",
    "pt": "O que significa {}?", "nl": "Wat betekent {}?", "sv": "Vad betyder {}?", "da": "Hvad betyder {}?",
    "nb": "Hva betyr {}?", "no": "Hva betyr {}?", "pl": "Co znaczy {}?", "cs": "Co znamená {}?",
    "fi": "Mitä {} tarkoittaa?",
    "tr": "{} ne demek?", "ru": "Что означает {}?", "uk": "Що означає {}?", "zh": "{}是什么意思？",
    "ja": "{}とはどういう意味ですか？",
    "ko": "{}은(는) 무슨 뜻인가요?", "ar": "ماذا يعني {}؟", "hi": "{} का क्या मतलब है?",
}  # fmt: skip
_ENGLISH = "What does {} mean?"
_USE = "What is {} for?"
"""For a name in code."""
_POINTS = re.compile(r"\W*(?:see|siehe|voir|véase)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A term with the span [start, end) of its definition."""

    term: str
    start: int
    end: int


def glossary_questions(document: Document, sections: Sequence[Section]) -> Iterator[Candidate]:
    """A question for each defined term; its gold passage is the definition without the term.

    Lists of "term: definition" count in a section or document that is named a glossary. Elsewhere, three or more
    entries in a row count if their terms are names in code, or most of their definitions begin with an article.
    """
    text, lines = document.text, lines_of(document.text)
    subject = document_subject(document, sections)
    entries = [*_table_entries(document, lines), *_markdown_entries(text, lines)]
    for group in _groups(text, _outside_rows(document, lines)):
        if _is_glossary(subject, sections, group[0].start) or _defines(text, group):
            entries += group
    for entry in entries:
        term = plain(entry.term)
        is_meaning = count_words(text[entry.start : entry.end]) >= _LEAST_MEANING
        if not _is_term(term) or not is_meaning or _POINTS.match(text, entry.start, entry.end):
            continue
        question = _question(term, document.language)
        section = _section_at(sections, entry.start)
        context = section.title if section and n_telling(section.title) else subject
        texts = [in_context(question, one) for one in dict.fromkeys((context, subject))]
        # A plain word such as "content" is asked about only where words are explained.
        if _is_glossary(subject, sections, entry.start) or not (term.isalpha() and term.islower()):
            yield candidate(document, KIND, [question, *texts], [(entry.start, entry.end)])


def _question(term: str, language: str) -> str:
    template = _MEAN.get(language, _ENGLISH)
    is_name = template is _ENGLISH and is_identifier(term) and not _CODE.fullmatch(term)
    return _USE.format(term) if is_name else template.format(term)


def _is_term(term: str) -> bool:
    if is_question(term):
        return False
    if _CODE.fullmatch(term) or is_identifier(term):
        return True
    is_named = n_telling(term) > 0 or not term.isascii()
    return is_named and count_words(term) <= _MOST_TERM and term.casefold() not in _NO_TERM and not is_boilerplate(term)


def _is_glossary(subject: str, sections: Sequence[Section], place: int) -> bool:
    """Whether the document, or a heading above this place, is named a glossary."""
    section = _section_at(sections, place)
    above = (section.title, *section.parents) if section else ()
    return any(names_glossary(one) for one in (subject, *above))


def _section_at(sections: Sequence[Section], place: int) -> Section | None:
    return next((one for one in reversed(sections) if one.start <= place), None)


def _outside_rows(document: Document, lines: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The lines that are in no row of a table: in a row, "column: value" defines nothing."""
    # The labels of front matter belong to the whole text, which is no table for that.
    tables = (row for row in document.rows if row.end - row.start < len(document.text))
    rows = sorted(tables, key=lambda row: row.start)
    before = [bisect_right(rows, start, key=lambda row: row.start) for start, _ in lines]
    return [line for line, n in zip(lines, before, strict=True) if not n or rows[n - 1].end <= line[0]]


def _groups(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[list[_Entry]]:
    """Runs of list entries of one form, with blank lines, and lines that continue an entry, between them."""
    group: list[_Entry] = []
    form = ""
    for start, end in lines:
        line = text[start:end]
        match = _ENTRY.fullmatch(line)
        if not line.strip():
            continue
        if match and (not group or _form(match) == form):
            group.append(_Entry(match["term"], start + match.start("meaning"), end))
            form = _form(match)
        elif group and line[:1].isspace() and not match:
            group[-1] = _Entry(group[-1].term, group[-1].start, end)
        else:
            yield from [group] if group else []
            group = [_Entry(match["term"], start + match.start("meaning"), end)] if match else []
            form = _form(match) if match else ""
    if group:
        yield group


def _form(match: re.Match[str]) -> str:
    return f"{match[0][: match.start('term')]}"


def _defines(text: str, group: Sequence[_Entry]) -> bool:
    """Whether a list outside a glossary defines its terms."""
    if len(group) < _FEWEST:
        return False
    articles = sum(bool(_ARTICLE.match(text[entry.start : entry.end])) for entry in group)
    identifiers = sum(is_identifier(plain(entry.term)) for entry in group)
    return identifiers == len(group) or 2 * articles > len(group)


def _markdown_entries(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[_Entry]:
    """Terms on a line of their own above a line ": definition"."""
    for (start, end), (below, below_end) in pairwise(lines):
        meaning = _MARKDOWN_MEANING.match(text[below:below_end])
        term = text[start:end].strip()
        if meaning and term and not term.startswith((":", "#", "|")) and count_words(term) <= _MOST_TERM:
            yield _Entry(term, below + meaning.end(), below_end)


def _table_entries(document: Document, lines: list[tuple[int, int]]) -> Iterator[_Entry]:
    """Rows with a column of terms, or of names in code, and a column of definitions."""
    rows = [*file_rows(document), *(row for table in pipe_tables(document.text, lines) for row in table.rows)]
    for row in rows:
        term = next((cell for cell in row if set(cell.column.split()) & _TERMS), None)
        name = next(
            (cell for cell in row if set(cell.column.split()) & _NAMES and is_identifier(plain(cell.text))), None
        )
        meaning = next((cell for cell in row if set(cell.column.split()) & _MEANINGS and cell.start >= 0), None)
        code = next((cell for cell in row if cell.column in _CODES and _CODE.fullmatch(cell.text)), None)
        if code and not meaning:
            yield _Entry(code.text, min(cell.start for cell in row if cell.start >= 0), max(cell.end for cell in row))
            continue
        if term and not meaning:
            meaning = next((cell for cell in row if not cell.column and cell.start >= 0), None)
        named = term or name
        if named and meaning and named.start != meaning.start:
            yield _Entry(named.text, meaning.start, meaning.end)
