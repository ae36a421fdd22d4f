"""A small collection with known passages, and an exam about it; no model's weights are needed."""

from __future__ import annotations

from pathlib import Path

from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.questions import ExamQuestion, gold_span
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Document
from tests.support.collections import plain_document, put
from tests.support.fakes import WordEmbedder

PARAGRAPHS = (
    "The owl hunts mice at night and turns its head far around.",
    "Bread is made of flour and water and salt and yeast.",
    "The tallest mountain on Earth is Mount Everest in the Himalayas.",
    "A violin has four strings and is played with a bow.",
    "The tax return is due before the end of July.",
    "Clouds of vapour cool down and drops fall as rain.",
)
ASKED = ("Which owl hunts at night?", "How is bread made of flour?", "What is the tallest mountain on Earth?")
DOCUMENTS = tuple(plain_document(f"{number}.txt", text) for number, text in enumerate(PARAGRAPHS))


def small_collection(folder: Path, name: str = "Small") -> Collection:
    """Six documents of one chunk each, embedded by `WordEmbedder`."""
    model = WordEmbedder()
    collection = Collection.create(folder, name, model.spec, ChunkingSpec())
    put(collection, model, *DOCUMENTS)
    return collection


def question(number: int, text: str, document: Document | None) -> ExamQuestion:
    """A question whose passage is the whole document; unanswerable without one."""
    spans = (gold_span(document, 0, len(document.text)),) if document else ()
    return ExamQuestion(f"q{number}", text, spans, "heading" if document else "borrowed", "structure")


def small_exam() -> CollectionExam:
    """Three questions that documents 0, 1 and 2 answer, and one that none does."""
    answerable = [question(number, text, DOCUMENTS[number]) for number, text in enumerate(ASKED)]
    return CollectionExam("Small exam", (*answerable, question(3, "Who sings the opera tonight?", None)))
