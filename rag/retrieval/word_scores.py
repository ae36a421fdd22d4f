"""Word scores: the BM25 scores of all chunks for a query's words and phrases, and for its pieces of words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rag.index.words.scores import K1, WordIndex
from rag.retrieval.word_query import Phrase, WordQuery
from rag.store.collection import Collection
from rag.text.labels import searched_text
from rag.text.search_terms import phrase_of, stem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    DoubleArray = NDArray[np.float64]


class WordScores(NamedTuple):
    """BM25 scores of all chunks, float64 (n,); `note` says in a sentence if a phrase occurs in none of them."""

    scores: DoubleArray
    note: str


def word_scores(collection: Collection, index: WordIndex, query: WordQuery) -> WordScores:
    """The BM25 score of each chunk of the index for the query's words and phrases; 0 if it has none of them.

    A phrase is found where its words follow each other exactly, in upper or lower case and with or without accents.
    There it counts like one more word, in addition to its words; elsewhere its words do not count. If it occurs in no
    chunk, its words count everywhere.

    Raises:
        CollectionError: the collection cannot be read.
    """
    scores, missing = index.scores(query.words, "words"), []
    for phrase in query.phrases:
        rows, counts = _occurrences(collection, index, phrase)
        of_words = index.scores(phrase.words, "words")
        if not len(rows):
            scores += of_words
            missing.append(phrase.written)
        else:
            weight = (K1 + 1) * math.log1p((len(index.ids) - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += of_words[rows] + weight * counts / (counts + index.length_penalties(rows))
    return WordScores(scores, missing_note(missing))


def missing_note(missing: Sequence[str], none: str = "No chunk") -> str:
    """A sentence about the phrases that were not found; empty if there are none.

    Args:
        none: the chunks that were looked at, as the beginning of the sentence.
    """
    if not missing:
        return ""
    quoted = ", ".join(f"“{phrase}”" for phrase in missing)
    if len(missing) == 1:
        return f"{none} contains the phrase {quoted}, so its words were looked for one by one."
    return f"{none} contains the phrases {quoted}, so their words were looked for one by one."


def _occurrences(collection: Collection, index: WordIndex, phrase: Phrase) -> tuple[NDArray[np.int64], DoubleArray]:
    """The rows of the chunks that contain a phrase, int64 (m,), and how often, float64 (m,)."""
    import numpy as np

    whole, counts = re.compile(f"(?= {re.escape(phrase.folded)} )"), {}
    candidates = index.rows_with_all([stem(word) for word in phrase.folded.split()])
    row_of = dict(zip(index.ids[candidates].tolist(), candidates.tolist(), strict=True))
    for chunk in collection.chunks(list(row_of)):
        if found := whole.findall(f" {phrase_of(searched_text(chunk))} "):
            counts[row_of[chunk.chunk_id]] = len(found)
    return np.array(list(counts), dtype=np.int64), np.array(list(counts.values()), dtype=np.float64)
