"""Digests: a hash of each part of a stored document, which shows whether what is read is what was stored.

A chunk has a digest of its properties and one of its text, so that search checks only what it shows. A document has
digests of its summary, its contents, the digests of its chunks, and its vectors. Vectors are hashed with SHA-256, for
which processors have instructions; 10,000 of 384 dimensions take 10 to 40 ms. Short parts are hashed with BLAKE2b.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

NOT_RECORDED = "none"
"""In place of a digest in a read-only file of a version before 5. No damage turns a stored digest into this text."""
_N_SUMMARY_COLUMNS = 8
_CHUNK_BYTES = 8
BYTES_OF_CHUNK = 2 * _CHUNK_BYTES
"""The length of a chunk's digest."""
_DOCUMENT_BYTES = 16
_CHARACTERS_AT_ONCE = 2**20
_TEXT, _CONTEXT = 3, 8
"""The positions of the text and of the context line in a row of a chunk."""


class DocumentDigests(NamedTuple):
    """A row of the table `digests`; see `of_summary`, `of_contents`, `of_chunks` and `of_vectors`."""

    document_id: str
    n_chunks: int
    summary: bytes
    contents: bytes
    chunks: bytes
    vectors: bytes


def of_text(text: str) -> bytes:
    """The second half of a chunk's digest: that of its text. Raises AttributeError if it is not a text."""
    return hashlib.blake2b(text.encode(), digest_size=_CHUNK_BYTES).digest()


def is_of_text(digest: bytes, text: str) -> bool:
    """Whether a chunk's digest is that of a chunk with this text."""
    return digest[_CHUNK_BYTES:] == of_text(text)


def of_properties(row: Sequence[object]) -> bytes:
    """The first half of a chunk's digest: that of its row without the text. Raises TypeError for a blob in it."""
    values = digested(row)
    return _of_values([*values[:_TEXT], *values[_TEXT + 1 :]], _CHUNK_BYTES)


def digested(row: Sequence[object]) -> Sequence[object]:
    """What digests cover of a chunk's row: all of it, except a context line that is empty.

    Chunks had no context line before version 7, and their digests must stay valid.
    """
    return row if row[_CONTEXT] else [*row[:_CONTEXT], *row[_CONTEXT + 1 :]]


def of_chunk(row: Sequence[object]) -> bytes:
    """The digest of a chunk's row in the order of CHUNK_COLUMNS. Raises TypeError if its text is not a text."""
    text = row[_TEXT]
    if not isinstance(text, str):
        raise TypeError(f"the text of a chunk is {type(text).__name__}")
    return of_properties(row) + of_text(text)


def of_summary(row: Sequence[object]) -> bytes:
    """The digest of a document's row in the order of SUMMARY_COLUMNS; further columns are ignored."""
    return _of_values(row[:_N_SUMMARY_COLUMNS], _DOCUMENT_BYTES)


def of_contents(row: Sequence[object]) -> bytes:
    """The digest of the columns that follow the summary in a document's row: pages, headings, rows and text."""
    digest = hashlib.blake2b(b"[", digest_size=_DOCUMENT_BYTES)
    for number, value in enumerate([row[0], *row[_N_SUMMARY_COLUMNS:]]):
        digest.update(b", " if number else b"")
        for part in _json_parts(value):
            digest.update(part)
    digest.update(b"]")
    return digest.digest()


def _json_parts(value: object) -> Iterator[bytes]:
    """The JSON of a value; that of a long text in parts, because it is a second copy of the text."""
    if not isinstance(value, str):
        yield json.dumps(value, sort_keys=True).encode()
        return
    yield b'"'
    for start in range(0, len(value), _CHARACTERS_AT_ONCE):
        yield json.dumps(value[start : start + _CHARACTERS_AT_ONCE])[1:-1].encode()
    yield b'"'


def of_chunks(chunk_digests: Iterable[bytes]) -> bytes:
    """The digest of the digests of a document's chunks, by ascending id. Raises TypeError if one is not bytes."""
    return hashlib.blake2b(b"".join(chunk_digests), digest_size=_DOCUMENT_BYTES).digest()


def of_vectors(chunk_ids: IntArray, vectors: FloatArray) -> bytes:
    """The digest of a document's vectors float32 (n, dimension) with their chunk ids int64 (n,), ascending."""
    import numpy as np

    digest = hashlib.sha256(chunk_ids.astype("<i8").tobytes())
    digest.update(np.ascontiguousarray(vectors.astype("<f4", copy=False)).data)
    return digest.digest()[:_DOCUMENT_BYTES]


def of_blobs(chunk_ids: Sequence[int], blobs: Iterable[bytes]) -> bytes:
    """`of_vectors`, of the vectors as they are stored."""
    import numpy as np

    digest = hashlib.sha256(np.array(chunk_ids, dtype="<i8").tobytes())
    for blob in blobs:
        digest.update(blob)
    return digest.digest()[:_DOCUMENT_BYTES]


def of_document(
    row: Sequence[object], chunk_digests: Sequence[bytes], chunk_ids: Sequence[int], blobs: Iterable[bytes]
) -> DocumentDigests:
    """All digests of a document.

    Args:
        row: in the order of DOCUMENT_COLUMNS.
        chunk_digests, chunk_ids, blobs: those of its chunks and their vectors, by ascending id.
    """
    vectors = of_blobs(chunk_ids, blobs)
    name = str(row[0])
    return DocumentDigests(name, len(chunk_ids), of_summary(row), of_contents(row), of_chunks(chunk_digests), vectors)


def of_spec(uid: str, embedding: object, chunking: object) -> str:
    """The digest of what a collection is: its id, embedding model and chunking."""
    return _of_values([uid, embedding, chunking], _DOCUMENT_BYTES).hex()


def of_setting(key: str, value: str) -> str:
    """The digest of a setting."""
    return _of_values([key, value], _DOCUMENT_BYTES).hex()


def _of_values(values: Sequence[object], size: int) -> bytes:
    # JSON is the same in every version of Python, and refuses bytes, to which damage may turn a text.
    return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=size).digest()
