"""What is looked for on the Neighbors page, what is found, and whether its scores are high here."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.session.resources import embedder, query_vector, vectors
from pages.shared.session.resources import table as chunk_table
from pages.shared.widgets.charts import distribution_figure
from pages.shared.widgets.common import escaped, show_hit
from pages.shared.widgets.map_state import chosen_chunk
from rag.neighbors.score_distribution import score_distribution, verdict
from rag.neighbors.search import PLAIN, NeighborFilter, best_sentence, find, neighbors_of
from rag.retrieval.query_notes import query_notes
from rag.retrieval.retrievers import DenseRetriever, hits_of
from rag.store.collection import Collection
from rag.types import Chunk, Hit

if TYPE_CHECKING:
    from rag.types import FloatArray

_SENTENCES_FOR = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """What neighbors are looked for: a stored chunk, or a typed text; its unit vector float32 (dimension,)."""

    text: str
    vector: FloatArray
    chunk: Chunk | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many neighbors, which may be among them, and how much variety: `relevance` as in `find`."""

    k: int
    allowed: NeighborFilter = field(default_factory=NeighborFilter)
    relevance: float = PLAIN


def subject_of(collection: Collection, query: str) -> Subject | None:
    """The typed text before the chunk in the address; None where there is neither."""
    if query.strip():
        model = embedder(collection.spec.embedding.model_id)
        return Subject(query, query_vector(collection, query)[0], None, query_notes(query, model))
    chunk_id = chosen_chunk()
    if chunk_id is None:
        return None
    found = collection.chunks([chunk_id])
    ids, unit = vectors(collection)
    row = int(ids.searchsorted(chunk_id))
    if not found or row == len(ids) or ids[row] != chunk_id:
        st.warning("This chunk is not in the collection any more. Type a text, or pick a point on the map.")
        return None
    return Subject(found[0].text, unit[row], found[0])


def open_random_chunk(collection: Collection) -> None:
    """Put a chunk drawn by lot into the address."""
    ids = collection.chunk_ids().tolist()
    st.query_params["chunk"] = str(random.choice(ids))
    st.query_params.pop("query", None)
    st.session_state["neighbors-query"] = ""


def choose_wanted(collection: Collection, k: int, chunk_id: int | None) -> Wanted:
    """A popover with which chunks may be neighbors, and variety."""
    table, own = chunk_table(collection), f"near-{collection.uid}"
    with st.popover("Which neighbors", icon=":material/filter_alt:"):
        documents = st.multiselect(
            "Only from these documents", sorted(table.document_names), key=f"{own}-documents", help="Empty: from all."
        )
        columns = {
            name: tuple(st.multiselect(f"Only where {name} is", sorted(set(values) - {""}), key=f"{own}-column-{name}"))
            for name, values in table.columns.items()
            if 1 < len(set(values)) <= 200
        }
        apart = st.toggle(
            "Not from the same document", key=f"{own}-apart", disabled=chunk_id is None,
            help="For an opened chunk: what other documents say about it.",
        )  # fmt: skip
        variety = st.slider(
            "Variety", 0.0, 1.0, 0.0, 0.05, key=f"{own}-variety",
            help="0 shows the nearest. More passes over what says the same again (maximal marginal relevance), so "
            "ranks no longer follow the similarity alone.",
        )  # fmt: skip
    allowed = NeighborFilter(tuple(documents), columns, chunk_id if apart else None)
    return Wanted(k, allowed, PLAIN - variety)


def find_hits(collection: Collection, subject: Subject, wanted: Wanted) -> tuple[Hit, ...]:
    """The subject's neighbors as hits, best first."""
    ids, unit = vectors(collection)
    allowed = wanted.allowed.allows(chunk_table(collection))
    if len(allowed) != len(ids):
        return ()
    if subject.chunk is not None:
        near = neighbors_of(ids, unit, subject.chunk.chunk_id, wanted.k, allowed=allowed, relevance=wanted.relevance)
    else:
        near = find(ids, unit, subject.vector, wanted.k, allowed=allowed, relevance=wanted.relevance)
    return hits_of(collection, near.ids.tolist(), near.scores.tolist(), DenseRetriever.name)


def show_hits(collection: Collection, subject: Subject, hits: tuple[Hit, ...]) -> None:
    """The hits, of the first ten the sentence that is most like the subject on a coloured ground."""
    model = embedder(collection.spec.embedding.model_id)
    for hit in hits[:_SENTENCES_FOR]:
        best = best_sentence(subject.vector, hit.chunk.text, model)
        show_hit(hit, marked=(best.start, best.end) if best else None)
    for hit in hits[_SENTENCES_FOR:]:
        show_hit(hit)


def show_distribution(collection: Collection, subject: Subject, hits: tuple[Hit, ...]) -> None:
    """All similarities of the collection to the subject, with the hits marked, and what the best one means."""
    ids, unit = vectors(collection)
    scores = unit @ subject.vector
    if subject.chunk is not None:
        scores = scores[ids != subject.chunk.chunk_id]
    distribution = score_distribution(scores)
    if hits:
        st.markdown(f"**{escaped(verdict(max(hit.score for hit in hits), distribution))}**")
    st.plotly_chart(
        distribution_figure(distribution, [hit.score for hit in hits]),
        key="distribution",
        config={"displayModeBar": False},
    )
    st.caption(
        "How similar every chunk of the collection is to this; the orange lines are the neighbors listed. What counts "
        "as high differs between models and collections: compare, do not trust a fixed threshold."
    )
