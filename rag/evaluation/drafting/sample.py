"""Choose the chunks to draft questions from: spread over the documents and over the meanings of their chunks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.evaluation.questions import GoldSpan
from rag.neighbors.data_quality import DEFAULT_THRESHOLD
from rag.store.collection import Collection
from rag.text.stems import count_words, telling_words
from rag.types import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray

FEWEST_TOKENS = 20
"""Tokens of the shortest chunk that a question is drafted from."""
_FEWEST_TELLING = 5
_WORDS_OF_A_SENTENCE = 6
_CONTENTS_LINE = re.compile(r"(?:\.{3,}|\s{2,}|…|\t|(?:\. ){3,})\s*\d{1,4}\s*$")


def sample_chunks(collection: Collection, taken: Iterable[GoldSpan] = (), *, seed: int) -> Iterator[Chunk]:
    """Chunks to draft questions from, one after the other, until none is left that fits.

    The next chunk comes from the document that has the fewest questions for its size: a document with four times as
    many chunks gets twice as many questions. In the document, a chunk is chosen at random with a probability
    proportional to its distance from the nearest chunk that has a question or was chosen, as k-means++ chooses its
    centers (Arthur and Vassilvitskii, 2007; for unit vectors, 1 - cosine is half of their squared distance).

    Left out are chunks of fewer than 20 tokens, headings and tables of contents, chunks with a cosine similarity of
    0.95 or more to one that has a question or was chosen, and chunks that have a question.

    Args:
        taken: the passages that have a question already.

    Raises:
        CollectionError: the collection cannot be read.
    """
    import numpy as np

    pool = _Pool.of(collection, taken)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pool.rows_of)).tolist()
    while (document := pool.next_document(order)) is not None:
        rows = pool.free_rows(document)
        if not len(rows):
            pool.exhausted.add(document)
            continue
        weights = pool.distance[rows].astype(np.float64)
        row = int(rng.choice(rows, p=weights / weights.sum()))
        pool.is_free[row] = False
        chunk = next(iter(collection.chunks([int(pool.ids[row])])), None)
        if chunk is not None and has_content(chunk.text):
            pool.take(row, document)
            yield chunk


def has_content(text: str) -> bool:
    """Whether a text says something that can be asked about; headings and tables of contents do not."""
    lines = [
        line for line in text.splitlines() if not line.lstrip().startswith("#") and not _CONTENTS_LINE.search(line)
    ]
    if not any(count_words(line) >= _WORDS_OF_A_SENTENCE for line in lines):
        return False
    return len({word.stem for word in telling_words("\n".join(lines))}) >= _FEWEST_TELLING


@dataclass(slots=True)
class _Pool:
    """The chunks that may be chosen, by row.

    `ids` are chunk ids int64 (n,), ascending, `vectors` their unit vectors float32 (n, dimension); `distance` float32
    (n,) is 1 - cosine to the nearest chunk with a question, 2 if there is none. `rows_of` are the rows of each document
    at the beginning, `n_asked` the questions that each has.
    """

    ids: NDArray[np.int64]
    vectors: FloatArray
    distance: FloatArray
    is_free: NDArray[np.bool_]
    rows_of: list[NDArray[np.int64]]
    n_asked: list[int]
    exhausted: set[int]

    @classmethod
    def of(cls, collection: Collection, taken: Iterable[GoldSpan]) -> _Pool:
        import numpy as np

        ids, vectors = collection.embeddings()
        number = {int(chunk_id): row for row, chunk_id in enumerate(ids)}
        names, spans = collection.document_names(), list(taken)
        rows_of: dict[str, list[int]] = {}
        is_free, asked = np.zeros(len(ids), dtype=bool), []
        for document_id, start, end, _, n_tokens, *_, chunk_id in collection.chunk_properties():
            if (row := number.get(chunk_id)) is None:
                continue
            rows_of.setdefault(document_id, []).append(row)
            if any(_covers(span, names.get(document_id, ""), start, end) for span in spans):
                asked.append((row, document_id))
            else:
                is_free[row] = n_tokens >= FEWEST_TOKENS
        documents = {document_id: place for place, document_id in enumerate(rows_of)}
        pool = cls(
            ids, vectors, np.full(len(ids), 2.0, np.float32), is_free,
            [np.array(rows, dtype=np.int64) for rows in rows_of.values()], [0] * len(rows_of), set(),
        )  # fmt: skip
        for row, document_id in asked:
            pool.take(row, documents[document_id])
        return pool

    def next_document(self, order: list[int]) -> int | None:
        """The document with the fewest questions for its size, the first in the order among equals; None at the end."""
        left = (one for one in order if one not in self.exhausted)
        return min(left, key=lambda one: (self.n_asked[one] + 1) / math.sqrt(len(self.rows_of[one])), default=None)

    def free_rows(self, document: int) -> NDArray[np.int64]:
        rows = self.rows_of[document]
        return rows[self.is_free[rows] & (self.distance[rows] > 1.0 - DEFAULT_THRESHOLD)]

    def take(self, row: int, document: int) -> None:
        """Count a question for a chunk: chunks that are like it become less likely."""
        import numpy as np

        self.n_asked[document] += 1
        np.minimum(self.distance, 1.0 - self.vectors @ self.vectors[row], out=self.distance)


def _covers(span: GoldSpan, document: str, start: int, end: int) -> bool:
    """Whether a passage has at least half of a chunk, or lies within it."""
    shared = min(span.end, end) - max(span.start, start)
    return span.document == document and shared > 0 and 2 * shared >= min(end - start, span.end - span.start)
