"""The collection of an exam: each document is one chunk, and what a search reads of its hits is kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.evaluation.beir import Exam
from rag.store import schema
from rag.store.collection import Collection
from rag.types import Chunk, ChunkingSpec, Document, EmbeddingSpec

if TYPE_CHECKING:
    from rag.types import FloatArray


class ExamCollection(Collection):
    """A collection that does not change any more: its chunks and names are read once, at the first search.

    Otherwise every search would open the file several times, which takes longer than the search itself.
    """

    @cached_property
    def _kept_chunks(self) -> dict[int, Chunk]:
        return {chunk.chunk_id: chunk for chunk in super().chunks()}

    @cached_property
    def _kept_names(self) -> dict[str, str]:
        return super().document_names()

    def chunks(self, chunk_ids: Sequence[int] | None = None) -> list[Chunk]:
        """The chunks with these ids, in this order; by default all chunks, by id."""
        kept = self._kept_chunks
        return list(kept.values()) if chunk_ids is None else [kept[one] for one in map(int, chunk_ids) if one in kept]

    def document_names(self, document_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Names by document id, for these documents or for all."""
        kept = self._kept_names
        return dict(kept) if document_ids is None else {one: kept[one] for one in document_ids if one in kept}


def stored_exam(folder: Path, exam: Exam, vectors: FloatArray, embedding: EmbeddingSpec) -> ExamCollection:
    """A collection in `folder` with the exam's documents, each one chunk and named by its id, in one transaction.

    Args:
        vectors: unit vectors of the documents in the exam's order, float32 (n, dimension), by the model `embedding`.

    Raises:
        CollectionError: the folder cannot be written.
    """
    collection = Collection.create(folder, "Exam", embedding, ChunkingSpec())
    with collection.writing() as connection:
        for chunk_id, (name, document) in enumerate(exam.documents.items(), start=1):
            text = document.content
            # Nothing in a search reads the number of tokens.
            chunk = Chunk(name, 0, len(text), text, n_tokens=1)
            stored = Document(name, name, "text/plain", text, sha256=name)
            schema.insert_document(connection, stored, [chunk], [chunk_id], vectors[chunk_id - 1 : chunk_id])
    return ExamCollection(collection.path, collection.spec, collection.uid)
