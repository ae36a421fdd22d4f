"""Search inside a store: nearest vectors and matching words, among all chunks or those that a filter keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Which chunks are searched. An empty condition keeps all; any value of one matches; all conditions must hold.

    `documents` are names; `columns` are values of table columns; `chunk_ids` are ids, None for all. `except_documents`
    are names of documents that are left out.
    """

    documents: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    chunk_ids: frozenset[int] | None = None
    except_documents: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the filter excludes anything."""
        return bool(self.documents or any(self.columns.values()) or self.chunk_ids is not None or self.except_documents)


class Found(NamedTuple):
    """Chunks that a search found, best first: ids int64 (m,) and their scores float32 (m,)."""

    ids: IntArray
    scores: FloatArray


class SearchEngine(Protocol):
    """Searches a collection. Every method raises CollectionError if the collection cannot be read."""

    def nearest(self, vector: FloatArray, k: int, where: SearchFilter) -> Found:
        """At most k chunks nearest to a unit vector, float32 (dimension,); scores are cosines."""

    def matching(self, query: str, k: int, where: SearchFilter) -> Found:
        """At most k chunks with words of the query; scores are BM25 scores, which only one engine can compare."""
