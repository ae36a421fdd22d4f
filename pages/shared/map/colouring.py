"""The 'Colour by' choice of the map, and the colours for each choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.map.address import Address
from pages.shared.map.exam import ExamOnMap, forget_exam, found_colours
from pages.shared.session.resources import kept_neighbors
from pages.shared.widgets.map_state import FOUND_COLOUR
from rag.documents.column_roles import SETTING, roles_by_column
from rag.map.clusters.finding import Clusters
from rag.map.colours import OTHER_NAME, Colours, column_colours, group_colours, numbered_colours, value_colours
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

KEY = "map-colour"
DOCUMENT, CLUSTER, PAGE, LENGTH = "Document", "Cluster", "Page", "Chunk length"
SIMILARITY, CHAT, DISTORTION = "Similarity to the question", "Times used in chat", "Local distortion"
_BUILT_IN = (DOCUMENT, CLUSTER, PAGE, LENGTH, SIMILARITY, CHAT, FOUND_COLOUR, DISTORTION)
_COLUMN = " (column)"
# Saved links may contain the former names.
_FORMER_NAMES = {"Retrieved by chat": CHAT, "Honesty of the map": DISTORTION}
_ABOUT = {
    SIMILARITY: "Cosine similarity of each chunk to the question. Yellow: most similar.",
    CHAT: "For how many chat answers the model was given this chunk.",
    DISTORTION: "The share of a chunk's 10 nearest neighbors that are also among its 10 nearest points on this map. "
    "Yellow: neighbors preserved. Dark: its neighbors are drawn elsewhere.",
    LENGTH: "Number of tokens in each chunk, counted by the embedding model.",
}


def _colour_choices(table: ChunkTable, *, has_runs: bool) -> list[str]:
    """The choices for colours: the columns of tables first, those whose values form groups before the others."""

    def is_no_group(name: str) -> bool:
        n_values = len(set(table.columns[name]))
        return n_values > 20 or 2 * n_values > len(table)

    few = sorted(table.columns, key=is_no_group)
    columns = [f"{name}{_COLUMN}" if name in _BUILT_IN else name for name in few if len(set(table.columns[name])) > 1]
    # A chunk without a page has NaN, which is not equal to itself.
    has_pages = len(table) > 0 and not bool((table.pages != table.pages).all())
    is_offered = {PAGE: has_pages, FOUND_COLOUR: has_runs}
    return [*columns, *(name for name in _BUILT_IN if is_offered.get(name, True))]


def choose_colour(address: Address, table: ChunkTable, *, has_runs: bool) -> str:
    """The 'Colour by' select box; returns the choice and keeps it in the address.

    Args:
        has_runs: whether the collection has a run of an exam, so that the map can be coloured by it.
    """
    choices = _colour_choices(table, has_runs=has_runs)
    linked = next(iter(address.values("colour")), "")
    linked = _FORMER_NAMES.get(linked, linked) if linked not in choices else linked
    first = linked if linked in choices else choices[0]
    if address.is_new("colour") or st.session_state.get(KEY, first) not in choices:
        st.session_state[KEY] = first
    choice = st.selectbox(
        "Colour by",
        choices,
        index=choices.index(first),
        key=KEY,
        label_visibility="collapsed",
        width=210,
    )
    address.keep("colour", [choice])
    if choice != FOUND_COLOUR:
        forget_exam()
    return choice


def colours_for(
    choice: str,
    collection: Collection,
    layout: Projection,
    table: ChunkTable,
    *,
    clusters: Clusters,
    similarities: Callable[[], FloatArray | None],
    exam: ExamOnMap | None,
) -> Colours:
    """The colours of the chunks in the layout.

    Args:
        similarities: returns the chunks' similarities to the question, or None.
        exam: the run for the colouring by what its questions found; without one, all chunks are grey.
    """
    import numpy as np

    match choice:
        case "Document":
            return numbered_colours(choice, table.documents, [name or OTHER_NAME for name in table.document_names])
        case "Cluster":
            return group_colours(choice, clusters.names())
        case "Page":
            return value_colours(choice, table.pages, 0)
        case "Chunk length":
            return value_colours("Tokens", table.n_tokens.astype(np.float32), 0)
        case "Similarity to the question":
            values = similarities()
            return value_colours("Similarity", np.full(len(table), np.nan, np.float32) if values is None else values)
        case "Times used in chat":
            counts = collection.retrieved_counts()
            times = np.array([counts.get(chunk_id, 0) for chunk_id in table.chunk_ids.tolist()], dtype=np.float32)
            return value_colours("Times used in chat", times, 0)
        case "Found by exam questions":
            return found_colours(choice, exam.coverage) if exam else group_colours(choice, [OTHER_NAME] * len(table))
        case "Local distortion":
            return value_colours("Neighbors preserved", kept_neighbors(collection, layout))
    name = choice.removesuffix(_COLUMN)
    column: Sequence[str] = table.columns.get(name, [""] * len(table))
    return column_colours(name, column, roles_by_column(collection.setting(SETTING)).get(name))


def meaning_of(choice: str, *, has_query: bool) -> str:
    """What the colours mean, where the name of the choice does not say it; else an empty text."""
    if choice == SIMILARITY and not has_query:
        return "Type a question in 'Search the map' to colour by its similarity."
    return _ABOUT.get(choice, "")
