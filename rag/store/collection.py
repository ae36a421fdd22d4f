"""Collection: documents, their chunks and embeddings, wherever they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rag.errors import CollectionError, ModelMismatch
from rag.store.homes import home_of
from rag.store.records import are_unit
from rag.types import Chunk, ChunkingSpec, CollectionSpec, Document, DocumentSummary, EmbeddingSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.store.records import ChunkRow, Part
    from rag.store.search import SearchEngine
    from rag.store.sql import SqlConnection
    from rag.store.sqlite.schema import ConversationRow, TurnRow
    from rag.types import FloatArray, IntArray

    Digests = NDArray[np.uint8]


class StoredVectors(NamedTuple):
    """All vectors of a collection in one state of it: chunk ids int64 (n,), ascending, and float32 (n, dimension)."""

    generation: int
    ids: IntArray
    vectors: FloatArray


class Filling(Protocol):
    """Adds documents and conversations that have their ids already, from another collection or file."""

    def add_document(self, document: Document, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        """Add a document and its chunks with their ids, ascending, and unit vectors float32 (len(chunks), dimension).

        Raises CollectionError if a text contains a lone surrogate.
        """

    def add_conversation(self, conversation: ConversationRow, turns: Sequence[TurnRow], owner: str) -> None:
        """Add a conversation of this owner and its turns."""


class Collection(Protocol):
    """Documents, their chunks and embeddings. Threads may share one object, and other processes may read and write.

    A read sees one state: a document is in it wholly or not at all. Every method raises CollectionError if the
    collection cannot be read or written, and if what it reads is not what was stored.
    """

    spec: CollectionSpec
    uid: str
    """The collection's id, which a rename does not change."""

    @staticmethod
    def create(folder: Path, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec) -> Collection:
        """Create an empty collection in `folder`. Raises CollectionError if the name is taken or invalid."""
        with unfinished_collection(folder, name, embedding, chunking):
            pass
        return home_of(folder).open(name)

    @staticmethod
    def open(folder: Path, name: str) -> Collection:
        """Open the collection `name`; one of an earlier version is migrated, unless it cannot be written.

        Raises:
            CollectionError: it is missing, damaged, of a newer version, or from another program.
        """
        return home_of(folder).open(name)

    @property
    def location(self) -> str:
        """Where it is stored. With `uid` and `generation` it names one state of the collection, for caches."""

    @property
    def cache_folder(self) -> Path:
        """The folder for caches of this collection."""

    @property
    def why_read_only(self) -> str:
        """Why documents cannot be changed now, and what to do, as sentences; empty if they can."""

    @property
    def is_protected(self) -> bool:
        """Whether the collection can be neither renamed nor deleted."""

    @property
    def is_read_only(self) -> bool:
        """Whether documents cannot be changed; see `why_read_only`."""
        return bool(self.why_read_only)

    def sampled(self) -> Collection:
        """The same collection, for pages: if it has more chunks than they should hold, what reads all reads a sample.

        This is so for a store on a server with more than `EXPLORER_MAP_POINTS` chunks: `chunk_ids`, `chunk_digests`,
        `chunks`, `chunk_properties`, `ids_of_texts` and `stored_vectors` then read the chunks of `n_sampled`, drawn by
        `rag.store.sampling`. By default, the collection itself.
        """
        return self

    def n_sampled(self) -> int:
        """How many chunks are read by what reads all: `n_chunks`, or the size of the sample."""
        return self.n_chunks()

    def disk_bytes(self) -> int:
        """The size of what is stored, in bytes, without caches; 0 where only the server knows it."""

    def require_model(self, embedding: EmbeddingSpec) -> None:
        """Raise ModelMismatch unless vectors of `embedding` are compatible with this collection."""
        if embedding != self.spec.embedding:
            ours, theirs = self.spec.embedding, embedding
            raise ModelMismatch(
                f"Collection '{self.spec.name}' was built with '{ours.model_id}' (revision {ours.revision}, "
                f"{ours.dimension} dimensions); these vectors come from '{theirs.model_id}' (revision "
                f"{theirs.revision}, {theirs.dimension} dimensions). Use the first model, or create a new collection."
            )

    def put_document(
        self, document: Document, chunks: Sequence[Chunk], vectors: FloatArray, embedding: EmbeddingSpec
    ) -> None:
        """`put_parts`, of chunks in one part. Arguments and errors as there."""
        self.put_parts(document, [(chunks, vectors)], embedding)

    def put_parts(self, document: Document, parts: Iterable[Part], embedding: EmbeddingSpec) -> None:
        """Store a document, wholly or not at all, replacing an earlier one of the same name.

        Args:
            parts: chunks, which are spans of the document, with their unit vectors, float32 (len(chunks), dimension),
                by the model `embedding`. The chunks get new ids, in this order. Parts may be read from a file: each
                is looked at several times, but only one is needed in memory.

        Raises:
            ModelMismatch: the vectors are from another model.
            CollectionError: they are not unit vectors, or a text contains a lone surrogate.
            ValueError: their number is wrong, or a chunk is not a span of the document.
        """

    def filling(self) -> AbstractContextManager[Filling]:
        """Add documents and conversations with their ids to a collection that has none; all at once where possible."""

    def delete_document(self, document_id: str) -> None:
        """Delete a document with its chunks and embeddings; does nothing if it does not exist."""
        self.delete_documents([document_id])

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Delete these documents, all at once; ids that do not exist are ignored."""

    def generation(self) -> int:
        """A number that increases with every change; caches are keyed by it."""

    def setting(self, key: str) -> str | None:
        """A setting stored with the collection, such as its index; None if it was never set."""

    def set_setting(self, key: str, value: str | None) -> None:
        """Store a setting with the collection; None removes it. The generation does not change.

        Raises:
            ValueError: the key is reserved for the collection.
        """

    def settings(self) -> dict[str, str]:
        """All settings stored with the collection, by key."""

    def documents(self) -> list[DocumentSummary]:
        """All documents by name, without their texts."""

    def document_names(self, document_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Names by document id, for these documents (as far as they exist) or for all."""

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises CollectionError if it does not exist (any more)."""

    def n_chunks(self) -> int:
        """Number of chunks."""

    def chunk_ids(self) -> IntArray:
        """The ids of all chunks, int64 (n,), ascending."""

    def chunk_digests(self) -> tuple[IntArray, Digests]:
        """The ids of all chunks, int64 (n,), ascending, and the digest of each, uint8 (n, 16)."""

    def chunks(self, chunk_ids: Sequence[int] | None = None) -> list[Chunk]:
        """The chunks with these ids, in this order, without deleted ones; by default all chunks, by id."""

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """The chunks of one document in text order; empty if it does not exist."""

    def chunk_properties(self) -> list[ChunkRow]:
        """The rows of all chunks by id, with "" in place of their texts."""

    def ids_of_texts(self, accepts: Callable[[str], bool]) -> frozenset[int]:
        """Ids of the chunks whose text is accepted."""

    def embeddings(self) -> tuple[IntArray, FloatArray]:
        """Chunk ids int64 (n,), ascending, and their unit vectors float32 (n, dimension)."""
        stored = self.stored_vectors()
        return stored.ids, stored.vectors

    def stored_vectors(self) -> StoredVectors:
        """`embeddings` and `generation`, of one state. The vectors are checked here, not at each search."""

    def vectors_of(self, document_id: str) -> tuple[IntArray, FloatArray]:
        """Ids int64 (n,) and unit vectors float32 (n, dimension) of one document's chunks, in text order."""

    def vectors_with(self, chunk_ids: Sequence[int]) -> tuple[IntArray, FloatArray]:
        """Those of these ids that exist, int64 (m,), ascending, and their unit vectors, float32 (m, dimension).

        They are not compared with digests, which are of whole documents.
        """

    def count_retrieved(self, chunk_ids: Sequence[int]) -> None:
        """Count one more retrieval for each of these chunks; deleted ids are ignored.

        The generation is unchanged: no cache depends on these counts.
        """

    def retrieved_counts(self) -> dict[int, int]:
        """Retrieval counts by chunk id; chunks that were never counted are missing."""

    def engine(self) -> SearchEngine | None:
        """The search of the place where it is stored; None if that is only a file, see `rag/index/engines.py`."""

    def reading_conversations(self) -> AbstractContextManager[SqlConnection]:
        """A read transaction on the tables `conversations` and `turns` (`rag/conversations/store.py`)."""

    def writing_conversations(self) -> AbstractContextManager[SqlConnection]:
        """A write transaction on them, rolled back on any exception. The generation does not change."""


def list_collections(folder: Path) -> list[str]:
    """The names of the collections of a folder, sorted without regard to case."""
    return home_of(folder).names()


def unfinished_collection(
    folder: Path, name: str, embedding: EmbeddingSpec, chunking: ChunkingSpec
) -> AbstractContextManager[Collection]:
    """A new collection, which is listed in `folder` when the block ends, and deleted if it fails.

    Raises:
        CollectionError: the name is taken or invalid, or the folder cannot be written.
    """
    return home_of(folder).unfinished(name, embedding, chunking)


def require_fitting(document: Document, chunks: Sequence[Chunk], vectors: FloatArray, embedding: EmbeddingSpec) -> None:
    """Raise CollectionError if the vectors are not unit vectors, ValueError if something does not belong together."""
    if vectors.shape != (len(chunks), embedding.dimension):
        raise ValueError(f"expected vectors {(len(chunks), embedding.dimension)}, got {vectors.shape}")
    if any(document.text[chunk.start : chunk.end] != chunk.text for chunk in chunks):
        raise ValueError(f"the text of a chunk of '{document.name}' differs from its span")
    if not are_unit(vectors):
        raise CollectionError(
            f"'{document.name}' was not stored: the model '{embedding.model_id}' produced embeddings that "
            "are not unit vectors. Use another embedding model."
        )


def surrogate_error(document: Document) -> CollectionError:
    """The error for a document with half of a character, which no store can write."""
    name = document.name.encode(errors="replace").decode()
    return CollectionError(
        f"'{name}' was not stored: its name or text contains an incomplete character (a lone surrogate)."
    )
