"""Read an exam from a CSV file: one question a line, with the document and the passage that answer it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from rag.documents.encodings import decode
from rag.errors import DocumentError
from rag.evaluation.beir import ExamError
from rag.evaluation.questions import ExamQuestion, GoldSpan, gold_span, places_of, question_id
from rag.types import Document

IMPORTED = "imported"
"""The kind of a question from a CSV file."""
COLUMNS = ("question", "document", "passage", "start", "end")
EXAMPLE = (
    "question,document,passage\r\n"
    'How long is the warranty?,manual.pdf,"The warranty is three years, and five for commercial growers."\r\n'
    "How do I renew a fishing licence?,,\r\n"
)
"""An exam of two questions; no document answers the second."""
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the table: where it is, for messages, and its cells by column."""

    place: str
    cells: Mapping[str, str]


def read_exam_csv(name: str, content: bytes, documents: Mapping[str, Document]) -> tuple[ExamQuestion, ...]:
    """The questions of a CSV file with a line of column names.

    The columns are question, document, and either passage (text from the document) or start and end (characters
    [start, end) of its text). A question without a document is unanswerable on purpose. Lines with the same question
    are one question with several passages. A document may be given without its folder if that is clear.

    Args:
        name: the file's name, for messages.
        documents: the collection's documents by name.

    Raises:
        ExamError: the file or a line is wrong; the message names the line.
    """
    spans: dict[str, list[GoldSpan]] = {}
    for line in _lines(name, content):
        text = line.cells.get("question", "").strip()
        if not text:
            raise ExamError(f"{line.place}: the question is empty. Write one, or remove the line.")
        found = spans.setdefault(text, [])
        if line.cells.get("document", "").strip():
            found.append(_span(line, _document(line, documents)))
        elif any(line.cells.get(column, "").strip() for column in COLUMNS[2:]):
            raise ExamError(f"{line.place}: there is a passage but no document. Name the document.")
    if not spans:
        raise ExamError(f"'{name}' has no question. Write one on each line below the column names.")
    return tuple(
        ExamQuestion(
            question_id(IMPORTED, text, found[0].document if found else ""), text, tuple(found), IMPORTED, "imported"
        )
        for text, found in spans.items()
    )


def _lines(name: str, content: bytes) -> Iterator[_Line]:
    """The lines below the column names that are not blank. A line in quotes that has breaks is named by its last."""
    try:
        text = decode(name, content).text
    except DocumentError as error:
        raise ExamError(f"'{name}' is not text. Save the table as CSV in UTF-8.") from error
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        _require_columns(name, header)
        for cells in reader:
            if any(map(str.strip, cells)):
                yield _Line(f"'{name}', line {reader.line_num}", dict(zip(header, cells, strict=False)))
    except csv.Error as error:
        raise ExamError(f"'{name}', line {reader.line_num}: {error}. Save the table as CSV again.") from error


def _require_columns(name: str, header: list[str]) -> None:
    missing = [column for column in COLUMNS[:2] if column not in header]
    if not missing and "passage" not in header and not {"start", "end"} <= set(header):
        missing = ["passage"]
    if missing:
        listed = " and ".join(f"'{column}'" for column in missing)
        raise ExamError(
            f"'{name}', line 1: the column {listed} is missing. The first line names the columns: question, document, "
            "and passage, or start and end."
        )


def _document(line: _Line, documents: Mapping[str, Document]) -> Document:
    wanted = line.cells["document"].strip()
    if wanted in documents:
        return documents[wanted]
    same = [document for name, document in documents.items() if PurePath(name).name == wanted]
    if len(same) == 1:
        return same[0]
    problem = "there is no" if not same else f"there are {len(same)} documents called"
    raise ExamError(
        f"{line.place}: {problem} '{wanted}' in this collection. Write the name as the Documents page shows it."
    )


def _span(line: _Line, document: Document) -> GoldSpan:
    passage = line.cells.get("passage", "").strip()
    if passage:
        place = next(places_of(passage, document.text), None)
        if place is None:
            raise ExamError(
                f"{line.place}: the passage is not in '{document.name}'. Copy it word for word from the document's "
                "text on the Documents page."
            )
        return gold_span(document, *place)
    numbers = [line.cells.get(column, "").strip() for column in ("start", "end")]
    if not all(number.isascii() and number.isdecimal() for number in numbers):
        raise ExamError(
            f"{line.place}: neither a passage nor whole numbers in start and end are given. Add the passage's text, "
            "or the positions of its first character and of the one after its last."
        )
    try:
        return gold_span(document, *map(int, numbers))
    except ValueError as error:
        raise ExamError(f"{line.place}: {error}. Correct start and end.") from error
