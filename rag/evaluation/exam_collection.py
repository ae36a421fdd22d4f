"""The collection of an exam: its documents whole or split into chunks.

What a search reads of its hits is kept in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.chunking.chunker import chunk_document
from rag.evaluation.beir import Exam
from rag.store.sqlite.collection import SqliteCollection
from rag.store.sqlite.home import SqliteHome
from rag.types import Chunk, ChunkingSpec, Document, Embedder, EmbeddingSpec, Heading

if TYPE_CHECKING:
    from rag.types import FloatArray


class ExamCollection(SqliteCollection):
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


@dataclass(frozen=True, slots=True)
class SplitDocument:
    """A document of an exam, named by its id, and its chunks."""

    document: Document
    chunks: Sequence[Chunk]


def whole_documents(exam: Exam) -> list[SplitDocument]:
    """The exam's documents, each as one chunk: title and text on one line."""
    split = []
    for name, document in exam.documents.items():
        text = document.content
        # Nothing in a search reads the number of tokens.
        chunk = Chunk(name, 0, len(text), text, n_tokens=1)
        split.append(SplitDocument(Document(name, name, "text/plain", text, sha256=name), [chunk]))
    return split


def split_documents(exam: Exam, chunking: ChunkingSpec, model: Embedder) -> list[SplitDocument]:
    """The exam's documents as the app splits them; the title is a heading on a line of its own.

    Raises:
        DocumentError: the settings do not fit a document or the model.
    """
    split = []
    for name, one in exam.documents.items():
        title = " ".join(one.title.split())
        text = f"{title}\n\n{one.text}" if title else one.text
        headings = (Heading(0, title),) if title else ()
        # Without a title, the id would be taken for the name of a file, which says something about the content.
        spec = chunking if title else replace(chunking, context=False)
        document = Document(name, name, "text/markdown", text, sha256=name, headings=headings)
        chunks = chunk_document(document, spec, model.window, model.tokenizer, model.encode_documents)
        split.append(SplitDocument(document, chunks))
    return split


def exam_collection(
    folder: Path, documents: Sequence[SplitDocument], vectors: FloatArray, embedding: EmbeddingSpec
) -> ExamCollection:
    """A collection in `folder` with these documents and their chunks, in one transaction.

    Args:
        vectors: unit vectors of all chunks in their order, float32 (n, dimension), by the model `embedding`.

    Raises:
        CollectionError: the folder cannot be written.
    """
    home = SqliteHome(folder)
    with home.unfinished("Exam", embedding, ChunkingSpec()):
        pass
    collection = home.open("Exam")
    first = 0
    with collection.filling() as filling:
        for one in documents:
            end = first + len(one.chunks)
            chunks = [replace(chunk, chunk_id=first + i) for i, chunk in enumerate(one.chunks, start=1)]
            filling.add_document(one.document, chunks, vectors[first:end])
            first = end
    return ExamCollection(collection.path, collection.spec, collection.uid)
