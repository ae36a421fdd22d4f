"""Labels: the values of a table row that are not its text, written so that each is next to its column's name."""

from __future__ import annotations

from collections.abc import Iterable

from rag.types import Chunk, Fields

SEPARATOR = "; "


def written(fields: Iterable[tuple[str, str]]) -> str:
    """The values with their columns' names, in one line: "ticket: T-902; city: York". Empty values are left out."""
    return SEPARATOR.join(f"{column}: {' '.join(value.split())}" for column, value in fields if value.strip())


def unsaid_labels(chunk: Chunk) -> Fields:
    """The labels of a chunk that neither its context line nor its text says with the column's name."""
    said = " ".join(f"{chunk.context}\n{chunk.text}".split())
    return tuple(field for field in chunk.fields if field[1].strip() and written([field]) not in said)
