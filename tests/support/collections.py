"""Small collections without a model, and their whole content as comparable values."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.chunking.chunker import chunk_document
from rag.index.words.loading import load_word_index
from rag.retrieval.retrievers import KeywordRetriever
from rag.store.collection import Collection
from rag.store.sqlite import schema
from rag.types import Chunk, ChunkingSpec, Document, EmbeddingSpec, Heading, Row
from tests.support.fakes import WordEmbedder

if TYPE_CHECKING:
    from rag.types import FloatArray

TABLES = ("chunks", "embeddings")
CHUNKING = ChunkingSpec(60, 5, "recursive", 10)
_WORDS_OF_VERSION_5 = """
CREATE VIRTUAL TABLE words USING fts5(text, content='chunks', content_rowid='chunk_id', tokenize='porter unicode61');
INSERT INTO words (words) VALUES ('rebuild');
CREATE TRIGGER words_added AFTER INSERT ON chunks BEGIN
    INSERT INTO words (rowid, text) VALUES (new.chunk_id, new.text); END;
CREATE TRIGGER words_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.chunk_id, old.text); END;
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything in a collection that a user would miss, except its name."""

    embedding: EmbeddingSpec
    chunking: ChunkingSpec
    documents: Sequence[Document]
    chunks: Sequence[Chunk]
    vectors: Sequence[tuple[int, bytes]]
    found: Sequence[tuple[int, float]]


def contents(collection: Collection) -> Contents:
    ids, vectors = collection.embeddings()
    return Contents(
        collection.spec.embedding,
        collection.spec.chunking,
        [collection.document(summary.document_id) for summary in collection.documents()],
        collection.chunks(),
        [(int(chunk_id), vector.tobytes()) for chunk_id, vector in zip(ids, vectors, strict=True)],
        search_words(collection, "owl ship"),
    )


def search_words(collection: Collection, query: str, k: int = 50) -> list[tuple[int, float]]:
    """The ids of the k best chunks by keyword search, with their scores."""
    hits = KeywordRetriever(collection, load_word_index(collection)).retrieve(query, k)
    return [(hit.chunk.chunk_id, hit.score) for hit in hits]


def plain_document(name: str, text: str) -> Document:
    return Document(f"id of {name}", name, "text/plain", text, f"sha256 of {text[:20]}")


def rich_documents() -> list[Document]:
    """One with pages and headings, one with rows, one with characters that stores often damage."""
    report = (
        "Owls\nThe owl hunts at night.\fShips\nA ship sails by day. " + "The sea is wide and the wind is strong. " * 8
    )
    second = report.index("Ships")
    table = "Owls hunt.\nShips sail."
    odd = "nul \0 inside, 'quotes\", emoji \U0001f989, combining e\u0301, right-to-left \u05d0\u05d1, the end: owl"
    return [
        Document(
            "d1", "notes/report.pdf", "application/pdf", report, "s1", (0, second),
            (Heading(0, "Owls"), Heading(second, "Travel > Ships")), (), "en", ("Page 3 holds no text: it is a scan.",),
        ),
        Document(
            "d2", "table.csv", "text/csv", table, "s2", (), (),
            (Row(0, 10, (("topic", "Birds"), ("year", "1975"))), Row(11, len(table), (("topic", "S\u00e9a"),))),
        ),
        Document("d3", "<b>odd</b> '\"; DROP.txt", "text/plain", odd, "s3", language="he"),
    ]  # fmt: skip


def put(collection: Collection, embedder: WordEmbedder, *documents: Document) -> None:
    for document in documents:
        chunks = chunk_document(document, collection.spec.chunking, embedder.window, embedder.tokenizer)
        vectors = embedder.encode_documents([chunk.embedded_text for chunk in chunks])
        collection.put_document(document, chunks, vectors, embedder.spec)


def rich_collection(folder: Path, name: str, embedder: WordEmbedder) -> Collection:
    """Three documents, one of them replaced, and a gap in the chunk ids where another was deleted."""
    collection = Collection.create(folder, name, embedder.spec, CHUNKING)
    first, *others = rich_documents()
    put(collection, embedder, plain_document("gone.txt", "An owl that is deleted. " * 9), first, *others)
    put(collection, embedder, first)
    collection.delete_document("id of gone.txt")
    return collection


def everything_in(folder: Path) -> dict[str, bytes]:
    """All files in a folder and below: path -> bytes (an empty folder has none)."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")
    }


def take_back_to(path: Path, version: int) -> None:
    """Turn a new file into one of a version from 2 to 7, as that version would have written it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE conversations DROP COLUMN owner")
        if version < 7:
            connection.execute("ALTER TABLE chunks DROP COLUMN context")
            connection.execute("UPDATE meta SET value = json_remove(value, '$.chunking.context') WHERE key = 'spec'")
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            schema.write_setting(connection, schema.SPEC_DIGEST, schema.spec_digest(meta["uid"], meta["spec"]))
        if version < 6:
            connection.executescript(_WORDS_OF_VERSION_5)
        if version < 5:
            connection.executescript("DROP TABLE digests; ALTER TABLE chunks DROP COLUMN digest;")
            connection.execute("DELETE FROM meta WHERE key LIKE '%digest%'")
        if version < 4:
            connection.executescript("DROP TABLE turns; DROP TABLE conversations;")
        if version < 3:
            connection.execute("DROP TABLE retrievals")
        change = "UPDATE meta SET value = json_set(value, '$.schema_version', ?) WHERE key = 'spec'"
        connection.execute(change, (version,))
        connection.execute(f"PRAGMA user_version = {version}")


class QuickEmbedder(WordEmbedder):
    """WordEmbedder with the same vectors, but faster: the direction of each word is made once."""

    def __init__(self) -> None:
        super().__init__()
        self._directions: dict[str, FloatArray] = {}

    def _sum(self, text: str) -> FloatArray:
        words = text.lower().split()
        for word in set(words) - self._directions.keys():
            self._directions[word] = super()._sum(word)
        return np.sum([self._directions[word] for word in words], axis=0)


def long_text(seed: int, n_sentences: int) -> str:
    """Sentences of six words from a vocabulary of two hundred."""
    chosen = random.Random(seed)
    sentences = (" ".join(f"word{chosen.randrange(200)}" for _ in range(6)) for _ in range(n_sentences))
    return "\n".join(f"{sentence}." for sentence in sentences)


def require_sound(path: Path) -> None:
    """Assert that the file is intact: pages, foreign keys, and as many vectors and recorded chunks as chunks."""
    with closing(schema.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        n_chunks, n_vectors = (connection.execute(f"SELECT count(*) FROM {t}").fetchone() for t in TABLES)
        n_recorded = connection.execute("SELECT coalesce(sum(n_chunks), 0) FROM digests").fetchone()
        assert n_chunks == n_vectors == n_recorded
