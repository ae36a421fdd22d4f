"""Embedding cache: vectors by content, so that a text is embedded once per model across all collections."""

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
from rag.embedding.embedder import load_embedder
from rag.types import Embedder, EmbeddingSpec, TextTokenizer

if TYPE_CHECKING:
    from rag.types import FloatArray

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
_RETRY_SECONDS = 0.02


class VectorCache:
    """A SQLite file of vectors by key, with a size limit; threads and processes may share it.

    It never raises: an unreadable entry is a miss, an unwritable one is dropped, and a damaged file is renamed and
    replaced by a new one. `problem` then explains in a sentence what was wrong; otherwise it is empty.

    Args:
        path: the file; its folder is created when something is stored.
        max_bytes: above this size the least recently used vectors are removed. Use is recorded by the hour, so that
            reading seldom writes.
        clock: returns seconds, like time.time.
    """

    def __init__(self, path: Path, *, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.problem = ""
        self._max_bytes = max_bytes
        self._clock = clock

    @classmethod
    def default(cls) -> VectorCache:
        """The user's cache, in the cache folder and with the configured size."""
        return cls(config.cache_dir() / "vectors.sqlite", max_bytes=config.vector_cache_bytes())

    def get(self, keys: Sequence[str]) -> dict[str, FloatArray]:
        """The cached vectors, float32 (dimension,), by key."""
        import numpy as np

        rows: list[tuple[str, bytes]] = []
        if keys and self._max_bytes and self.path.exists():
            self._transact(lambda connection: rows.extend(self._read(connection, json.dumps(list(keys)))))
        wanted = set(keys)
        return {
            key: np.frombuffer(stored, dtype="<f4", offset=_CHECKSUM_BYTES)
            for key, stored in rows
            # In a damaged file, a column may have any type.
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
        """Store vectors, float32 (len(keys), dimension), in one transaction; remove old ones if there are too many."""
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
        """Remove the least recently used tenth until the rest fits, and release unused space of the file."""
        while _bytes_used(connection) > self._max_bytes:
            count = _number(connection, "SELECT count(*) FROM vectors")
            if not count:
                break
            oldest = "SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?"
            connection.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})", (max(1, count // 10),))
        excess = _number(connection, "PRAGMA page_count") - self._max_bytes // _number(connection, "PRAGMA page_size")
        if excess > 0:
            # A script, which commits first, because `execute` would release only a single page.
            connection.executescript(f"PRAGMA incremental_vacuum({excess});")

    def _hour(self) -> int:
        return int(self._clock() // _USE_SECONDS)

    def _transact(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do the work in one transaction. An error of SQLite is not raised but stored in `problem`."""
        identity = _identity(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as connection:
                _prepare(connection)
                with connection:
                    work(connection)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self.problem = f"The cache of embeddings '{self.path.name}' could not be used: {error}."
            # An error for undecodable text has no code: its message quotes the damaged file.
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            is_damaged = code in _DAMAGE or isinstance(error, UnicodeDecodeError)
            if is_damaged and _identity(self.path) == identity:
                self._move_aside()

    def _move_aside(self) -> None:
        """Rename the damaged file; the next call creates a new one."""
        aside = self.path.with_name(self.path.name + ".damaged")
        try:
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self.path.replace(aside)
        except OSError as error:
            self.problem += f" It could not be renamed either: {error}."
        else:
            self.problem += f" It was renamed to '{aside.name}', and a new one was started."


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables in a new file. Raises sqlite3.DatabaseError for a file that is not an embedding cache."""
    connection.text_factory = _decode_leniently
    connection.executescript("PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216;")
    if _number(connection, "PRAGMA user_version") == 0:
        _create(connection)
    connection.execute("SELECT key, vector, used FROM vectors LIMIT 0")


def _create(connection: sqlite3.Connection) -> None:
    """Create the tables. SQLite does not wait for another process while the journal mode changes, so this does."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.executescript(_SCHEMA)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            connection.rollback()
            time.sleep(_RETRY_SECONDS)


def _decode_leniently(text: bytes) -> str:
    """Decode a damaged key to one that is never requested."""
    return text.decode("utf-8", "replace")


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        _number(connection, f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _identity(path: Path) -> int:
    """Identifies the file at `path`, which another process may have replaced."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _checksum(key: str, blob: bytes) -> bytes:
    """A checksum of key and vector, because a damaged index may lead to the vector of another key."""
    return zlib.crc32(blob, zlib.crc32(key.encode())).to_bytes(_CHECKSUM_BYTES, "little")


class PreciseEmbedder(Embedder, Protocol):
    """An embedder that reports the number format of its model."""

    @property
    def precision(self) -> str:
        """The number format; vectors of different precisions are comparable, but not equal."""


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """The numbers of texts embedded by the model, and of texts whose vector was cached or equal to another's."""

    embedded: int
    reused: int


class CachedEmbedder:
    """An embedder that uses the cache for documents; queries always go to the model."""

    def __init__(self, embedder: PreciseEmbedder, cache: VectorCache) -> None:
        self._embedder = embedder
        self._cache = cache
        self._counting = threading.Lock()
        self._counts = CacheCounts(0, 0)

    @property
    def counts(self) -> CacheCounts:
        """Counts of document texts since this object was created."""
        return self._counts

    @property
    def model(self) -> PreciseEmbedder:
        """The model itself, for results that are not cached, such as token vectors."""
        return self._embedder

    @property
    def problem(self) -> str:
        """Why the cache was not used, as a sentence; empty if it works."""
        return self._cache.problem

    @property
    def spec(self) -> EmbeddingSpec:
        """Identifies the vectors: only vectors of equal specs can be compared."""
        return self._embedder.spec

    @property
    def precision(self) -> str:
        """The number format of the model."""
        return self._embedder.precision

    @property
    def window(self) -> int:
        """The largest number of tokens of a text that the model reads."""
        return self._embedder.window

    @property
    def tokenizer(self) -> TextTokenizer:
        """The model's tokenizer."""
        return self._embedder.tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, without special tokens."""
        return self._embedder.count_tokens(texts)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the query prefix."""
        return self._embedder.encode_queries(texts)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the document prefix; new ones are stored in the cache."""
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
    """Cache keys: the SHA-256 of model, revision, precision, prefix and text."""
    made_by = json.dumps([spec.model_id, spec.revision, spec.dimension, precision, spec.document_prefix])
    root = hashlib.sha256(made_by.encode() + b"\0")
    keys = []
    for text in texts:
        digest = root.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        keys.append(digest.hexdigest())
    return keys


def load_cached_embedder(name: str) -> CachedEmbedder:
    """Load the embedding model `name` with this machine's embedding cache.

    Raises:
        ModelError: it is not available; the message lists the available models.
        ExplorerError: a setting in the environment is invalid.
    """
    return CachedEmbedder(load_embedder(name), VectorCache.default())
