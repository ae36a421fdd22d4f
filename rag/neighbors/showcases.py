"""Showcases: texts of a collection whose neighbors show something, each with a sentence that says what to see.

Those of the sample are written down and checked: a sentence is given only if the nearest text is the one it speaks of,
because another embedding model may find another. Those of other collections are computed from the neighbor table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.index.neighbor_table import NeighborTable
from rag.neighbors.data_quality import hubs, outliers
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.types import IntArray

MOST_READ = 2_000
"""A collection with more chunks than this is not searched for the texts of the sample."""


@dataclass(frozen=True, slots=True)
class Showcase:
    """A stored chunk, or a text to type, and what its neighbors show.

    `chunk_id` is 0 for a text to type, which is `query`. `saying` is true if the nearest text begins with `nearest`,
    which is empty for a sentence that was computed.
    """

    label: str
    saying: str
    query: str = ""
    chunk_id: int = 0
    nearest: str = ""

    def said_of(self, nearest_text: str) -> str:
        """The sentence if it is true of the nearest text that was found; else an empty text."""
        return self.saying if nearest_text.startswith(self.nearest) else ""


@dataclass(frozen=True, slots=True)
class _Written:
    """A showcase of the sample; `begins` is the beginning of its chunk, empty for a text to type."""

    label: str
    saying: str
    nearest: str
    begins: str = ""
    query: str = ""


_SAMPLE = (
    _Written(
        "Moles on the skin",
        "This passage on health is nearest to one on an animal: the word 'mole' weighs more than the topic. "
        "'Why are these similar?' shows how much of the similarity comes from each word.",
        "A mole is a small, nearly blind mammal",
        begins="Get to know the moles on your skin.",
    ),
    _Written(
        "A racing Jaguar",
        "This passage on a car race is nearest to one on money, because both are about a car of the same make. The cat "
        "with this name is not near.",
        "My uncle took out a loan for a used Jaguar",
        begins="At the 24-hour race of Le Mans",
    ),
    _Written(
        "Bats at dusk",
        "The animal comes first. A cricket bat is among the results too: it shares the word, not the meaning.",
        "On summer evenings, hundreds of thousands of free-tailed bats",
        query="a bat flew out of the cave at dusk",
    ),
    _Written(
        "A python and a deer",
        "Snakes come first, well above the programming language with the same name.",
        "The reticulated python of Southeast Asia",
        query="a python swallowed a deer",
    ),
)


def sample_showcases(chunks: Iterable[Chunk]) -> tuple[Showcase, ...]:
    """The showcases of the sample, if these chunks have all their passages; else none."""
    listed = tuple(chunks)
    found = []
    for one in _SAMPLE:
        chunk_id = next((chunk.chunk_id for chunk in listed if one.begins and chunk.text.startswith(one.begins)), 0)
        if not any(chunk.text.startswith(one.nearest) for chunk in listed) or bool(one.begins) != bool(chunk_id):
            return ()
        found.append(Showcase(one.label, one.saying, one.query, chunk_id, one.nearest))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Pair:
    """The ids of two chunks, and their cosine similarity."""

    first: int
    second: int
    score: float


def closest_pair(table: NeighborTable) -> Pair | None:
    """The two most similar chunks; None if there are fewer than two."""
    if not table.scores.size:
        return None
    row = int(table.scores[:, 0].argmax())
    other = int(table.positions[row, 0])
    return Pair(int(table.chunk_ids[row]), int(table.chunk_ids[other]), float(table.scores[row, 0]))


def computed_showcases(table: NeighborTable, documents: IntArray) -> tuple[Showcase, ...]:
    """A pair of similar chunks in different documents, the most similar pair, the largest hub and the largest outlier.

    A chunk that would be shown twice is shown once. There are none if there are fewer than three chunks.

    Args:
        documents: a number for the document of each chunk of the table, int64 (n,).
    """
    import numpy as np

    n, k = table.positions.shape
    if n < 3 or not k:
        return ()
    found: list[Showcase] = []
    is_elsewhere = documents[table.positions] != documents[:, None]
    if is_elsewhere.any():
        row = int(np.unravel_index(np.where(is_elsewhere, table.scores, -2.0).argmax(), table.scores.shape)[0])
        saying = (
            "This chunk and one of another document are more similar than any other two chunks of different documents."
        )
        found.append(_case("Across documents", saying, table, row))
    row = int(table.scores[:, 0].argmax())
    found.append(_case("The most similar pair", f"No two of the {n:,} chunks are more similar than these.", table, row))
    hub = hubs(table.positions, n_top=1)
    row, times = int(hub.top_rows[0]), int(hub.counts[hub.top_rows[0]])
    saying = f"A hub: this chunk is among the {k} nearest of {times:,} others, and no chunk is among those of more."
    found.append(_case("The largest hub", saying, table, row))
    row = int(outliers(table.scores, n_top=1).rows[0])
    saying = "An outlier: of all chunks, this one is the least similar to its nearest neighbor."
    found.append(_case("The largest outlier", saying, table, row))
    return tuple({one.chunk_id: one for one in reversed(found)}.values())[::-1]


def _case(label: str, saying: str, table: NeighborTable, row: int) -> Showcase:
    return Showcase(label, saying, chunk_id=int(table.chunk_ids[row]))
