"""Suggested questions: what a person could ask of these documents, from their structure, without a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from rag.evaluation.questions import ExamQuestion
from rag.evaluation.structure.exam import questions_from
from rag.store.collection import Collection
from rag.types import Document, Hit

MOST_CHARACTERS = 200_000
"""How much text is read for suggestions: about a second of work."""
_MOST_DOCUMENTS = 8
_CANDIDATES = 40
_LONGEST = 110
_KINDS = ("faq", "heading", "glossary")
"""Kinds of questions that a person could ask, the best first; captions and references are too special."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, its topic (the heading that it asks for), and the passage below it: [start, end) of a document."""

    question: str
    topic: str
    document: str
    start: int
    end: int

    def rank_in(self, hits: tuple[Hit, ...]) -> int | None:
        """The rank of the first hit that shares characters with the passage; None if there is none."""
        return next(
            (
                hit.rank
                for hit in hits
                if hit.document_name == self.document and hit.chunk.start < self.end and self.start < hit.chunk.end
            ),
            None,
        )


def suggestions_of(collection: Collection, most: int = 4) -> tuple[Suggestion, ...]:
    """At most `most` questions, of different documents if there are several; the documents added last come first.

    Large documents are passed over. Without headings, question lists or terms, a document's name is asked for.
    """
    documents = list(_newest(collection))
    questions = questions_from(documents, _CANDIDATES)
    ordered = sorted(
        (one for one in questions if one.kind in _KINDS and len(one.text) <= _LONGEST),
        key=lambda one: (not one.text.endswith("?"), _KINDS.index(one.kind)),
    )
    found: list[Suggestion] = []
    for document in documents * most:
        of_this = [one for one in ordered if one.spans[0].document == document.name]
        if of_this and len(found) < most:
            found.append(_suggestion(of_this[0]))
            ordered.remove(of_this[0])
    return tuple(found) or tuple(_by_name(document) for document in documents[:most])


def _newest(collection: Collection) -> Iterator[Document]:
    """Documents to read, the one added last first."""
    left, n = MOST_CHARACTERS, 0
    for summary in reversed(collection.documents()):
        if summary.n_characters <= left and n < _MOST_DOCUMENTS:
            left, n = left - summary.n_characters, n + 1
            yield collection.document(summary.document_id)


def _suggestion(question: ExamQuestion) -> Suggestion:
    span = question.spans[0]
    return Suggestion(asked(question.text), question.text, span.document, span.start, span.end)


def asked(topic: str) -> str:
    """A topic as a question: one that is a question stays as it is.

    >>> asked("Travel policy: Hotels")
    'What does "Travel policy" say about "Hotels"?'
    """
    if topic.endswith("?"):
        return topic
    whole, _, part = topic.partition(": ")
    return f'What does "{whole}" say about "{part}"?' if part else f'What do the documents say about "{topic}"?'


def _by_name(document: Document) -> Suggestion:
    name = PurePath(document.name).stem
    return Suggestion(f'What is "{name}" about?', name, document.name, 0, len(document.text))
