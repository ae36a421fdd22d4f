"""Reads of a collection that answer for all chunks at once without handing out their texts."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rag.store.chunk_table import ChunkRow
from rag.store.collection import Collection
from rag.store.transactions import transaction


def chunk_rows(collection: Collection) -> Iterator[ChunkRow]:
    """All chunks without their texts, by ascending id. Raises CollectionError where the file cannot be read."""
    with transaction(collection.path, collection.uid, "BEGIN", shown_as=collection.spec.name) as connection:
        for chunk_id, document_id, page, n_tokens, fields in connection.execute(
            "SELECT chunk_id, document_id, page, n_tokens, fields FROM chunks ORDER BY chunk_id"
        ):
            pairs = () if fields == "[]" else tuple((name, value) for name, value in json.loads(fields))
            yield ChunkRow(chunk_id, document_id, page, n_tokens, pairs)


def ids_containing(collection: Collection, text: str) -> frozenset[int]:
    """The chunks whose text holds this, whatever the case. Raises CollectionError where the file cannot be read."""
    wanted = text.casefold()
    with transaction(collection.path, collection.uid, "BEGIN", shown_as=collection.spec.name) as connection:
        connection.create_function("holds", 1, lambda own: wanted in own.casefold(), deterministic=True)
        return frozenset(row[0] for row in connection.execute("SELECT chunk_id FROM chunks WHERE holds(text)"))
