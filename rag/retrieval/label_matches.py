"""Label matches: rows of a table whose id, number or date is in the question come first in a search.

A row that is a chunk has labels; of rows that share a chunk, each value in their text counts as one.

Embedding models cannot tell "T-902" from "T-920", so among many rows the right one is rarely near, and where meaning
counts as well as words, a row that is nearer in meaning may come before it. A hit that comes first for such a label
says so in `Hit.label`; its score stays its cosine similarity, and its ranks are kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from rag import config
from rag.retrieval.retrievers import Retriever
from rag.store.collection import Collection
from rag.text.column_values import column_values
from rag.text.labels import SEPARATOR, bare, id_runs, written
from rag.text.search_terms import search_words, stem
from rag.types import Chunk, Fields, Hit

if TYPE_CHECKING:
    from rag.types import IntArray

MOST_ROWS = 3
"""The largest number of rows that may share a label for it to be rare."""
_MOST_CANDIDATES = 200
_MOST_RUNS = 64
"""Runs of tokens of a question that are looked up."""


class WordFinder(Protocol):
    """Finds chunks by words: a word index, or a store."""

    def ids_with_all(self, words: Sequence[str]) -> IntArray:
        """The ids of the chunks that contain all of these words (stems), int64; others may be among them."""


class RankedRetriever(Retriever, Protocol):
    """A retriever that also describes chunks that it would not have found."""

    def hits_for(self, query: str, chunk_ids: Sequence[int]) -> tuple[Hit, ...]:
        """Hits for these chunks, with their scores and ranks."""


class LabelFirstRetriever:
    """The hits of another retriever, but a row with a rare label that is in the question comes first.

    Args:
        ranked: finds the other hits.
        words: gives what finds chunks by words; called only if the question has something like an id.
        only: the ids of the chunks to search in; None for all.
    """

    def __init__(
        self,
        collection: Collection,
        ranked: RankedRetriever,
        words: Callable[[], WordFinder],
        only: frozenset[int] | None = None,
    ) -> None:
        self._collection = collection
        self._ranked = ranked
        self._words = words
        self._only = only

    def retrieve(self, query: str, k: int = config.DEFAULT_K) -> tuple[Hit, ...]:
        """At most k hits: rows with a rare label of the question, then the others in their order."""
        hits = self._ranked.retrieve(query, k)
        runs = id_runs(query)[:_MOST_RUNS]
        if not runs or not hits:
            return hits
        labels = rare_labels(self._collection, self._words(), runs, self._only)
        if not labels:
            return hits
        named = self._ranked.hits_for(query, list(labels))
        best: dict[tuple[str, Fields | int], Hit] = {}
        for hit in sorted(named, key=lambda hit: -hit.score):
            best.setdefault(_row_of(hit.chunk), hit)
        first = sorted(best.values(), key=lambda hit: list(labels).index(hit.chunk.chunk_id))
        first = [replace(hit, label=labels[hit.chunk.chunk_id]) for hit in first]
        taken = {hit.chunk.chunk_id for hit in first}
        ordered = [*first, *(hit for hit in hits if hit.chunk.chunk_id not in taken)][:k]
        return tuple(replace(hit, rank=rank) for rank, hit in enumerate(ordered, start=1))


def rare_labels(
    collection: Collection, words: WordFinder, runs: Iterable[str], only: frozenset[int] | None = None
) -> dict[int, str]:
    """The chunks of rows with a label that one of these runs of tokens is, in their order, each with it: "id: T-902".

    A label that more than three rows of the collection share is not rare, and an amount such as "12 kg" is no id.

    Raises:
        CollectionError: the collection cannot be read.
    """
    labels: dict[int, str] = {}
    for run in runs:
        # The last word of a divided token is the token in one: "E-58" is looked up as "e58", which "E58" has as well.
        ids = words.ids_with_all([stem(found[-1]) for token in run.split() if (found := search_words(token))])
        if not 0 < len(ids) <= _MOST_CANDIDATES:
            continue
        wanted = bare(run)
        of_column: dict[str, list[tuple[Chunk, str]]] = defaultdict(list)
        for chunk in collection.chunks(ids.tolist()):
            for column, value in chunk.fields or cells_of(chunk.text):
                if bare(value) == wanted and not _is_amount(value):
                    of_column[column].append((chunk, written([(column, value)])))
        for matches in of_column.values():
            if len({_row_of(chunk) for chunk, _ in matches}) > MOST_ROWS:
                continue
            for chunk, label in matches:
                if only is None or chunk.chunk_id in only:
                    labels.setdefault(chunk.chunk_id, label)
    return labels


def cells_of(text: str) -> list[tuple[str, str]]:
    """The values of the lines "column: value; column: value" of a text, as rows of a table are written."""
    cells = []
    for line in text.splitlines():
        pairs = [cell.partition(": ") for cell in line.split(SEPARATOR)]
        if len(pairs) > 1 and all(colon for _, colon, _ in pairs):
            cells += [(column, value) for column, _, value in pairs]
    return cells


def _row_of(chunk: Chunk) -> tuple[str, Fields | int]:
    """Parts of one row have the same labels; a chunk of several rows stands for the one that matches."""
    return chunk.document_id, chunk.fields or chunk.start


def _is_amount(value: str) -> bool:
    """Whether a value is an amount with a unit, "12 kg", and not an id of letters and digits."""
    read = column_values([value])
    return read is not None and read.kind == "number" and bool(re.search(r"[^\W\d_]", value))
