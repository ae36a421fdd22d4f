"""Questions from FAQs: "Q: ... A: ..." pairs, question lines above their answers, folded questions, table rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.evaluation.structure.candidates import Candidate, candidate
from rag.evaluation.structure.sections import LONGEST, Section, document_subject, lines_of
from rag.evaluation.structure.tables import Cell, file_rows, pipe_tables
from rag.evaluation.structure.wording import in_context, is_question, n_telling, plain, stands_alone
from rag.text.stems import count_words, word_set
from rag.types import Document

KIND = "faq"
_AFTER_LABEL = r"[ \t]*\d*[ \t]*[*_]*[.:：)][*_]*[ \t]*(?=\S)"
_ASKED = re.compile(
    rf"[ \t>*_-]*(?:q|question|frage|pregunta|domanda|pergunta|вопрос|问|問|질문){_AFTER_LABEL}",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    rf"[ \t>*_-]*(?:a|answer|antwort|respuesta|réponse|risposta|resposta|ответ|答|답변){_AFTER_LABEL}",
    re.IGNORECASE,
)
_FOLDED = re.compile(r"[ \t]*(?:(?:\?{3}\+?|!!!)[ \t]+(?:question|faq|help)[ \t]+\"(.+?)\"|.*<summary>(.+?)</summary>)")
_BOLD = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])?[ \t]*(\*\*|__)(.+?)\1[ \t]*")
_QUESTION_COLUMNS = word_set("question questions q frage fragen pregunta domanda pergunta вопрос 问题 質問")
_ANSWER_COLUMNS = word_set(
    "answer answers a antwort antworten response reply respuesta réponse risposta ответ 答案 回答"
)
_FEWEST, _MOST = 3, 30
"""Words of a question line."""
_MOST_PARAGRAPHS = 3
"""Paragraphs of an answer that no other question ends."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question line: its words, and the span of the line.

    `is_marked` if more than its last sign shows that it is one; `is_block` if its answer is indented below it.
    """

    text: str
    start: int
    end: int
    is_marked: bool
    is_block: bool


def faq_questions(document: Document, sections: Sequence[Section]) -> Iterator[Candidate]:
    """A question for each pair of question and answer; the answer alone is the gold passage."""
    text, lines = document.text, lines_of(document.text)
    subject = document_subject(document, sections)
    asked = _asked_lines(text, lines, {section.place for section in sections})
    stops = sorted([one.start for one in asked] + [section.place for section in sections] + [len(text)])
    for one in asked:
        end = next(stop for stop in stops if stop > one.start)
        yield from _pair(document, subject, one.text, _answer(text, one, end))
    rows = [*file_rows(document), *(row for table in pipe_tables(text, lines) for row in table.rows)]
    for row in rows:
        question = next((cell.text for cell in row if cell.column in _QUESTION_COLUMNS), "")
        answer = _answer_cell(row)
        if question and answer:
            yield from _pair(document, subject, question, (answer.start, answer.end))
    for placed in document.rows:
        first, _, rest = text[placed.start : placed.end].partition("\n")
        if rest.strip() and is_question(first):
            yield from _pair(document, subject, first, (placed.start + len(first), placed.end))


def _pair(document: Document, subject: str, question: str, answer: tuple[int, int]) -> Iterator[Candidate]:
    question = " ".join(plain(question).split())
    start, end = answer
    if not question or not _FEWEST <= count_words(question) <= _MOST or end - start > LONGEST:
        return
    if not count_words(document.text[start:end]):
        return
    texts = [question] if stands_alone(question) else []
    if n_telling(question) + n_telling(subject):
        yield candidate(document, KIND, [*texts, in_context(question, subject)], [answer])


def _asked_lines(text: str, lines: Sequence[tuple[int, int]], headings: set[int]) -> list[_Asked]:
    """The question lines; those that only end with a question mark count if the document has two or more."""
    asked = []
    for number, (start, end) in enumerate(lines):
        line = text[start:end]
        if start in headings or line.lstrip().startswith(("#", "|", ">>>")):
            continue
        following = next((text[slice(*place)] for place in lines[number + 1 :] if text[slice(*place)].strip()), "")
        is_apart = number == 0 or not text[slice(*lines[number - 1])].strip()
        if found := _asked(line, following, is_apart):
            is_block = line.lstrip().startswith(("???", "!!!"))
            asked.append(_Asked(found[0], start, end, found[1], is_block))
    plain_ones = [one for one in asked if not one.is_marked]
    return asked if len(plain_ones) != 1 else [one for one in asked if one.is_marked]


def _asked(line: str, following: str, is_apart: bool) -> tuple[str, bool] | None:
    """The question of a line, and whether it is marked as one."""
    if (label := _ASKED.match(line)) and _ANSWERED.match(following):
        return line[label.end() :], True
    if folded := _FOLDED.match(line):
        return (folded[1] or folded[2]), True
    bold = _BOLD.fullmatch(line)
    if bold and is_question(bold[2]):
        return bold[2], True
    words = line.strip()
    is_line = is_apart and is_question(words) and words[:1].isupper() and not following.rstrip().endswith("?")
    return (words, False) if is_line and not re.search(r"[.!?] ", words) else None


def _answer(text: str, asked: _Asked, end: int) -> tuple[int, int]:
    """The text below a question line, without the label "A:"; the first paragraphs if the question is not marked."""
    start = asked.end
    while start < end and text[start].isspace():
        start += 1
    label = _ANSWERED.match(text, start)
    if label:
        start = label.end()
    if asked.is_block:
        outside = re.compile(r"\n(?=\S)").search(text, asked.end, end)
        end = outside.start() if outside else end
    closing = text.find("</details>", start, end)
    end = closing if closing >= 0 else end
    if not asked.is_marked:
        breaks = [match.start() for match in re.finditer(r"\n\s*\n", text[start:end])]
        end = start + breaks[_MOST_PARAGRAPHS - 1] if len(breaks) >= _MOST_PARAGRAPHS else end
    # A heading of the same words repeats the question for a table of contents.
    repeated = re.match(rf"[ \t]*#+[ \t]*{re.escape(asked.text.strip())}[ \t]*\n", text[start:end])
    return (start + repeated.end() if repeated else start), end


def _answer_cell(row: Sequence[Cell]) -> Cell | None:
    """The cell of the answer if it is in the document's text."""
    named = next((cell for cell in row if cell.column in _ANSWER_COLUMNS and cell.start >= 0), None)
    return named or next((cell for cell in row if not cell.column and cell.start >= 0), None)
