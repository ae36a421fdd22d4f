"""Words in a store: the BM25 scores of chunks for a query's words and phrases, by the store's full text search."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.index.words.scores import K1
from rag.retrieval.word_query import Phrase, read_query
from rag.retrieval.word_scores import missing_note
from rag.store.collection import Collection
from rag.store.search import SearchEngine, SearchFilter
from rag.text.labels import searched_text
from rag.text.search_terms import phrase_of

if TYPE_CHECKING:
    from rag.types import IntArray

_ALL = SearchFilter()
_MOST_WITH_PHRASE = 500
"""The chunks that fit a phrase's words best, in which the phrase itself is looked for."""
_MOST_WITH_LABEL = 200


@dataclass(frozen=True, slots=True)
class WordHits:
    """Chunks with words of a query, with their scores by id; `is_cut` if there may be more with lower scores.

    `note` says in a sentence if a phrase was not found.
    """

    scores: Mapping[int, float]
    is_cut: bool
    note: str


class StoreWords:
    """The search by words of a store, among all chunks or those of a filter."""

    def __init__(self, collection: Collection, engine: SearchEngine, where: SearchFilter = _ALL) -> None:
        self._collection = collection
        self._engine = engine
        self._where = where

    def search(self, query: str, n: int) -> WordHits:
        """The n best chunks for a query's words, and those with its phrases.

        A phrase is looked for in the 500 chunks that fit its words best. There it counts like one more word, in
        addition to its words; elsewhere its words do not count. If it is in none of them, its words count everywhere.
        """
        read = read_query(query)
        scores, is_cut = self._matching(read.outside, n, self._where)
        missing, none = [], "No chunk"
        for phrase in read.phrases:
            found, phrase_is_cut = self._with_phrase(phrase)
            if not found:
                missing.append(phrase.written)
                if phrase_is_cut or self._where:
                    none = "None of the chunks that were looked at"
                found, phrase_is_cut = self._matching(phrase.folded, n, self._where)
            is_cut = is_cut or phrase_is_cut
            for chunk_id, score in found.items():
                scores[chunk_id] = scores.get(chunk_id, 0.0) + score
        return WordHits(scores, is_cut, missing_note(missing, none))

    def scores_of(self, query: str, known: WordHits | None, ids: IntArray) -> list[float]:
        """The scores of these chunks; `known` has those of the chunks that were found already."""
        found = dict(known.scores) if known else {}
        others = frozenset(ids.tolist()) - found.keys()
        if others and (known is None or known.is_cut):
            among = replace(self._where, chunk_ids=others)
            found |= self._matching(read_query(query).outside, len(others), among)[0]
        return [found.get(chunk_id, 0.0) for chunk_id in ids.tolist()]

    def ids_with_all(self, words: Sequence[str]) -> IntArray:
        """The ids of the 200 chunks that fit these words (stems) best, int64; those with all words come first."""
        found: IntArray = self._engine.matching(" ".join(words), _MOST_WITH_LABEL, self._where).ids
        return found

    def _with_phrase(self, phrase: Phrase) -> tuple[dict[int, float], bool]:
        """The scores of the chunks with a phrase, and whether more chunks than were looked at have its words."""
        of_words, is_cut = self._matching(phrase.folded, _MOST_WITH_PHRASE, self._where)
        whole = re.compile(f"(?= {re.escape(phrase.folded)} )")
        counts = {
            chunk.chunk_id: len(found)
            for chunk in self._collection.chunks(list(of_words))
            if (found := whole.findall(f" {phrase_of(searched_text(chunk))} "))
        }
        n = self._collection.n_chunks()
        rarity = math.log1p((max(n - len(counts), 0) + 0.5) / (len(counts) + 0.5))
        return {
            chunk_id: of_words[chunk_id] + (K1 + 1) * rarity * times / (times + K1)
            for chunk_id, times in counts.items()
        }, is_cut

    def _matching(self, text: str, n: int, where: SearchFilter) -> tuple[dict[int, float], bool]:
        """The scores of the n best chunks by id, and whether there may be more."""
        found = self._engine.matching(text, n, where)
        return dict(zip(found.ids.tolist(), found.scores.tolist(), strict=True)), len(found.ids) >= n
