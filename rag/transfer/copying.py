"""Copies of a whole collection, from one home of collections to another, compared by count and hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from rag.errors import CollectionError
from rag.store import digests, records
from rag.store.collection import Collection
from rag.store.homes import Home
from rag.store.sqlite.schema import CONVERSATION_COLUMNS, TURN_COLUMNS, ConversationRow, TurnRow


@dataclass(frozen=True, slots=True)
class ContentHash:
    """What a collection holds: numbers of documents, chunks and conversations, and the SHA-256 of all of them.

    It does not depend on where the collection is stored, on its name, or on the order in which documents were added.
    """

    documents: int
    chunks: int
    conversations: int
    sha256: str


def copy_collection(source: Collection, home: Home, name: str) -> Collection:
    """Copy a collection to the new collection `name` in `home`. Raises CollectionError as `copy_into` does."""
    with home.unfinished(name, source.spec.embedding, source.spec.chunking) as made:
        copy_into(made, source)
    return home.open(name)


def copy_into(made: Collection, source: Collection) -> None:
    """Copy documents, chunks with their ids, vectors, conversations and settings to the empty collection `made`.

    One document is in memory at a time. The copy is read again and compared with the source.

    Raises:
        CollectionError: the source changed meanwhile or is damaged, or the copy differs from it.
    """
    before = source.generation()
    with made.filling() as filling:
        for summary in source.documents():
            document, chunks = source.document(summary.document_id), source.chunks_of(summary.document_id)
            ids, vectors = source.vectors_of(summary.document_id)
            if ids.tolist() != [chunk.chunk_id for chunk in chunks]:
                raise _changed(made, source)
            filling.add_document(document, chunks, vectors)
        for conversation, turns, owner in stored_conversations(source):
            filling.add_conversation(conversation, turns, owner)
    for key, value in source.settings().items():
        made.set_setting(key, value)
    expected, found, name = content_hash(source), content_hash(made), made.spec.name
    if source.generation() != before:
        raise _changed(made, source)
    if found != expected:
        raise CollectionError(
            f"'{name}' was not created: it would hold {found.documents:,} documents and {found.chunks:,} chunks "
            f"(hash {found.sha256[:12]}) where '{source.spec.name}' has {expected.documents:,} and "
            f"{expected.chunks:,} (hash {expected.sha256[:12]}). Copy it again."
        )


def _changed(made: Collection, source: Collection) -> CollectionError:
    return CollectionError(
        f"'{made.spec.name}' was not created: '{source.spec.name}' changed meanwhile. Copy it again."
    )


def content_hash(collection: Collection) -> ContentHash:
    """Read everything in a collection and hash it. Raises CollectionError if it is damaged."""
    content, n_documents, n_chunks = hashlib.sha256(), 0, 0
    for summary in sorted(collection.documents(), key=lambda one: one.document_id):
        row = records.document_row(collection.document(summary.document_id))
        chunks = collection.chunks_of(summary.document_id)
        rows = [records.chunk_row(chunk, chunk.chunk_id) for chunk in chunks]
        ids, vectors = collection.vectors_of(summary.document_id)
        content.update(repr((row, rows)).encode())
        content.update(digests.of_vectors(ids, vectors))
        n_documents, n_chunks = n_documents + 1, n_chunks + len(chunks)
    n_conversations = 0
    for conversation in stored_conversations(collection):
        content.update(repr(conversation).encode())
        n_conversations += 1
    return ContentHash(n_documents, n_chunks, n_conversations, content.hexdigest())


def stored_conversations(collection: Collection) -> Iterator[tuple[ConversationRow, list[TurnRow], str]]:
    """Each conversation's row, the rows of its turns, and its owner, by id; those of all persons."""
    query = f"SELECT owner, {CONVERSATION_COLUMNS} FROM conversations ORDER BY conversation_id"
    with collection.reading_conversations() as connection:
        found: list[tuple[str, ConversationRow]] = [(row[0], tuple(row[1:])) for row in connection.execute(query)]
    for owner, conversation in found:
        with collection.reading_conversations() as connection:
            query = f"SELECT {TURN_COLUMNS} FROM turns WHERE conversation_id = ? ORDER BY turn_id"
            yield conversation, [tuple(row) for row in connection.execute(query, conversation[:1])], owner
