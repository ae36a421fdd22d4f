"""The layout of a collection in Milvus: two Milvus collections, one of chunks and one of longer texts.

A chunk's row has its vector, its words for full text search, and the version of the document that it belongs to. What
does not fit into a VARCHAR field is continued in rows of the second one, as are the documents' texts.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from rag.text.labels import searched_text
from rag.text.search_terms import search_words, stem
from rag.types import Chunk, Fields

if TYPE_CHECKING:
    from pymilvus import CollectionSchema, MilvusClient
    from pymilvus.milvus_client.index import IndexParams

VERSION = 7
"""The version of the layout, counted like that of collection files: chunks have context lines since 7."""
LARGEST_VARCHAR = 65_535
"""Bytes that a VARCHAR field can hold."""
PIECE_BYTES = 60_000
"""Bytes of a piece of a longer text."""
_SCALARS = ("version", "document")
_LONGEST_WORD = 32
_MARK_LENGTH = 20
_ENCODED, _HASHED = "xq", "xh"
"""How the word of full text search begins if it stands for a term with other letters than a-z, or a long one."""


class VectorIndex(NamedTuple):
    """An index of the vectors: its type, the measure of similarity, and the settings it is built with."""

    kind: str
    metric: str
    settings: dict[str, int]


HNSW = VectorIndex("HNSW", "COSINE", {"M": 32, "efConstruction": 200})
"""For a server, which compares all that a filter keeps if these are few."""
EXACT = VectorIndex("FLAT", "IP", {})
"""For Milvus Lite, whose HNSW misses much of what a filter keeps. Of unit vectors, the inner product is the cosine."""


def chunks_name(uid: str) -> str:
    """The Milvus collection of the chunks."""
    return f"explorer_{uid}_chunks"


def texts_name(uid: str) -> str:
    """The Milvus collection of the documents' texts and of what is too long for a chunk's row."""
    return f"explorer_{uid}_texts"


def create(client: MilvusClient, uid: str, dimension: int, index: VectorIndex) -> None:
    """Create both Milvus collections of the collection `uid`, ready to be searched."""
    _create_chunks(client, uid, dimension, index)
    _create_texts(client, uid)


def load(client: MilvusClient, uid: str, index: VectorIndex) -> None:
    """Load both Milvus collections, so that they can be searched. Vectors in Milvus Lite get the exact index."""
    if index == EXACT:
        _replace_vector_index(client, chunks_name(uid))
    for name in (chunks_name(uid), texts_name(uid)):
        client.load_collection(name)


def _replace_vector_index(client: MilvusClient, name: str) -> None:
    """Give vectors in Milvus Lite the exact index if they have another, or none because this was interrupted."""
    has_one = bool(client.list_indexes(name, "vector"))
    if has_one and client.describe_index(name, "vector")["index_type"] == EXACT.kind:
        return
    client.release_collection(name)
    if has_one:
        # Milvus Lite knows the index of a field by this name; for a name that it does not know, it drops all indexes.
        client.drop_index(name, "vector_idx")
    client.create_index(name, _with_vector_index(client, EXACT))


def _with_vector_index(client: MilvusClient, index: VectorIndex) -> IndexParams:
    indexes = client.prepare_index_params()
    indexes.add_index("vector", index_type=index.kind, metric_type=index.metric, params=index.settings)
    return indexes


def _create_chunks(client: MilvusClient, uid: str, dimension: int, index: VectorIndex) -> None:
    from pymilvus import DataType, Function, FunctionType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("chunk_id", DataType.INT64, is_primary=True)
    schema.add_field("version", DataType.INT64)
    schema.add_field("document", DataType.VARCHAR, max_length=LARGEST_VARCHAR)
    schema.add_field("digest", DataType.VARCHAR, max_length=32)
    schema.add_field("properties", DataType.VARCHAR, max_length=LARGEST_VARCHAR)
    schema.add_field("text", DataType.VARCHAR, max_length=LARGEST_VARCHAR)
    schema.add_field("labels", DataType.VARCHAR, max_length=LARGEST_VARCHAR)
    schema.add_field(
        "words", DataType.VARCHAR, max_length=LARGEST_VARCHAR, enable_analyzer=True,
        analyzer_params={"tokenizer": "standard"},
    )  # fmt: skip
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
    schema.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(
        Function(
            name="bm25_of_words", function_type=FunctionType.BM25, input_field_names=["words"],
            output_field_names=["bm25"],
        )
    )  # fmt: skip
    indexes = _with_vector_index(client, index)
    indexes.add_index("bm25", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    for field in _SCALARS:
        indexes.add_index(field, index_type="INVERTED")
    _create(client, chunks_name(uid), schema, indexes)


def _create_texts(client: MilvusClient, uid: str) -> None:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=100)
    schema.add_field("version", DataType.INT64)
    schema.add_field("of", DataType.VARCHAR, max_length=40)
    schema.add_field("number", DataType.INT64)
    schema.add_field("piece", DataType.VARCHAR, max_length=LARGEST_VARCHAR)
    # Every Milvus collection needs a vector; nobody searches this one.
    schema.add_field("unused", DataType.FLOAT_VECTOR, dim=2)
    indexes = client.prepare_index_params()
    indexes.add_index("unused", index_type="FLAT", metric_type="L2")
    indexes.add_index("version", index_type="INVERTED")
    _create(client, texts_name(uid), schema, indexes)


def _create(client: MilvusClient, name: str, schema: CollectionSchema, indexes: IndexParams) -> None:
    """Create a Milvus collection, and load it: then its indexes are ready, so that nothing else waits for them."""
    client.create_collection(name, schema=schema, consistency_level="Strong")
    client.create_index(name, indexes, sync=False)
    client.load_collection(name)


def drop(client: MilvusClient, uid: str) -> None:
    """Drop both Milvus collections, as far as they exist."""
    for name in (chunks_name(uid), texts_name(uid)):
        if client.has_collection(name):
            client.drop_collection(name)


def pieces(text: str) -> list[str]:
    """The text in pieces of at most PIECE_BYTES bytes, at least one. Raises UnicodeEncodeError for half a character."""
    if 4 * len(text) <= PIECE_BYTES or len(text.encode()) <= PIECE_BYTES:
        text.encode()
        return [text]
    found, content, start = [], text.encode(), 0
    while start < len(content):
        end = min(start + PIECE_BYTES, len(content))
        while end < len(content) and content[end] & 0xC0 == 0x80:
            end -= 1
        found.append(content[start:end].decode())
        start = end
    return found


def words_of(chunk: Chunk) -> str:
    """The terms of keyword search of a chunk, for Milvus' full text search; what exceeds a VARCHAR is left out."""
    return as_words([stem(word) for word in search_words(searched_text(chunk))])


def as_words(terms: list[str]) -> str:
    """Terms as words that every analyzer leaves as they are: letters a-z and digits only, not too long."""
    kept, size = [], 0
    for term in terms:
        word = _word(term)
        size += len(word) + 1
        if size > LARGEST_VARCHAR:
            break
        kept.append(word)
    return " ".join(kept)


def _word(term: str) -> str:
    if term.isascii() and term.isalnum() and len(term) <= _LONGEST_WORD:
        return term.lower()
    encoded = _ENCODED + term.encode().hex()
    return encoded if len(encoded) <= _LONGEST_WORD else _HASHED + _hashed(term, n_bytes=8)


def labels_of(fields: Fields) -> str:
    """A mark for each label of a chunk, to filter by; those that exceed a VARCHAR are left out."""
    marks = " ".join(label_mark(column, value) for column, value in fields)
    return marks[: LARGEST_VARCHAR - LARGEST_VARCHAR % (_MARK_LENGTH + 1)]


def label_mark(column: str, value: str) -> str:
    """A mark that stands for a column and its value, and needs no quoting: the beginning of their hash."""
    return _hashed(f"{column}\0{value}", n_bytes=_MARK_LENGTH // 2)


def _hashed(text: str, *, n_bytes: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=n_bytes).hexdigest()
