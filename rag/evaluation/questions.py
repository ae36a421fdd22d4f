"""Questions of an exam with their gold passages, and the JSON lines file that holds them.

A gold passage is a span of a document's text. It keeps its meaning when the document is split into other chunks, and
its first characters find it again when the document was edited.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import first_problem
from rag.evaluation.beir import ExamError
from rag.types import Document

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Origin = Literal["structure", "drafted", "written", "judged", "imported"]
"""Where a question comes from: the documents' structure, a model's draft, a person, a judgement in use, or a file."""
QUOTED = 200
"""Characters at the beginning of a span that are stored with it."""
_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """A passage that answers a question: characters [start, end) of the text of the document with this name.

    A grade of 1 or more means relevant; 0 is a passage that was judged and does not answer. `quote` is the first
    200 characters of the passage, or the whole passage if it is shorter; empty if they are unknown.
    """

    document: str
    start: int
    end: int
    grade: int = 1
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ExamQuestion:
    """A question with the passages that answer it; one without spans is unanswerable on purpose.

    `kind` says how it was made: "heading", "faq", "borrowed".
    """

    question_id: str
    text: str
    spans: tuple[GoldSpan, ...]
    kind: str
    origin: Origin

    @property
    def is_unanswerable(self) -> bool:
        """Whether no document answers it, on purpose."""
        return not self.spans

    @property
    def is_answerable(self) -> bool:
        """Whether a passage answers it. A question whose passages were all judged 0 is neither."""
        return any(span.grade > 0 for span in self.spans)


@dataclass(frozen=True, slots=True)
class Located:
    """A question whose spans were looked up in the present documents.

    `question` is None if none of its spans exists any more. `moved` are spans at their new places, `lost` are spans
    as they were, which the question has no longer.
    """

    question: ExamQuestion | None
    moved: tuple[GoldSpan, ...] = ()
    lost: tuple[GoldSpan, ...] = ()


def gold_span(document: Document, start: int, end: int, grade: int = 1) -> GoldSpan:
    """The span of `document.text[start:end]` with its quote.

    Raises:
        ValueError: the span is empty or outside the text.
    """
    if not 0 <= start < end <= len(document.text):
        raise ValueError(f"[{start}, {end}) is no span of '{document.name}', which has {len(document.text)} characters")
    return GoldSpan(document.name, start, end, grade, document.text[start : min(end, start + QUOTED)])


def question_id(kind: str, text: str, document: str) -> str:
    """A stable id: the first 16 hexadecimal digits of the SHA-256 of the three parts."""
    content = "\0".join((kind, text, document)).encode("utf-8", "backslashreplace")
    return hashlib.sha256(content).hexdigest()[:_ID_LENGTH]


def as_lines(questions: Iterable[ExamQuestion]) -> bytes:
    """The questions as JSON lines in UTF-8, one object a line, in their order; `parse_questions` reads them."""
    lines = (json.dumps(asdict(question), ensure_ascii=False) + "\n" for question in questions)
    return "".join(lines).encode("utf-8", "backslashreplace")


def save_questions(path: Path, questions: Iterable[ExamQuestion]) -> None:
    """Write the questions to `path`, one JSON object a line, in their order.

    Raises:
        ExamError: the file cannot be written.
    """
    content = as_lines(questions)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ExamError(f"'{path}' cannot be written: {error.strerror}. Choose another file or folder.") from error


def load_questions(path: Path, texts: Mapping[str, str] | None = None) -> tuple[ExamQuestion, ...]:
    """Read the questions that `save_questions` wrote; blank lines are skipped.

    Args:
        texts: the documents' texts by name. If given, every span must lie in one of them. Without them, the spans are
            read as they are, so that `located` can find them in documents that have changed.

    Raises:
        ExamError: the file cannot be read, or a line is wrong; the message names the line.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ExamError(f"There is no file '{path}'. Give a file with one question a line.") from error
    except OSError as error:
        raise ExamError(f"'{path}' cannot be read: {error.strerror}. Check the file and its permissions.") from error
    return parse_questions(str(path), content, texts)


def parse_questions(name: str, content: bytes, texts: Mapping[str, str] | None = None) -> tuple[ExamQuestion, ...]:
    """Read the questions in the content of a file, as `load_questions` does; `name` is the file's name in messages.

    Raises:
        ExamError: a line is wrong; the message names the line.
    """
    questions: dict[str, ExamQuestion] = {}
    for place, line in _lines(name, content):
        question = _question(place, line)
        if question.question_id in questions:
            raise ExamError(
                f"{place}: the id '{question.question_id}' occurs on an earlier line. Give every question an id of "
                "its own."
            )
        if texts is not None:
            for span in question.spans:
                _require_within(place, span, texts)
        questions[question.question_id] = question
    return tuple(questions.values())


def located(question: ExamQuestion, texts: Mapping[str, str]) -> Located:
    """Look up a question's spans in the present documents by their quotes.

    A span stays where its quote still stands. Otherwise it moves to the nearest place where its document holds the
    quote, apart from spaces and line breaks. If its document is gone, the quote is looked for in all others. The
    span keeps its length, and ends at the latest with the document. A span without a quote stays as long as it lies
    within its document.

    Args:
        texts: the documents' texts by name.
    """
    kept, moved, lost = [], [], []
    for span in question.spans:
        found = _found(span, texts)
        if found is None:
            lost.append(span)
            continue
        kept.append(found)
        if found != span:
            moved.append(found)
    remaining = replace(question, spans=tuple(kept)) if kept or not question.spans else None
    return Located(remaining, tuple(moved), tuple(lost))


def _found(span: GoldSpan, texts: Mapping[str, str]) -> GoldSpan | None:
    if span.document in texts:
        return _found_in(span, span.document, texts[span.document])
    if not span.quote:
        return None
    return next(filter(None, (_found_in(span, name, text) for name, text in texts.items())), None)


def _found_in(span: GoldSpan, name: str, text: str) -> GoldSpan | None:
    if not span.quote:
        return span if span.end <= len(text) else None
    if name == span.document and text.startswith(span.quote, span.start) and span.end <= len(text):
        return span
    places = list(places_of(span.quote, text))
    if not places:
        return None
    start, quote_end = min(places, key=lambda place: abs(place[0] - span.start))
    is_whole = span.end - span.start <= len(span.quote)
    end = quote_end if is_whole else min(len(text), max(quote_end, start + span.end - span.start))
    return GoldSpan(name, start, end, span.grade, text[start : min(end, start + QUOTED)])


def places_of(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """The spans [start, end) where a text holds the quote, with any spaces and line breaks between its words."""
    words = quote.split()
    if words:
        pattern = re.compile(r"\s+".join(map(re.escape, words)))
        yield from (match.span() for match in pattern.finditer(text))


def _question(place: str, line: bytes) -> ExamQuestion:
    try:
        question = _adapter().validate_json(line, strict=True)
    except ValueError as error:
        # pydantic counts lines too, but sees one line only.
        problem = first_problem(error).replace(" at line 1 column ", " at column ")
        raise ExamError(f"{place}: {problem}. Correct the line.") from error
    for name, value in (("question_id", question.question_id), ("text", question.text), ("kind", question.kind)):
        if not value.strip():
            raise ExamError(f"{place}: {name} is empty. Correct the line.")
    for span in question.spans:
        _require_span(place, span)
    return question


def _require_span(place: str, span: GoldSpan) -> None:
    where = f"{place}: a span of '{span.document}'"
    if not 0 <= span.start < span.end:
        raise ExamError(
            f"{where} goes from {span.start} to {span.end}. It must start at 0 or later and end after that."
        )
    if span.grade < 0:
        raise ExamError(f"{where} has the grade {span.grade}. It must be 0 or more.")


def _require_within(place: str, span: GoldSpan, texts: Mapping[str, str]) -> None:
    if span.document not in texts:
        raise ExamError(f"{place}: there is no document '{span.document}'. Add it, or remove the span.")
    length = len(texts[span.document])
    if span.end > length:
        raise ExamError(
            f"{place}: a span ends at {span.end:,}, but '{span.document}' has {length:,} characters. Correct the line."
        )


def _lines(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The lines that are not blank, each with its place for messages, counted from 1."""
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ExamError(f"'{name}', line {number}: the text is not UTF-8. Save the file as UTF-8.") from error
        yield f"'{name}', line {number}", line


@cache
def _adapter() -> TypeAdapter[ExamQuestion]:
    from pydantic import TypeAdapter

    return TypeAdapter(ExamQuestion)
