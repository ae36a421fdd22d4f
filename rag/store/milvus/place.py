"""A place in Milvus: the Milvus collections of one collection, the rows in them, and their catalog."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import CollectionError
from rag.store import digests, records
from rag.store.milvus import layout
from rag.store.milvus.address import MilvusAddress
from rag.store.milvus.catalog import Catalog, Snapshot
from rag.store.milvus.client import connected, explaining, is_lite
from rag.store.milvus.layout import VectorIndex
from rag.store.records import ChunkRow
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.types import FloatArray

ROWS_AT_ONCE = 2048
"""Rows of one request with texts: with vectors of 1,024 dimensions they have 10 to 20 MB, below a message's limit."""
_ROWS_WITHOUT_TEXT, _SHORT_ROWS = 4096, 16_384
"""Rows of one request with vectors or properties but no texts, and with neither: the most that Milvus gives at once."""
_IDS_AT_ONCE = 2048
CHUNK_FIELDS = ("chunk_id", "version", "digest", "properties")
_UNUSED = [0.0, 0.0]
Values = Mapping[str, Any]
"""A row of Milvus: values by field."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a collection is: the address of Milvus, the catalog, and the collection's id. Milvus' errors are explained.

    Every method raises CollectionError if Milvus cannot be used.
    """

    address: MilvusAddress
    catalog: Catalog
    uid: str
    shown_as: str

    @property
    def vector_index(self) -> VectorIndex:
        """The index by which vectors are searched here."""
        return layout.EXACT if is_lite(self.address) else layout.HNSW

    def snapshot(self, *, with_entries: bool = True) -> Snapshot:
        """The state of the collection now."""
        return self.catalog.snapshot(self.uid, self.shown_as, with_entries=with_entries)

    def create(self, dimension: int) -> None:
        """Create the Milvus collections."""
        with explaining(self.address):
            layout.create(connected(self.address), self.uid, dimension, self.vector_index)

    def load(self) -> None:
        """Have Milvus load the collections, so that they can be searched."""
        with explaining(self.address):
            layout.load(connected(self.address), self.uid, self.vector_index)

    def drop(self) -> None:
        """Drop the Milvus collections."""
        with explaining(self.address):
            layout.drop(connected(self.address), self.uid)

    def insert_chunks(self, rows: Sequence[Values]) -> None:
        """Insert rows of chunks."""
        self._insert(layout.chunks_name(self.uid), rows)

    def insert_text(self, version: int, of: str, text: str, *, first: int = 0) -> None:
        """Insert a longer text in pieces, from the piece with this number on. Raises UnicodeEncodeError."""
        found = layout.pieces(text)
        rows = [
            {"key": f"{version}-{of}-{number}", "version": version, "of": of, "number": number, "piece": piece,
             "unused": _UNUSED}
            for number, piece in enumerate(found) if number >= first
        ]  # fmt: skip
        self._insert(layout.texts_name(self.uid), rows)

    def text(self, version: int, of: str) -> str:
        """A longer text, put together again. Raises CollectionError if it is not there."""
        found = self._query(
            layout.texts_name(self.uid), f'version == {version} and of == "{of}"', ("number", "piece"), limit=16_384
        )
        if not found:
            raise self.damaged("a text is missing")
        return "".join(row["piece"] for row in sorted(found, key=lambda row: int(row["number"])))

    def delete_versions(self, versions: Sequence[int]) -> None:
        """Delete all rows of these versions."""
        for start in range(0, len(versions), _IDS_AT_ONCE):
            chosen = f"version in {list(versions[start : start + _IDS_AT_ONCE])}"
            with explaining(self.address):
                for name in (layout.chunks_name(self.uid), layout.texts_name(self.uid)):
                    connected(self.address).delete(name, filter=chosen)

    def flush(self) -> None:
        """Have Milvus close its open segments, which makes search faster."""
        with explaining(self.address):
            connected(self.address).flush(layout.chunks_name(self.uid))

    def rows_with(self, chunk_ids: Sequence[int], fields: Sequence[str]) -> Iterator[Values]:
        """The rows of the chunks with these ids, in any order, whether they are visible or not."""
        at_once = _rows_at_once(fields)
        for start in range(0, len(chunk_ids), at_once):
            # Milvus Lite finds listed ids faster than a range of ids.
            wanted = f"chunk_id in {list(chunk_ids[start : start + at_once])}"
            yield from self._query(layout.chunks_name(self.uid), wanted, fields, limit=at_once)

    def rows_between(self, first: int, last: int, fields: Sequence[str]) -> Iterator[Values]:
        """The rows of the chunks with ids from `first` to `last`, by id, whether they are visible or not."""
        at_once = _rows_at_once(fields)
        for start in range(first, last + 1, at_once):
            found = self.rows_with(range(start, min(start + at_once, last + 1)), fields)
            yield from sorted(found, key=lambda row: int(row["chunk_id"]))

    def search(
        self, field: str, query: FloatArray | str, k: int, chosen: str, parameters: Mapping[str, object]
    ) -> list[tuple[int, float]]:
        """Ids and scores of at most k chunks, best first, by a field with vectors or one for full text."""
        data = [query if isinstance(query, str) else query.tolist()]
        with explaining(self.address):
            (hits,) = connected(self.address).search(
                layout.chunks_name(self.uid), data, anns_field=field, limit=k, filter=chosen,
                search_params=dict(parameters), output_fields=["chunk_id"],
            )  # fmt: skip
        return [(int(hit["chunk_id"]), float(hit["distance"])) for hit in hits]

    def chunk_values(self, chunk: Chunk, version: int, vector: FloatArray) -> tuple[Values, dict[str, str]]:
        """The row of a chunk, and the texts that do not fit into it, by what they are of.

        Raises UnicodeEncodeError if a text contains half a character.
        """
        row = records.chunk_row(chunk, chunk.chunk_id)
        properties = json.dumps([*row[1:3], *row[4:9]], ensure_ascii=False)
        first_properties, *more_properties = layout.pieces(properties)
        first_text, *more_text = layout.pieces(chunk.text)
        longer = {}
        if more_properties:
            longer[f"p{chunk.chunk_id}"] = properties
        if more_text:
            longer[f"t{chunk.chunk_id}"] = chunk.text
        return {
            "chunk_id": chunk.chunk_id, "version": version, "document": chunk.document_id,
            "digest": digests.of_chunk(row).hex(), "properties": first_properties, "text": first_text,
            "labels": layout.labels_of(chunk.fields), "words": layout.words_of(chunk), "vector": vector,
        }, longer  # fmt: skip

    def chunk_row(self, values: Values, document_id: str, *, with_text: bool = True) -> ChunkRow:
        """The row of a chunk from its values, without its text if that was not read. Raises CollectionError."""
        chunk_id, version = int(values["chunk_id"]), int(values["version"])
        stored = str(values["properties"])
        text = str(values["text"]) if with_text else ""
        try:
            found = json.loads(stored)
        except ValueError:
            # Cut: the whole is in the texts.
            found = json.loads(self.text(version, f"p{chunk_id}"))
        start, end, n_tokens, page, heading, fields, context = found
        if with_text and len(text) < end - start:
            text = self.text(version, f"t{chunk_id}")
        return document_id, start, end, text, n_tokens, page, heading, fields, context, chunk_id

    def damaged(self, what: str) -> CollectionError:
        """The error for a damaged collection; `what` is the damaged part, as a clause."""
        return CollectionError(
            f"Collection '{self.shown_as}' is damaged: {what}. Delete the damaged document and add its file again, or "
            "copy the collection from another store."
        )

    def _insert(self, name: str, rows: Iterable[Values]) -> None:
        listed = [dict(row) for row in rows]
        with explaining(self.address):
            for start in range(0, len(listed), ROWS_AT_ONCE):
                connected(self.address).insert(name, listed[start : start + ROWS_AT_ONCE])

    def _query(self, name: str, chosen: str, fields: Sequence[str], *, limit: int) -> list[Values]:
        with explaining(self.address):
            return list(connected(self.address).query(name, filter=chosen, output_fields=list(fields), limit=limit))


def _rows_at_once(fields: Sequence[str]) -> int:
    if "text" in fields:
        return ROWS_AT_ONCE
    return _ROWS_WITHOUT_TEXT if "vector" in fields or "properties" in fields else _SHORT_ROWS
