"""Chunk filter: select chunks by document, cluster, table columns, and words in the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.store.chunk_table import ChunkTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    MaskArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ChunkFilter:
    """Filter conditions. An empty condition keeps all; any value of a condition matches; all conditions must hold."""

    documents: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: str = ""

    def __bool__(self) -> bool:
        """Whether the filter excludes anything."""
        return bool(self.documents or self.clusters or any(self.columns.values()) or self.words.strip())

    def keeps(self, table: ChunkTable, cluster_names: Sequence[str], ids_with_words: frozenset[int]) -> MaskArray:
        """Which chunks are kept, bool (n,).

        Args:
            cluster_names: each chunk's cluster; empty if no cluster is chosen.
            ids_with_words: the chunks whose text contains the words; ignored if there are no words.
        """
        import numpy as np

        kept = np.ones(len(table), dtype=np.bool_)
        if self.documents:
            chosen = [name in self.documents for name in table.document_names]
            kept &= np.array(chosen, dtype=np.bool_)[table.documents]
        if self.clusters:
            kept &= np.array([name in self.clusters for name in cluster_names], dtype=np.bool_)
        for column, values in self.columns.items():
            if values:
                cells = table.columns.get(column, [""] * len(table))
                kept &= np.array([cell in values for cell in cells], dtype=np.bool_)
        if self.words.strip():
            kept &= np.array([chunk_id in ids_with_words for chunk_id in table.chunk_ids.tolist()], dtype=np.bool_)
        return kept
