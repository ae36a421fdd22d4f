"""Embeddings by content: what was embedded once with a model is not embedded again, in whatever collection."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag import config
from rag.types import Embedder, EmbeddingSpec, TextTokenizer

if TYPE_CHECKING:
    from rag.types import FloatArray

from rag.embedding.embedder import load_embedder

_VERSION = 1
_SCHEMA = f"""
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS vectors (key TEXT NOT NULL UNIQUE, vector BLOB NOT NULL, used INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS vectors_by_use ON vectors (used);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_CHECKSUM_BYTES = 4
_USE_SECONDS = 3600
_SLICE = 1024
_WAIT_SECONDS = 30


class VectorCache:
    """One SQLite file of vectors by key, of bounded size; threads and processes may share it.

    It never fails: what cannot be read is a miss, what cannot be written is dropped, and a damaged file is moved
    aside and begun anew. `problem` then says in a sentence what was wrong; it is empty while all is well.

    Args:
        path: the file; its folder is made when something is stored.
        max_bytes: the size above which the least recently used vectors are removed. Use counts by the hour,
            so that a reader seldom writes.
        clock: seconds, as time.time.
    """

    def __init__(self, path: Path, *, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.problem = ""
        self._max_bytes = max_bytes
        self._clock = clock

    @classmethod
    def default(cls) -> VectorCache:
        """The user's cache: in the cache folder, of the configured size."""
        return cls(config.cache_dir() / "vectors.sqlite", max_bytes=config.vector_cache_bytes())

    def get(self, keys: Sequence[str]) -> dict[str, FloatArray]:
        """The vectors that are there, float32 (dimension,), by key."""
        import numpy as np

        rows: list[tuple[str, bytes]] = []
        if keys and self._max_bytes and self.path.exists():
            self._transact(lambda connection: rows.extend(self._read(connection, json.dumps(list(keys)))))
        wanted = set(keys)
        return {
            key: np.frombuffer(stored, dtype="<f4", offset=_CHECKSUM_BYTES)
            for key, stored in rows
            # In a damaged file a column may be of any type.
            if key in wanted
            and isinstance(stored, bytes)
            and stored[:_CHECKSUM_BYTES] == _checksum(key, stored[_CHECKSUM_BYTES:])
        }

    def _read(self, connection: sqlite3.Connection, keys: str) -> list[tuple[str, bytes]]:
        wanted = "key IN (SELECT value FROM json_each(?))"
        hour = self._hour()
        query = f"SELECT key, vector, used < ? FROM vectors WHERE {wanted}"
        rows = connection.execute(query, (hour, keys)).fetchall()
        if any(is_older for _, _, is_older in rows):
            connection.execute(f"UPDATE vectors SET used = ? WHERE {wanted} AND used < ?", (hour, keys, hour))
        return [(key, stored) for key, stored, _ in rows]

    def put(self, keys: Sequence[str], vectors: FloatArray) -> None:
        """Store vectors, float32 (len(keys), dimension), in one transaction; make room where they are too many."""
        if not keys or not self._max_bytes:
            return
        blobs = (vector.astype("<f4").tobytes() for vector in vectors)
        hour = self._hour()
        rows = [(key, _checksum(key, blob) + blob, hour) for key, blob in zip(keys, blobs, strict=True)]
        self._transact(lambda connection: self._write(connection, rows))

    def _write(self, connection: sqlite3.Connection, rows: list[tuple[str, bytes, int]]) -> None:
        connection.executemany("INSERT OR REPLACE INTO vectors (key, vector, used) VALUES (?, ?, ?)", rows)
        self._make_room(connection)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Remove the least recently used tenth until the rest fits, and give back what the file has grown beyond."""
        while _bytes_used(connection) > self._max_bytes:
            count = _number(connection, "SELECT count(*) FROM vectors")
            if not count:
                break
            oldest = "SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?"
            connection.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})", (max(1, count // 10),))
        excess = _number(connection, "PRAGMA page_count") - self._max_bytes // _number(connection, "PRAGMA page_size")
        if excess > 0:
            # A script, which commits what was done so far, because `execute` would give back a single page.
            connection.executescript(f"PRAGMA incremental_vacuum({excess});")

    def _hour(self) -> int:
        return int(self._clock() // _USE_SECONDS)

    def _transact(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do the work in one transaction. What SQLite cannot do is left undone and kept as `problem`."""
        identity = _identity(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as connection:
                _prepare(connection)
                with connection:
                    work(connection)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self.problem = f"The cache of embeddings '{self.path.name}' could not be used: {error}."
            # What SQLite hands over undecodable has no code: its message quotes the damaged file.
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            is_damaged = code in _DAMAGE or isinstance(error, UnicodeDecodeError)
            if is_damaged and _identity(self.path) == identity:
                self._move_aside()

    def _move_aside(self) -> None:
        """Keep the damaged file under another name; the next call begins a new one."""
        aside = self.path.with_name(self.path.name + ".damaged")
        try:
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self.path.replace(aside)
        except OSError as error:
            self.problem += f" It could not be moved aside either: {error}."
        else:
            self.problem += f" It was moved to '{aside.name}', and a new one begun."


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file. Raises sqlite3.DatabaseError for a file that is no cache of embeddings."""
    connection.text_factory = _lenient
    connection.executescript("PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216;")
    if _number(connection, "PRAGMA user_version") == 0:
        connection.executescript(_SCHEMA)
    connection.execute("SELECT key, vector, used FROM vectors LIMIT 0")


def _lenient(text: bytes) -> str:
    """A damaged key decoded into one that nobody asks for."""
    return text.decode("utf-8", "replace")


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        _number(connection, f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _identity(path: Path) -> int:
    """Which file is at `path`: another process may have put a new one there."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _checksum(key: str, blob: bytes) -> bytes:
    """Of both: a damaged index of the file may lead from a key to the vector of another."""
    return zlib.crc32(blob, zlib.crc32(key.encode())).to_bytes(_CHECKSUM_BYTES, "little")


class PreciseEmbedder(Embedder, Protocol):
    """An embedder that says in which number format its model computes."""

    @property
    def precision(self) -> str:
        """Vectors of different precisions are comparable, but not equal."""


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """Texts that went through the model, and texts whose vector was there or was that of an equal text."""

    embedded: int
    reused: int


class CachedEmbedder:
    """An embedder that asks the cache before the model, for documents; queries always go to the model."""

    def __init__(self, embedder: PreciseEmbedder, cache: VectorCache) -> None:
        self._embedder = embedder
        self._cache = cache
        self._counting = threading.Lock()
        self._counts = CacheCounts(0, 0)

    @property
    def counts(self) -> CacheCounts:
        """Document texts since this object was made."""
        return self._counts

    @property
    def model(self) -> Embedder:
        """The model itself, for what is not remembered, as its token vectors."""
        return self._embedder

    @property
    def problem(self) -> str:
        """Why the cache was not used, as a sentence; empty while all is well."""
        return self._cache.problem

    @property
    def spec(self) -> EmbeddingSpec:
        """What the vectors can be compared with."""
        return self._embedder.spec

    @property
    def precision(self) -> str:
        """The number format of the model."""
        return self._embedder.precision

    @property
    def window(self) -> int:
        """The most tokens of text the model reads."""
        return self._embedder.window

    @property
    def tokenizer(self) -> TextTokenizer:
        """Where the model's tokens lie in a text."""
        return self._embedder.tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens."""
        return self._embedder.count_tokens(texts)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the query prefix."""
        return self._embedder.encode_queries(texts)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the document prefix; stored as they are made."""
        import numpy as np

        keys = text_keys(texts, self.spec, self.precision)
        found = self._cache.get(list(dict.fromkeys(keys)))
        found = {key: vector for key, vector in found.items() if vector.shape == (self.spec.dimension,)}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        new = list(missing)
        for start in range(0, len(new), _SLICE):
            part = new[start : start + _SLICE]
            vectors = self._embedder.encode_documents([missing[key] for key in part])
            self._cache.put(part, vectors)
            found.update(zip(part, vectors, strict=True))
        self._count(CacheCounts(len(new), len(texts) - len(new)))
        return np.array([found[key] for key in keys], dtype=np.float32).reshape(len(keys), self.spec.dimension)

    def _count(self, more: CacheCounts) -> None:
        with self._counting:
            before = self._counts
            self._counts = CacheCounts(before.embedded + more.embedded, before.reused + more.reused)


def text_keys(texts: Sequence[str], spec: EmbeddingSpec, precision: str) -> list[str]:
    """SHA-256 over all that a document's vector depends on: model, revision, precision, prefix and the text."""
    made_by = json.dumps([spec.model_id, spec.revision, spec.dimension, precision, spec.document_prefix])
    root = hashlib.sha256(made_by.encode() + b"\0")
    keys = []
    for text in texts:
        digest = root.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        keys.append(digest.hexdigest())
    return keys


def load_cached_embedder(name: str) -> CachedEmbedder:
    """The embedding model `name` behind this machine's embedding cache.

    Raises:
        ModelError: it cannot be had; the message lists what is available.
    """
    return CachedEmbedder(load_embedder(name), VectorCache.default())
