"""Words of a source, to check that a reader drops none of them in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from rag.types import Document

_WORD = re.compile(r"\w+")


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def said_by(document: Document) -> Counter[str]:
    """The words of a document: its text, its labels and its notes."""
    labels = " ".join(f"{name} {value}" for row in document.rows for name, value in row.fields)
    return words(f"{document.text} {labels} {' '.join(document.notes)} {document.name}")


def missing(source: str, documents: Iterable[Document]) -> list[str]:
    """The words of a source that no document says as often as the source does."""
    said: Counter[str] = sum((said_by(one) for one in documents), Counter())
    return sorted((words(source) - said).elements())
