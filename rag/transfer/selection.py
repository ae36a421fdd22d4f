"""Chosen chunks as a table to read and to take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.store.collection import Collection

if TYPE_CHECKING:
    import pandas as pd


def selection_table(collection: Collection, chunk_ids: Sequence[int]) -> pd.DataFrame:
    """Columns chunk_id, document, page (missing without pages), heading, tokens, text, and those of the chunks' tables.

    One row for each chunk that is still there, in the order of the ids. A table's column that has the name of one of
    these has " (column)" added.
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
    own = [dict(chunk.fields) for chunk in chunks]
    for name in dict.fromkeys(name for fields in own for name in fields):
        title = f"{name} (column)" if name in table.columns else name
        table[title] = pd.Series([fields.get(name, "") for fields in own], dtype="str")
    return table
