"""Selected chunks: copy them to a new collection, or list them as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import CollectionError
from rag.store.chunk_table import column_titles
from rag.store.collection import Collection, unfinished_collection

if TYPE_CHECKING:
    import pandas as pd


def copy_chunks(source: Collection, folder: Path, name: str, chunk_ids: Sequence[int]) -> Collection:
    """Create a collection `name` in `folder` with only these chunks of `source`, atomically.

    It contains their documents with whole texts, so that spans stay valid, and the chunks with their ids and
    embeddings: nothing is embedded again, and a search gives each chunk the same score as in `source`. Deleted ids are
    ignored; others may write to `source` meanwhile.

    Raises:
        CollectionError: none of the chunks exists any more, the name is taken or invalid, or a document was deleted
            meanwhile.
    """
    by_document: dict[str, list[int]] = defaultdict(list)
    for chunk in source.chunks(sorted({int(chunk_id) for chunk_id in chunk_ids})):
        by_document[chunk.document_id].append(chunk.chunk_id)
    with unfinished_collection(folder, name, source.spec.embedding, source.spec.chunking) as made:
        if not _fill(made, source, by_document):
            raise CollectionError(
                f"'{name}' was not created: collection '{source.spec.name}' no longer contains any of the "
                f"{len(chunk_ids):,} selected chunks. Reload the page and select again."
            )
    return Collection.open(folder, name)


def _fill(made: Collection, source: Collection, by_document: dict[str, list[int]]) -> int:
    """Copy these chunks of each document in one transaction; returns their number."""
    ids, vectors = source.embeddings()
    embedded, n_copied = set(ids.tolist()), 0
    with made.filling() as filling:
        for document_id, chunk_ids in by_document.items():
            document = source.document(document_id)
            # Chunk ids are never reused: a chunk that exists after its document was read is a span of this document.
            chunks = [chunk for chunk in source.chunks(chunk_ids) if chunk.chunk_id in embedded]
            if chunks:
                rows = ids.searchsorted([chunk.chunk_id for chunk in chunks])
                filling.add_document(document, chunks, vectors[rows])
            n_copied += len(chunks)
    return n_copied


def selection_table(collection: Collection, chunk_ids: Sequence[int]) -> pd.DataFrame:
    """A table of the chunks that exist, one row each, in the order of ids.

    Columns are chunk_id, document, page (missing without pages), heading, tokens, text, and the fields of chunks from
    tables; a field with one of these names gets the suffix " (column)".
    """
    import pandas as pd

    chunks = collection.chunks(chunk_ids)
    names = collection.document_names(list({chunk.document_id for chunk in chunks}))
    table = pd.DataFrame(
        {
            "chunk_id": pd.Series([chunk.chunk_id for chunk in chunks], dtype="int64"),
            "document": pd.Series([names.get(chunk.document_id, "") for chunk in chunks], dtype="str"),
            "page": pd.array([chunk.page for chunk in chunks], dtype="Int64"),
            "heading": pd.Series([chunk.heading for chunk in chunks], dtype="str"),
            "tokens": pd.Series([chunk.n_tokens for chunk in chunks], dtype="int64"),
            "text": pd.Series([chunk.text for chunk in chunks], dtype="str"),
        }
    )
    all_fields = [dict(chunk.fields) for chunk in chunks]
    names_of_fields = list(dict.fromkeys(name for fields in all_fields for name in fields))
    for name, title in zip(names_of_fields, column_titles(names_of_fields, table.columns), strict=True):
        table[title] = pd.Series([fields.get(name, "") for fields in all_fields], dtype="str")
    return table
