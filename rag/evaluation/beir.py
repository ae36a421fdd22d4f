"""Exams in the BEIR layout: corpus.jsonl, queries.jsonl, and the judgements in qrels.tsv or qrels/test.tsv."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ExplorerError

CORPUS, QUERIES = "corpus.jsonl", "queries.jsonl"
JUDGEMENTS = ("qrels.tsv", "qrels/test.tsv")
HEADER = ["query-id", "corpus-id", "score"]
_GRADE = re.compile(r"[+-]?[0-9]{1,9}")
_SHOWN = 60
"""Characters of a wrong value that a message quotes."""


class ExamError(ExplorerError):
    """An exam cannot be read; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class ExamDocument:
    """One document of an exam; the title is empty if it has none."""

    title: str
    text: str

    @property
    def content(self) -> str:
        """What is embedded and searched: title and text."""
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Exam:
    """Documents and queries by id, and the grades of judged documents, by query and document.

    A grade of 1 or more means relevant; at least one query has such a document.
    """

    name: str
    documents: dict[str, ExamDocument]
    queries: dict[str, str]
    grades: dict[str, dict[str, int]]

    @property
    def judged(self) -> list[str]:
        """The ids of the queries with a relevant document, in the order of the file: only these have figures."""
        return [query for query in self.queries if any(grade > 0 for grade in self.grades.get(query, {}).values())]

    @property
    def n_left_out(self) -> int:
        """How many queries have no relevant document."""
        return len(self.queries) - len(self.judged)


def read_exam(folder: Path) -> Exam:
    """Read the exam in `folder`; it gets the folder's name.

    Raises:
        ExamError: a file is missing or cannot be read, a line is wrong, or there is nothing to measure.
    """
    if not folder.is_dir():
        raise ExamError(
            f"There is no folder '{folder}'. Give the folder of an exam, which holds {CORPUS}, {QUERIES} and "
            f"{JUDGEMENTS[0]}."
        )
    documents = _read_documents(folder / CORPUS)
    queries = _read_queries(folder / QUERIES)
    path = _judgements_file(folder)
    exam = Exam(folder.resolve().name, documents, queries, _read_grades(path, documents, queries))
    if not exam.judged:
        raise ExamError(
            f"'{path}' names no relevant document: no score is 1 or more, so there is nothing to measure. Add a line "
            "with a query, a document that answers it, and the score 1."
        )
    return exam


def _judgements_file(folder: Path) -> Path:
    for name in JUDGEMENTS:
        try:
            if (folder / name).exists():
                return folder / name
        except OSError:
            # Reading it gives the reason.
            return folder / name
    raise ExamError(
        f"'{folder}' has no judgements: neither {JUDGEMENTS[0]} nor {JUDGEMENTS[1]} is there. Add one of them, with "
        f"the columns {', '.join(HEADER)} separated by tabs."
    )


def _read_documents(path: Path) -> dict[str, ExamDocument]:
    documents: dict[str, ExamDocument] = {}
    for place, row in _json_rows(path):
        # Some exams give a document without a title the title null.
        title = "" if row.get("title") is None else _text_of(place, row, "title")
        documents[_new_id(place, row, documents)] = ExamDocument(title, _text_of(place, row, "text"))
    if not documents:
        raise ExamError(f"'{path}' holds no document. Write one JSON object with _id and text on each line.")
    return documents


def _read_queries(path: Path) -> dict[str, str]:
    queries: dict[str, str] = {}
    for place, row in _json_rows(path):
        queries[_new_id(place, row, queries)] = _text_of(place, row, "text")
    if not queries:
        raise ExamError(f"'{path}' holds no query. Write one JSON object with _id and text on each line.")
    return queries


def _read_grades(path: Path, documents: dict[str, ExamDocument], queries: dict[str, str]) -> dict[str, dict[str, int]]:
    """The grades by query and document, from a file of three columns below a header."""
    lines = _lines(path)
    place, header = next(lines, (f"'{path}', line 1", ""))
    if header.split("\t") != HEADER:
        raise ExamError(
            f"{place}: expected the header '{' '.join(HEADER)}' with tabs between the names, found {_quoted(header)}. "
            "Add the header, or put the columns in this order."
        )
    grades: dict[str, dict[str, int]] = {}
    for place, line in lines:
        query, document, grade = _judgement(place, line)
        _require_known(place, "query", query, queries, QUERIES)
        _require_known(place, "document", document, documents, CORPUS)
        earlier = grades.setdefault(query, {}).setdefault(document, grade)
        if earlier != grade:
            raise ExamError(
                f"{place}: the document {_quoted(document)} has the score {grade} for the query {_quoted(query)}, but "
                f"an earlier line says {earlier}. Keep one of the two lines."
            )
    return grades


def _judgement(place: str, line: str) -> tuple[str, str, int]:
    """Query id, document id and grade of one line."""
    columns = line.split("\t")
    if len(columns) != len(HEADER):
        raise ExamError(
            f"{place}: expected three columns separated by tabs ({', '.join(HEADER)}), found {len(columns)}. Correct "
            "the line."
        )
    query, document, grade = columns
    if not _GRADE.fullmatch(grade.strip()):
        raise ExamError(
            f"{place}: the score is {_quoted(grade)}; it must be a whole number of at most nine digits, 0 for a "
            "document that is not relevant. Correct the line."
        )
    return query, document, int(grade)


def _require_known(place: str, what: str, one: str, known: dict[str, ExamDocument] | dict[str, str], file: str) -> None:
    if one not in known:
        raise ExamError(
            f"{place}: the {what} {_quoted(one)} does not exist in {file}. Correct the id, add the {what} there, or "
            "remove the line."
        )


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """The JSON objects of a file with one on each line, each with its place for messages."""
    for place, line in _lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be parsed"
            raise ExamError(
                f"{place}: expected a JSON object, found {_quoted(line)}: {reason}. Correct the line."
            ) from error
        if not isinstance(row, dict):
            raise ExamError(
                f'{place}: expected a JSON object such as {{"_id": "1", "text": "..."}}, found {_quoted(line)}. '
                "Correct the line."
            )
        yield place, row


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """The lines of a UTF-8 file that are not blank, each with its place for messages, counted from 1."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                place = f"'{path}', line {number}"
                line = _decoded(place, raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw)
                if line.strip():
                    yield place, line
    except FileNotFoundError as error:
        raise ExamError(f"'{path.parent}' has no {path.name}. Add the file, or give another folder.") from error
    except OSError as error:
        raise ExamError(f"'{path}' cannot be read: {error.strerror}. Check the file and its permissions.") from error


def _decoded(place: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ExamError(f"{place}: the text is not UTF-8. Save the file as UTF-8.") from error


def _new_id(place: str, row: dict[str, object], known: dict[str, ExamDocument] | dict[str, str]) -> str:
    """The value of _id, which must not be empty and not occur on an earlier line."""
    found = _text_of(place, row, "_id")
    if not found:
        raise ExamError(f"{place}: _id is empty. Give every line an id.")
    if found in known:
        raise ExamError(
            f"{place}: the id {_quoted(found)} occurs on an earlier line. Give every line an id of its own."
        )
    return found


def _text_of(place: str, row: dict[str, object], key: str) -> str:
    """The text under this key."""
    if key not in row:
        raise ExamError(f"{place}: the key {key} is missing; found {_quoted(', '.join(row))}. Add it.")
    value = row[key]
    if not isinstance(value, str):
        raise ExamError(f"{place}: {key} is {_quoted(json.dumps(value))}; it must be a text in quotation marks.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ExamError(f"{place}: {key} contains an incomplete character (a lone surrogate). Remove it.") from error
    return value


def _quoted(text: str) -> str:
    """A value in quotation marks, shortened, with invisible characters made visible."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return ascii(shown) if not shown.isprintable() else f"'{shown}'"
