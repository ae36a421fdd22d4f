"""Neighbor search: the text or chunk to compare with, its filters and results, and how its scores compare."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.session.resources import document_names, embedder, query_vector, vectors
from pages.shared.session.resources import table as chunk_table
from pages.shared.widgets.charts import distribution_figure
from pages.shared.widgets.common import escaped, show_hit
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.sample_note import sample_words
from rag.neighbors.chunks_near import Loaded, chunks_near
from rag.neighbors.score_distribution import score_distribution, verdict
from rag.neighbors.search import PLAIN, NeighborFilter, best_sentence
from rag.retrieval.query_notes import query_notes
from rag.retrieval.retrievers import DenseRetriever, hits_of
from rag.store.collection import Collection
from rag.store.sampling import whole_or_sample
from rag.types import Chunk, Hit

if TYPE_CHECKING:
    from rag.types import FloatArray

QUERY_KEY = "neighbors-query"
"""The key of the field for the text; empty after a random chunk was opened."""
_SENTENCES_FOR = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """The text whose neighbors are searched: a stored chunk or a typed text.

    `vector` is its unit vector, float32 (dimension,).
    """

    text: str
    vector: FloatArray
    chunk: Chunk | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeighborOptions:
    """The number of neighbors `k`, the filter on chunks, and the `relevance` for MMR as in `find`."""

    k: int
    allowed: NeighborFilter = field(default_factory=NeighborFilter)
    relevance: float = PLAIN


def subject_of(collection: Collection, query: str, chunk_id: int | None) -> Subject | None:
    """The typed text; without one, the chunk with this id; None if there is neither."""
    if query.strip():
        model = embedder(collection.spec.embedding.model_id)
        return Subject(query, query_vector(collection, query)[0], None, query_notes(query, model))
    if chunk_id is None:
        return None
    found = collection.chunks([chunk_id])
    _, unit = collection.vectors_with([chunk_id])
    if not found or not len(unit):
        st.warning("This chunk no longer exists. Type a text, or click a point on the map.")
        return None
    return Subject(found[0].embedded_text, unit[0], found[0])


def open_random_chunk(collection: Collection) -> None:
    """Put the id of a random chunk into the URL, which selects it."""
    ids = chunk_table(collection).chunk_ids.tolist()
    st.query_params["chunk"] = str(random.choice(ids))
    st.query_params.pop("query", None)
    st.session_state[QUERY_KEY] = ""


def choose_options(collection: Collection, k: int, chunk_id: int | None) -> NeighborOptions:
    """A popover with the filters on chunks and the variety of the results."""
    table, key_prefix = chunk_table(collection), f"near-{collection.uid}"
    with st.popover("Filter", icon=":material/filter_alt:"):
        documents = st.multiselect(
            "Document", document_names(collection), key=f"{key_prefix}-documents",
            help="Keeps chunks of these documents. Empty: all documents.",
        )  # fmt: skip
        columns = {
            name: _choose_values(name, set(values), f"{key_prefix}-column-{name}")
            for name, values in table.columns.items()
            if 1 < len(set(values)) <= 200
        }
        apart = st.toggle(
            "Exclude the same document", key=f"{key_prefix}-apart", disabled=chunk_id is None,
            help="For a selected chunk: shows only chunks of other documents.",
        )  # fmt: skip
        variety = st.slider(
            "Variety (MMR)", 0.0, 1.0, 0.0, 0.05, key=f"{key_prefix}-variety",
            help=f"{help_for('MMR')} 0 turns it off; above 0, ranks no longer follow the similarity alone.",
        )  # fmt: skip
    allowed = NeighborFilter(tuple(documents), columns, chunk_id if apart else None)
    return NeighborOptions(k, allowed, PLAIN - variety)


def _choose_values(column: str, values: set[str], key: str) -> tuple[str, ...]:
    """A multiselect of the values of a column."""
    help_text = "Keeps chunks with one of these values. Empty: all values."
    return tuple(st.multiselect(column, sorted(values - {""}), key=key, help=help_text))


def find_hits(collection: Collection, subject: Subject, options: NeighborOptions) -> tuple[Hit, ...]:
    """The neighbors of the subject, best first; empty if the filters leave none."""
    found = chunks_near(
        collection, subject.vector, options.k, lambda: Loaded(*vectors(collection), chunk_table(collection)),
        allowed=options.allowed, without=subject.chunk.chunk_id if subject.chunk else None, relevance=options.relevance,
    )  # fmt: skip
    return hits_of(collection, found.ids.tolist(), found.scores.tolist(), DenseRetriever.name)


def show_hits(collection: Collection, subject: Subject, hits: tuple[Hit, ...]) -> None:
    """The results as cards; in the first ten, the sentence most similar to the subject is highlighted."""
    model = embedder(collection.spec.embedding.model_id)
    for hit in hits[:_SENTENCES_FOR]:
        best = best_sentence(subject.vector, hit.chunk.text, model)
        show_hit(hit, marked=(best.start, best.end) if best else None)
    for hit in hits[_SENTENCES_FOR:]:
        show_hit(hit)


def show_distribution(collection: Collection, subject: Subject, hits: tuple[Hit, ...]) -> None:
    """A histogram of the similarities of all chunks to the text, with the results marked, and a verdict on the best."""
    ids, unit = vectors(collection)
    scores = unit @ subject.vector
    if subject.chunk is not None:
        scores = scores[ids != subject.chunk.chunk_id]
    distribution = score_distribution(scores)
    compared = sample_words(collection) or "all chunks of the collection"
    if hits:
        said = verdict(max(hit.score for hit in hits), distribution, whole_or_sample(collection))
        st.markdown(f"**{escaped(said)}**")
    st.plotly_chart(
        distribution_figure(distribution, [hit.score for hit in hits]),
        key="distribution",
        config={"displayModeBar": False},
        alt=f"Histogram of the similarity of {compared} to the text.{_in_words(hits)}",
    )
    st.caption(
        f"How similar {compared} are to this text; orange lines mark the results. What counts as high "
        "differs between models and collections, so compare instead of using a fixed threshold."
    )


def _in_words(hits: tuple[Hit, ...]) -> str:
    """Where the lines of the results are, as a sentence; empty without results."""
    scores = [hit.score for hit in hits]
    return f" The results are between {min(scores):.2f} and {max(scores):.2f}." if hits else ""
