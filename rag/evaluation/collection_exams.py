"""Exams for a collection: the sample's questions, questions from the documents' structure, and uploaded ones."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from rag import config
from rag.evaluation.beir import ExamError
from rag.evaluation.exam_file import read_exam_csv
from rag.evaluation.questions import ExamQuestion, gold_span, located, parse_questions, places_of, question_id
from rag.evaluation.structure.exam import MOST_QUESTIONS, questions_from
from rag.evaluation.unanswerable import unanswerable_questions
from rag.store.collection import Collection
from rag.types import Document

SAMPLE_KIND = "sample"
SAMPLE_NAME = "Sample questions"
STRUCTURE_NAME = "From the documents' structure"
STORED_NAME = "My questions"
UPLOADABLE = (".csv", ".jsonl")
MOST_CHARACTERS = 2_000_000
"""How much text is read for questions: about ten seconds of work."""
_SHARE_UNANSWERABLE = 4
"""One unanswerable question for so many answerable ones, at most."""


@dataclass(frozen=True, slots=True)
class CollectionExam:
    """Questions about a collection; `notes` are sentences on what was left out, and why."""

    name: str
    questions: tuple[ExamQuestion, ...]
    notes: tuple[str, ...] = ()

    @property
    def n_answerable(self) -> int:
        """How many questions have a passage that answers them."""
        return sum(question.is_answerable for question in self.questions)


def documents_of(collection: Collection) -> dict[str, Document]:
    """All documents of the collection with their texts, by name. Raises CollectionError if they cannot be read."""
    summaries = collection.documents()
    return {one.name: collection.document(one.document_id) for one in summaries}


def sample_exam(documents: Mapping[str, Document]) -> CollectionExam | None:
    """The questions that come with the sample, if at least half of their passages are in these documents; else None.

    So it is recognized by its texts, also in a renamed copy. Unanswerable questions with changed names are added.
    """
    lines = (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    rows: list[dict[str, str]] = [json.loads(line) for line in lines]
    found = [question for question in (_sample_question(row, documents) for row in rows) if question]
    if 2 * len(found) < len(rows):
        return None
    lost = len(rows) - len(found)
    notes = (f"{_were(lost)} left out: the documents do not hold their passages.",) if lost else ()
    return CollectionExam(SAMPLE_NAME, (*found, *_unanswerable(found, documents.values())), notes)


def structure_exam(documents: Mapping[str, Document], most: int = MOST_QUESTIONS) -> CollectionExam:
    """At most `most` questions from headings, question lists, glossaries, captions and references, without a model.

    Of large collections only some documents are read, and a note says how many. Unanswerable questions are added if
    all were read: some of these questions with another name or number, and questions about the sample whose words the
    documents do not have. The exam is empty if the documents have no structure.
    """
    if not _can_read_all(documents):
        part = _part_of(documents)
        note = (
            f"Made from {len(part):,} of {len(documents):,} documents, and without unanswerable questions, because "
            "reading all would take long."
        )
        return CollectionExam(STRUCTURE_NAME, questions_from(part, most), (note,))
    questions = questions_from(documents.values(), most)
    extra = _unanswerable(questions, documents.values(), others=_sample_texts()) if questions else ()
    return CollectionExam(STRUCTURE_NAME, (*questions, *extra))


def stored_exam(questions: Sequence[ExamQuestion], documents: Mapping[str, Document]) -> CollectionExam:
    """The questions that people made or judged for a collection, with the passages found in its present documents.

    Left out, with a note that says how many: questions whose passages no document holds any more, and those of which
    every passage was judged as no answer. Unanswerable questions are added for every fourth answerable one.
    """
    texts = {name: document.text for name, document in documents.items()}
    found = [place.question for place in (located(question, texts) for question in questions) if place.question]
    kept = [question for question in found if question.is_answerable or question.is_unanswerable]
    notes = []
    if lost := len(questions) - len(found):
        notes.append(f"{_were(lost)} left out: this collection does not hold their passages any more.")
    if unknown := len(found) - len(kept):
        notes.append(f"{_were(unknown)} left out: no passage was judged as an answer yet.")
    answerable = [question for question in kept if question.is_answerable]
    extra = _unanswerable(answerable, documents.values()) if answerable and _can_read_all(documents) else ()
    return CollectionExam(STORED_NAME, (*kept, *extra), tuple(notes))


def _can_read_all(documents: Mapping[str, Document]) -> bool:
    return sum(len(document.text) for document in documents.values()) <= MOST_CHARACTERS


def _part_of(documents: Mapping[str, Document]) -> list[Document]:
    """A choice of documents with at most MOST_CHARACTERS, random but always the same.

    If every document has more, the beginning of the shortest.
    """
    left, chosen = MOST_CHARACTERS, set()
    for name in random.Random(config.SEED).sample(sorted(documents), len(documents)):
        if len(documents[name].text) <= left:
            chosen.add(name)
            left -= len(documents[name].text)
    if chosen:
        return [document for name, document in documents.items() if name in chosen]
    return [_beginning(min(documents.values(), key=lambda document: len(document.text)))]


def _beginning(document: Document) -> Document:
    end = MOST_CHARACTERS
    return replace(
        document,
        text=document.text[:end],
        pages=tuple(start for start in document.pages if start < end),
        headings=tuple(heading for heading in document.headings if heading.start < end),
        rows=tuple(row for row in document.rows if row.end <= end),
    )


def uploaded_exam(name: str, content: bytes, documents: Mapping[str, Document]) -> CollectionExam:
    """An exam from a CSV file, or from JSON lines that this app wrote, with the passages found in these documents.

    Passages are looked up by their first characters, so the file may be older than the documents. Questions of which
    no passage is found are left out, and a note says how many.

    Raises:
        ExamError: the file is of another type, a line is wrong, or no question can be used.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in UPLOADABLE:
        raise ExamError(
            f"'{name}' is no exam. Upload a CSV file with the columns question, document and passage, or an exam "
            "saved as JSON lines. Folders in the BEIR layout are read by the command `evaluate` only."
        )
    read = read_exam_csv(name, content, documents) if suffix == ".csv" else parse_questions(name, content)
    texts = {one: document.text for one, document in documents.items()}
    places = [located(question, texts) for question in read]
    kept = tuple(place.question for place in places if place.question)
    if not any(question.is_answerable for question in kept):
        raise ExamError(
            f"'{name}' has no question whose passage is in this collection, so there is nothing to measure. Open the "
            "collection that it was made for, or add the passages' documents."
        )
    lost = len(read) - len(kept)
    notes = [f"{_were(lost)} left out: this collection does not hold their passages."] if lost else []
    if n_moved := sum(bool(place.moved) for place in places):
        moved = "1 question" if n_moved == 1 else f"{n_moved:,} questions"
        notes.append(f"The documents have changed: in {moved}, passages were found at other places than the file says.")
    return CollectionExam(PurePath(name).stem, kept, tuple(notes))


def _sample_question(row: Mapping[str, str], documents: Mapping[str, Document]) -> ExamQuestion | None:
    """A question of the sample with its passage as a span; None if the documents do not hold the passage."""
    document = documents.get(row["document"])
    place = next(places_of(row["passage"], document.text), None) if document else None
    if document is None or place is None:
        return None
    name = question_id(SAMPLE_KIND, row["question"], document.name)
    return ExamQuestion(name, row["question"], (gold_span(document, *place),), SAMPLE_KIND, "imported")


def _sample_texts() -> tuple[ExamQuestion, ...]:
    """The sample's questions without passages, to borrow from."""
    lines = (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    texts = [str(json.loads(line)["question"]) for line in lines]
    return tuple(ExamQuestion(question_id(SAMPLE_KIND, text, ""), text, (), SAMPLE_KIND, "imported") for text in texts)


def _unanswerable(
    answerable: Sequence[ExamQuestion], documents: Iterable[Document], others: Iterable[ExamQuestion] = ()
) -> tuple[ExamQuestion, ...]:
    most = max(1, len(answerable) // _SHARE_UNANSWERABLE)
    return unanswerable_questions(answerable, documents, others=others, most=most)


def _were(number: int) -> str:
    return "1 question is" if number == 1 else f"{number:,} questions are"
