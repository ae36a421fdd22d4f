"""Collections in Milvus: reads of one state of the catalog, compared with the digests that were recorded.

Of a collection for pages (`sampled`), what reads all chunks reads at most EXPLORER_MAP_POINTS of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rag import config
from rag.access.person import require_editor
from rag.errors import CollectionError
from rag.store import digests, records
from rag.store.collection import Collection, StoredVectors, require_fitting
from rag.store.milvus import writing
from rag.store.milvus.catalog import Entry, Snapshot
from rag.store.milvus.engine import MilvusEngine
from rag.store.milvus.place import ROWS_AT_ONCE, Place, Values
from rag.store.milvus.tables import CollectionTables
from rag.store.sampling import sample_of
from rag.store.sqlite.collection import RESERVED_KEYS
from rag.types import Chunk, CollectionSpec, Document, DocumentSummary, EmbeddingSpec

if TYPE_CHECKING:
    from rag.store.collection import Digests
    from rag.store.records import ChunkRow, DocumentRow, Part
    from rag.store.sql import SqlConnection
    from rag.types import FloatArray, IntArray

_PROPERTIES = ("chunk_id", "version", "document", "digest", "properties")
_ALL = (*_PROPERTIES, "text")
_LARGEST_GAP = 2048
"""Missing chunk ids that are passed over within one request."""


class _Sample(NamedTuple):
    """The chunks that are drawn in one state of a collection: their ids, int64, ascending, or None for all chunks."""

    generation: int
    ids: IntArray | None


class MilvusCollection(Collection):
    """A collection whose chunks, vectors and texts are in Milvus, and everything else in an SQL database."""

    def __init__(self, place: Place, spec: CollectionSpec, folder: Path, most: int | None = None) -> None:
        self.spec = spec
        self.uid = place.uid
        self._place = place
        self._folder = folder
        self._tables = CollectionTables(place.catalog, place.uid, spec.name)
        self._most = most
        self._drawn = _Sample(-1, None)

    @property
    def location(self) -> str:
        """The address of Milvus and the collection's id."""
        return f"{self._place.address.shown}/{self.uid}"

    @property
    def cache_folder(self) -> Path:
        """The folder for caches of this collection, or of its sample, on this machine."""
        folder = self._folder / f"{self.uid}.cache"
        return folder if self._sample().ids is None else folder / f"sample-{self._most}"

    @property
    def why_read_only(self) -> str:
        """Empty: whoever can reach the store can write to it."""
        return ""

    @property
    def is_protected(self) -> bool:
        """False: whoever can reach the store can rename and delete."""
        return False

    def sampled(self) -> MilvusCollection:
        """The collection of which what reads all chunks reads a sample, see `Collection.sampled`."""
        return MilvusCollection(self._place, self.spec, self._folder, config.map_points())

    def n_sampled(self) -> int:
        """How many chunks are read by what reads all."""
        ids = self._sample().ids
        return self.n_chunks() if ids is None else len(ids)

    def disk_bytes(self) -> int:
        """The size of Milvus Lite's files of this collection, in bytes; 0 for a server."""
        if not self._place.address.is_local:
            return 0
        folder = Path(self._place.address.uri) / "collections"
        return sum(path.stat().st_size for path in folder.glob(f"*{self.uid}*/**/*") if path.is_file())

    def put_parts(self, document: Document, parts: Iterable[Part], embedding: EmbeddingSpec) -> None:
        """Store a document, wholly or not at all, see `Collection.put_parts`."""
        require_editor()
        self.require_model(embedding)
        n_chunks = 0
        for chunks, vectors in parts:
            require_fitting(document, chunks, vectors, embedding)
            n_chunks += len(chunks)
        writing.put(self._place, document, parts, n_chunks)

    def filling(self) -> AbstractContextManager[writing.MilvusFilling]:
        """Add documents and conversations with their ids; the documents become visible together."""
        require_editor()
        return writing.filling(self._place)

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Delete these documents from all searches that begin now; Milvus deletes their rows later."""
        require_editor()
        with writing.write_lock(self.uid):
            self._place.catalog.leave(self.uid, self.spec.name, list(document_ids))
            writing.sweep(self._place)

    def generation(self) -> int:
        """A number that increases with every change; caches are keyed by it."""
        return self._place.snapshot(with_entries=False).generation

    def setting(self, key: str) -> str | None:
        """A setting stored with the collection; None if it was never set."""
        return self._tables.setting(key)

    def set_setting(self, key: str, value: str | None) -> None:
        """Store a setting with the collection; None removes it. Raises ValueError for a reserved key."""
        require_editor()
        if key in RESERVED_KEYS:
            raise ValueError(f"'{key}' is not a setting: the key is reserved for the collection.")
        self._tables.set_setting(key, value)

    def settings(self) -> dict[str, str]:
        """All settings stored with the collection, by key."""
        return self._tables.settings()

    def documents(self) -> list[DocumentSummary]:
        """All documents by name, without their texts."""
        found = [self._sound(entry).as_summary for entry in self._place.snapshot().entries.values()]
        return sorted(found, key=lambda one: one.name)

    def document_names(self, document_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Names by document id, for these documents (as far as they exist) or for all."""
        if document_ids is None:
            return {one.document_id: one.name for one in self.documents()}
        found = self._place.catalog.entries_of(self.uid, self.spec.name, document_ids=list(document_ids))
        return {one.document_id: one.name for one in (self._sound(entry).as_summary for entry in found)}

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises CollectionError if it does not exist (any more)."""
        entry = self._entry(document_id)
        if entry is None:
            raise CollectionError(f"Collection '{self.spec.name}' no longer contains this document. Reload the page.")
        text = self._place.text(entry.version, writing.DOCUMENT)
        try:
            row: DocumentRow = tuple(json.loads(text))
            is_sound = digests.of_contents(row) == entry.digests.contents
        except (ValueError, TypeError, IndexError):
            is_sound = False
        if not is_sound:
            raise self._place.damaged(f"the text of document '{entry.summary[1]}' differs from what was stored")
        return records.document_from_row(row)

    def n_chunks(self) -> int:
        """Number of chunks."""
        return self._place.catalog.n_chunks(self.uid, self.spec.name)

    def chunk_ids(self) -> IntArray:
        """The ids of all chunks, int64 (n,), ascending."""
        import numpy as np

        ids = self._sample().ids
        return np.sort(self._ids_of(self._place.snapshot())) if ids is None else ids

    def chunk_digests(self) -> tuple[IntArray, Digests]:
        """The ids of all chunks, int64 (n,), ascending, and the digest of each, uint8 (n, 16)."""
        import numpy as np

        rows = list(self._read(("chunk_id", "version", "digest")))
        found = np.frombuffer(b"".join(bytes.fromhex(row["digest"]) for row in rows), dtype=np.uint8)
        return _ids(rows), found.reshape(-1, digests.BYTES_OF_CHUNK)

    def chunks(self, chunk_ids: Sequence[int] | None = None) -> list[Chunk]:
        """The chunks with these ids, in this order, without deleted ones; by default all chunks, by id."""
        if chunk_ids is None:
            return [self._chunk(row) for row in self._read(_ALL)]
        wanted = [int(chunk_id) for chunk_id in chunk_ids]
        found = {int(row["chunk_id"]): self._chunk(row) for row in self._rows_with(wanted, _ALL)}
        return [found[chunk_id] for chunk_id in wanted if chunk_id in found]

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """The chunks of one document in text order; empty if it does not exist."""
        return [self._chunk(row) for row in self._rows_of(document_id, _ALL)]

    def chunk_properties(self) -> list[ChunkRow]:
        """The rows of all chunks by id, with "" in place of their texts."""
        found = []
        for row in self._read(_PROPERTIES):
            stored = self._place.chunk_row(row, row["document"], with_text=False)
            if digests.of_properties(stored) != bytes.fromhex(row["digest"])[: digests.BYTES_OF_CHUNK // 2]:
                raise self._place.damaged("a chunk differs from what was stored")
            found.append(stored)
        return found

    def ids_of_texts(self, accepts: Callable[[str], bool]) -> frozenset[int]:
        """Ids of the chunks whose text is accepted."""
        return frozenset(chunk.chunk_id for chunk in self.chunks() if accepts(chunk.text))

    def stored_vectors(self) -> StoredVectors:
        """All vectors of one state, compared with the digests of the documents; those of a sample are not."""
        import numpy as np

        sample = self._sample()
        if sample.ids is not None:
            return StoredVectors(sample.generation, *self.vectors_with(sample.ids.tolist()))
        snapshot = self._place.snapshot()
        ids = np.empty(snapshot.n_chunks, np.int64)
        vectors = np.empty((snapshot.n_chunks, self.spec.embedding.dimension), np.float32)
        versions = np.empty(snapshot.n_chunks, np.int64)
        for i, row in enumerate(self._rows(snapshot, ("chunk_id", "version", "vector"))):
            ids[i], versions[i], vectors[i] = row["chunk_id"], row["version"], row["vector"]
        order = np.argsort(versions, kind="stable")
        ends = np.searchsorted(versions[order], list(snapshot.entries), side="right")
        for entry, end in zip(snapshot.entries.values(), ends.tolist(), strict=True):
            rows = order[end - entry.digests.n_chunks : end]
            self._require_vectors(entry, ids[rows], vectors[rows])
        return StoredVectors(snapshot.generation, ids, vectors)

    def vectors_of(self, document_id: str) -> tuple[IntArray, FloatArray]:
        """Ids int64 (n,) and unit vectors float32 (n, dimension) of one document's chunks, in text order."""
        import numpy as np

        rows = list(self._rows_of(document_id, ("chunk_id", "version", "vector")))
        vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
        ids, vectors = _ids(rows), vectors.reshape(-1, self.spec.embedding.dimension)
        if (entry := self._entry(document_id)) is not None and len(ids):
            self._require_vectors(entry, ids, vectors)
        return ids, vectors

    def vectors_with(self, chunk_ids: Sequence[int]) -> tuple[IntArray, FloatArray]:
        """Those of these ids that exist, int64 (m,), ascending, and their unit vectors, float32 (m, dimension)."""
        import numpy as np

        ids = np.empty(len(chunk_ids), np.int64)
        vectors = np.empty((len(chunk_ids), self.spec.embedding.dimension), np.float32)
        n = 0
        for row in self._rows_with(map(int, chunk_ids), ("chunk_id", "version", "vector")):
            ids[n], vectors[n] = row["chunk_id"], row["vector"]
            n += 1
        order = np.argsort(ids[:n])
        return ids[order], vectors[order]

    def count_retrieved(self, chunk_ids: Sequence[int]) -> None:
        """Count one more retrieval for each of these chunks; deleted ids are ignored."""
        self._tables.count_retrieved(sorted(self._existing(map(int, chunk_ids))))

    def retrieved_counts(self) -> dict[int, int]:
        """Retrieval counts by chunk id; chunks that were never counted are missing."""
        counts = self._tables.retrieved_counts()
        there = self._existing(counts)
        return {chunk_id: times for chunk_id, times in counts.items() if chunk_id in there}

    def engine(self) -> MilvusEngine:
        """Search in Milvus."""
        return MilvusEngine(self._place)

    def reading_conversations(self) -> AbstractContextManager[SqlConnection]:
        """A read transaction on the collection's conversations."""
        return self._tables.reading_conversations()

    def writing_conversations(self) -> AbstractContextManager[SqlConnection]:
        """A write transaction on the collection's conversations."""
        return self._tables.writing_conversations()

    def _entry(self, document_id: str) -> Entry | None:
        """The entry of a visible document; None if it does not exist."""
        found = self._place.catalog.entries_of(self.uid, self.spec.name, document_ids=[document_id])
        return self._sound(found[0]) if found else None

    def _sound(self, entry: Entry) -> Entry:
        """The entry, if it is as it was stored."""
        if digests.of_summary(entry.summary) != entry.digests.summary:
            raise self._place.damaged(f"the entry of document '{entry.summary[1]}' differs from what was stored")
        return entry

    def _sample(self) -> _Sample:
        """What is read by what reads all, in the present state."""
        if self._most is None or self._drawn.generation == self.generation():
            return self._drawn
        snapshot = self._place.snapshot()
        ids = sample_of(self._ids_of(snapshot), self._most) if snapshot.n_chunks > self._most else None
        self._drawn = _Sample(snapshot.generation, ids)
        return self._drawn

    def _ids_of(self, snapshot: Snapshot) -> IntArray:
        """The ids of all chunks of a state: those of a document follow each other, so that Milvus need not be asked."""
        import numpy as np

        parts = [np.empty(0, np.int64)]
        for version, entry in snapshot.entries.items():
            n = entry.digests.n_chunks
            if n and entry.last_chunk - entry.first_chunk + 1 == n:
                parts.append(np.arange(entry.first_chunk, entry.last_chunk + 1, dtype=np.int64))
            elif n:
                alone = Snapshot(0, version + 1, (), {version: entry})
                parts.append(_ids(list(self._rows(alone, ("chunk_id", "version")))))
        return np.concatenate(parts)

    def _read(self, fields: Sequence[str]) -> Iterator[Values]:
        """The rows of all chunks, or of the sample, by id."""
        if (ids := self._sample().ids) is None:
            yield from self._rows(self._place.snapshot(), fields)
            return
        for start in range(0, len(ids), ROWS_AT_ONCE):
            found = self._rows_with(ids[start : start + ROWS_AT_ONCE].tolist(), fields)
            yield from sorted(found, key=lambda row: int(row["chunk_id"]))

    def _rows(self, snapshot: Snapshot, fields: Sequence[str]) -> Iterator[Values]:
        """The rows of all chunks of a state, by id. Raises CollectionError if a document has not all of its chunks."""
        counts = dict.fromkeys(snapshot.entries, 0)
        for first, last in _runs(snapshot.entries.values()):
            for row in self._place.rows_between(first, last, fields):
                if row["version"] in counts:
                    counts[row["version"]] += 1
                    yield row
        for version, entry in snapshot.entries.items():
            if counts[version] != entry.digests.n_chunks:
                raise self._place.damaged(
                    f"{counts[version]:,} of the {entry.digests.n_chunks:,} chunks of document '{entry.summary[1]}' "
                    "are there"
                )

    def _rows_of(self, document_id: str, fields: Sequence[str]) -> Iterator[Values]:
        """The rows of one document's chunks, by id; none if it does not exist."""
        if (entry := self._entry(document_id)) is not None:
            yield from self._rows(Snapshot(0, entry.version + 1, (), {entry.version: entry}), fields)

    def _rows_with(self, chunk_ids: Iterable[int], fields: Sequence[str]) -> Iterator[Values]:
        """The rows of the chunks with these ids that exist, in any order."""
        snapshot = self._place.snapshot(with_entries=False)
        hidden = frozenset(snapshot.hidden)
        for row in self._place.rows_with(list(dict.fromkeys(chunk_ids)), fields):
            if row["version"] < snapshot.next_version and row["version"] not in hidden:
                yield row

    def _existing(self, chunk_ids: Iterable[int]) -> set[int]:
        """Those of these ids whose chunks exist."""
        return {int(row["chunk_id"]) for row in self._rows_with(chunk_ids, ("chunk_id", "version"))}

    def _chunk(self, values: Values) -> Chunk:
        """The chunk of a row with the fields _ALL, compared with its digest."""
        row = self._place.chunk_row(values, values["document"])
        if digests.of_chunk(row).hex() != values["digest"]:
            raise self._place.damaged("a chunk differs from what was stored")
        return records.chunk_from_row(row)

    def _require_vectors(self, entry: Entry, ids: IntArray, vectors: FloatArray) -> None:
        if digests.of_vectors(ids, vectors) != entry.digests.vectors:
            raise self._place.damaged(f"the embeddings of document '{entry.summary[1]}' differ from what was stored")


def _runs(entries: Iterable[Entry]) -> list[tuple[int, int]]:
    """The first and last ids of stretches without a large gap, which together hold the chunks of these documents."""
    found: list[tuple[int, int]] = []
    for entry in sorted(entries, key=lambda one: one.first_chunk):
        if not entry.digests.n_chunks:
            continue
        if found and entry.first_chunk <= found[-1][1] + _LARGEST_GAP:
            found[-1] = found[-1][0], max(found[-1][1], entry.last_chunk)
        else:
            found.append((entry.first_chunk, entry.last_chunk))
    return found


def _ids(rows: Sequence[Values]) -> IntArray:
    import numpy as np

    return np.array([row["chunk_id"] for row in rows], dtype=np.int64)
