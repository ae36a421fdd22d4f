"""Some chunks of a collection as a collection of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rag.errors import CollectionError
from rag.store import schema
from rag.store.collection import Collection, unfinished_collection


def copy_chunks(source: Collection, folder: Path, name: str, chunk_ids: Sequence[int]) -> Collection:
    """A new collection `name` in `folder` with just these chunks of `source`, made whole or not at all.

    It has their documents with their whole texts, so that spans stay true, and the chunks as they are, with their ids
    and embeddings: nothing is embedded anew, and a search finds each chunk with the score it has in `source`. Ids
    that are gone are passed over; others may write to `source` meanwhile.

    Raises:
        CollectionError: none of the chunks is there any more, or the name is taken or cannot be used.
    """
    by_document: dict[str, list[int]] = defaultdict(list)
    for chunk in source.chunks(sorted({int(chunk_id) for chunk_id in chunk_ids})):
        by_document[chunk.document_id].append(chunk.chunk_id)
    with unfinished_collection(folder, name, source.spec.embedding, source.spec.chunking) as made:
        if not _fill(made, source, by_document):
            raise CollectionError(
                f"'{name}' was not made: collection '{source.spec.name}' does not hold any of the {len(chunk_ids):,} "
                "chosen chunks any more. Reload the page and choose again."
            )
    return Collection.open(folder, name)


def _fill(made: Collection, source: Collection, by_document: dict[str, list[int]]) -> int:
    """Copy these chunks of each document, all in one transaction; how many there were."""
    ids, vectors = source.embeddings()
    there, n_copied = set(ids.tolist()), 0
    with made.writing() as connection:
        for document_id, chunk_ids in by_document.items():
            document = source.document(document_id)
            # Read after their document: a chunk's id is never used again, so what is still there is a span of it.
            chunks = [chunk for chunk in source.chunks(chunk_ids) if chunk.chunk_id in there]
            own = [chunk.chunk_id for chunk in chunks]
            if chunks:
                schema.insert_document(connection, document, chunks, own, vectors[ids.searchsorted(own)])
            n_copied += len(chunks)
    return n_copied
