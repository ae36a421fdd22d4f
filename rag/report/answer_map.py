"""Place an answer on its collection's map: the question, and the passages retrieved for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answering.types import Answer
from rag.index.flat import FlatIndex
from rag.map.clusters.finding import Clusters
from rag.map.placement import place_query, placed_chunks
from rag.map.points import MapLabel
from rag.map.view import sample_rows
from rag.report.answer_svg import MarkedHit, question_svg
from rag.report.figures import all_hits, prompt_numbers
from rag.store.collection import Collection
from rag.types import Hit, Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

MOST_POINTS = 5_000
"""The largest number of chunks drawn; of more, a random sample is drawn."""


@dataclass(frozen=True, slots=True)
class AnswerMap:
    """A small map of the collection with an answer's question and hits.

    `xy` float32 (n, 2) are the collection's chunks, or a random sample of `MOST_POINTS` of its `n_chunks`; `labels`
    are the clusters' names, the largest cluster first. `star` is the question's position; if it is unknown, it is None
    and `star_note` says why. `n_gone` is the number of hits that are not on the map any more.
    """

    xy: FloatArray
    n_chunks: int
    labels: tuple[MapLabel, ...]
    star: tuple[float, float] | None
    star_note: str
    hits: tuple[MarkedHit, ...]
    n_gone: int

    def notes(self) -> tuple[str, ...]:
        """Sentences about what is not drawn."""
        notes = [self.star_note] if self.star_note else []
        if self.n_gone:
            verb = "passage is" if self.n_gone == 1 else "passages are"
            notes.append(f"{self.n_gone} {verb} not drawn: not in the collection any more, or not on its map.")
        if len(self.xy) < self.n_chunks:
            notes.append(f"A random sample of {len(self.xy):,} of {self.n_chunks:,} chunks is drawn.")
        return tuple(notes)


def map_of_answer(
    answer: Answer, collection: Collection, index: FlatIndex, layout: Projection, clusters: Clusters
) -> AnswerMap:
    """The answer on this projection of the collection.

    Args:
        index: over the collection's embeddings as they are now.
        layout: a projection to 2D.

    Raises:
        ValueError: the projection is not in 2D.
    """
    if layout.xy.shape[1] != 2:
        raise ValueError(f"an answer needs a projection to 2D, got one to {layout.xy.shape[1]}D")
    hits = all_hits(answer)
    drawn = tuple(_on_map(answer, collection, index, layout, hits))
    star, note = _star(answer, collection, index, layout)
    names = clusters.names_by_label()
    labels = tuple(MapLabel(one.label, names[one.label], one.x, one.y) for one in clusters.summaries)
    rows = sample_rows(len(layout.xy), MOST_POINTS)
    return AnswerMap(layout.xy[rows], len(layout.xy), labels, star, note, drawn, len(hits) - len(drawn))


def to_svg(drawn: AnswerMap) -> str:
    """The map as an SVG image."""
    return question_svg(drawn.xy, drawn.labels, drawn.star, drawn.hits)


def _on_map(
    answer: Answer, collection: Collection, index: FlatIndex, layout: Projection, hits: Sequence[Hit]
) -> Iterator[MarkedHit]:
    """The hits whose chunks are unchanged, with their coordinates on the map, or near their nearest chunks on it."""
    import numpy as np

    chunk_ids = [hit.chunk.chunk_id for hit in hits]
    stored = {chunk.chunk_id: chunk.text for chunk in collection.chunks(chunk_ids)}
    numbers = prompt_numbers(answer)
    rows = np.flatnonzero(np.isin(layout.chunk_ids, chunk_ids))
    places = dict(zip(layout.chunk_ids[rows].tolist(), layout.xy[rows].tolist(), strict=True))
    added, xy = placed_chunks(layout, collection, index, list(stored))
    places |= dict(zip(added.tolist(), xy.tolist(), strict=True))
    for hit in hits:
        # A stored answer may come from a file in which this id belongs to another chunk, so texts are compared as well.
        if hit.chunk.chunk_id in places and stored.get(hit.chunk.chunk_id) == hit.chunk.text:
            x, y = places[hit.chunk.chunk_id]
            yield MarkedHit(x, y, numbers.get(hit.chunk, 0), hit.document_name)


def _star(
    answer: Answer, collection: Collection, index: FlatIndex, layout: Projection
) -> tuple[tuple[float, float] | None, str]:
    """The query's coordinates; or None, and a sentence that says why they are unknown."""
    import numpy as np

    if not answer.query_vector:
        return None, "The question has no position here: no embedding of it was stored with the answer."
    if len(answer.query_vector) != collection.spec.embedding.dimension:
        return None, "The question has no position here: its embedding is from another model than the collection's."
    place = place_query(index, np.array([answer.query_vector], dtype=np.float32), layout)
    if place is None:
        return None, "The question has no position here: none of its nearest chunks is on this map."
    return (place[0], place[1]), ""
