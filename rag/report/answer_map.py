"""An answer on a collection's map: where its question lies, and the passages that were found for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answering.types import Answer
from rag.index.flat import FlatIndex
from rag.map.clustering import Clusters
from rag.map.placement import place_query
from rag.map.points import MapLabel
from rag.map.view import sample_rows
from rag.report.answer_svg import Pointed, pointed_svg
from rag.report.figures import all_hits, prompt_numbers
from rag.store.collection import Collection
from rag.types import Hit, Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

MOST_POINTS = 5_000
"""More chunks than these around the hits are drawn by lot."""


@dataclass(frozen=True, slots=True)
class AnswerMap:
    """What a small map shows of an answer.

    `xy` float32 (n, 2) are the collection's chunks, or `MOST_POINTS` of its `n_chunks` drawn by lot; `labels` the
    clusters' names, the largest first. `star` is where the question lies, None where `star_note` says why that is
    not known. `n_gone` hits are not on the map any more.
    """

    xy: FloatArray
    n_chunks: int
    labels: tuple[MapLabel, ...]
    star: tuple[float, float] | None
    star_note: str
    hits: tuple[Pointed, ...]
    n_gone: int

    def notes(self) -> tuple[str, ...]:
        """Sentences about what is not drawn."""
        said = [self.star_note] if self.star_note else []
        if self.n_gone:
            verb = "passage is" if self.n_gone == 1 else "passages are"
            said.append(f"{self.n_gone} {verb} not drawn: not in the collection any more, or not on its map.")
        if len(self.xy) < self.n_chunks:
            said.append(f"{len(self.xy):,} of {self.n_chunks:,} chunks are drawn, chosen by lot.")
        return tuple(said)


def map_of_answer(
    answer: Answer, collection: Collection, index: FlatIndex, layout: Projection, clusters: Clusters
) -> AnswerMap:
    """The answer on this layout of the collection.

    Args:
        index: over the collection's embeddings as they are now.
        layout: in 2D.

    Raises:
        ValueError: the layout is not in 2D.
    """
    if layout.xy.shape[1] != 2:
        raise ValueError(f"an answer is drawn on a map in 2D, got one in {layout.xy.shape[1]}D")
    hits = all_hits(answer)
    drawn = tuple(_on_map(answer, collection, layout, hits))
    star, note = _star(answer, collection, index, layout)
    names = clusters.names_by_label()
    labels = tuple(MapLabel(one.label, names[one.label], one.x, one.y) for one in clusters.summaries)
    rows = sample_rows(len(layout.xy), MOST_POINTS)
    return AnswerMap(layout.xy[rows], len(layout.xy), labels, star, note, drawn, len(hits) - len(drawn))


def story_map(drawn: AnswerMap) -> str:
    """The map as SVG, to be put into a story."""
    return pointed_svg(drawn.xy, drawn.labels, drawn.star, drawn.hits)


def _on_map(answer: Answer, collection: Collection, layout: Projection, hits: Sequence[Hit]) -> Iterator[Pointed]:
    """The hits whose chunks are still what they were, where they lie."""
    import numpy as np

    own = [hit.chunk.chunk_id for hit in hits]
    stored = {chunk.chunk_id: chunk.text for chunk in collection.chunks(own)}
    numbers = prompt_numbers(answer)
    rows = np.searchsorted(layout.chunk_ids, own).clip(0, max(len(layout.chunk_ids) - 1, 0)).tolist()
    for hit, row in zip(hits, rows, strict=True):
        is_drawn = len(layout.chunk_ids) > 0 and layout.chunk_ids[row] == hit.chunk.chunk_id
        # An id can be given to another chunk after a deletion, so the text is compared as well.
        if is_drawn and stored.get(hit.chunk.chunk_id) == hit.chunk.text:
            x, y = layout.xy[row].tolist()
            yield Pointed(x, y, numbers.get(hit.chunk, 0), hit.document_name)


def _star(
    answer: Answer, collection: Collection, index: FlatIndex, layout: Projection
) -> tuple[tuple[float, float] | None, str]:
    """Where the query lies, or a sentence that says why that is not known."""
    import numpy as np

    if not answer.query_vector:
        return None, "The question has no place here: it was searched for by its words alone, or not at all."
    if len(answer.query_vector) != collection.spec.embedding.dimension:
        return None, "The question has no place here: it was embedded with another model than the collection is now."
    place = place_query(index, np.array([answer.query_vector], dtype=np.float32), layout)
    if place is None:
        return None, "The question has no place here: none of its nearest chunks is on this map."
    return (place[0], place[1]), ""
