"""Chunk table: all properties of chunks except their texts, by column; used to colour and filter maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rag.store.collection import Collection
from rag.store.records import fields_from_json
from rag.types import Fields

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray


class ChunkRow(NamedTuple):
    """One chunk without its text."""

    chunk_id: int
    document_id: str
    page: int | None
    n_tokens: int
    fields: Fields


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """Chunks by ascending id, one per row.

    `chunk_ids` are int64 (n,); `documents` int64 (n,) are indices into `document_names`; `pages` float32 (n,) is NaN
    without pages; `n_tokens` is int64 (n,); `columns` has each table column's values, "" if missing.
    """

    chunk_ids: IntArray
    documents: IntArray
    document_names: tuple[str, ...]
    pages: FloatArray
    n_tokens: IntArray
    columns: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, collection: Collection) -> ChunkTable:
        """The table of all chunks of a collection. Raises CollectionError if the file cannot be read."""
        return chunk_table(_chunk_rows(collection), collection.document_names())

    def __len__(self) -> int:
        """Number of chunks."""
        return len(self.chunk_ids)

    def document_of_each(self) -> list[str]:
        """The name of every chunk's document."""
        return [self.document_names[number] for number in self.documents.tolist()]

    def take(self, rows: IntArray) -> ChunkTable:
        """The table of these rows, in this order."""
        chosen = rows.tolist()
        columns = {name: [values[row] for row in chosen] for name, values in self.columns.items()}
        return ChunkTable(
            self.chunk_ids[rows], self.documents[rows], self.document_names, self.pages[rows], self.n_tokens[rows],
            columns,
        )  # fmt: skip


def column_titles(columns: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Titles for table columns in an exported table: each as it is, or with " (column)" where that is taken already."""
    used, titles = set(taken), []
    for name in columns:
        title = name
        while title in used:
            title = f"{title} (column)"
        used.add(title)
        titles.append(title)
    return titles


def chunk_table(rows: Iterable[ChunkRow], document_names: Mapping[str, str]) -> ChunkTable:
    """The table of these chunks.

    Args:
        rows: by ascending id.
        document_names: by document id; a chunk whose document is missing gets the name "".
    """
    import numpy as np

    listed = list(rows)
    number: dict[str, int] = {}
    documents = [number.setdefault(row.document_id, len(number)) for row in listed]
    columns: dict[str, list[str]] = {}
    for i, row in enumerate(listed):
        for name, value in row.fields:
            columns.setdefault(name, [""] * len(listed))[i] = value
    return ChunkTable(
        np.array([row.chunk_id for row in listed], dtype=np.int64),
        np.array(documents, dtype=np.int64),
        tuple(document_names.get(document_id, "") for document_id in number),
        np.array([np.nan if row.page is None else row.page for row in listed], dtype=np.float32),
        np.array([row.n_tokens for row in listed], dtype=np.int64),
        columns,
    )


def _chunk_rows(collection: Collection) -> Iterator[ChunkRow]:
    """All chunks without their texts, by ascending id. Raises CollectionError if the file cannot be read."""
    for document_id, _, _, _, n_tokens, page, _, fields, _, chunk_id in collection.chunk_properties():
        yield ChunkRow(chunk_id, document_id, page, n_tokens, fields_from_json(fields))


def ids_containing(collection: Collection, text: str) -> frozenset[int]:
    """Ids of the chunks whose text contains this, ignoring case. Raises CollectionError if the file cannot be read."""
    wanted = text.casefold()
    return collection.ids_of_texts(lambda stored: wanted in stored.casefold())
