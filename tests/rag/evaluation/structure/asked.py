"""Reads small documents and lists the questions that are made of them."""

from __future__ import annotations

from rag.documents.loading import load_document
from rag.evaluation.structure.exam import questions_from
from rag.types import Document


def markdown(text: str, name: str = "guide.md") -> Document:
    return load_document(name, text.encode())


def asked(*documents: Document, kind: str = "") -> dict[str, list[str]]:
    """The questions of the documents, or those of one kind, with the texts of their gold passages."""
    texts = {document.name: document.text for document in documents}
    return {
        question.text: [texts[span.document][span.start : span.end] for span in question.spans]
        for question in questions_from(documents)
        if kind in ("", question.kind)
    }


def words(n: int = 20) -> str:
    """A passage of n words that has nothing to do with any heading."""
    return " ".join(f"filler{number}" for number in range(n)) + "."
