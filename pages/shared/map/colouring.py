"""What the map is coloured by: the choice, and the colours that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.session.resources import kept_neighbors
from rag.map.clustering import Clusters
from rag.map.colours import OTHER_NAME, Colours, column_colours, group_colours, value_colours
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

KEY = "map-colour"
DOCUMENT, CLUSTER, PAGE, LENGTH = "Document", "Cluster", "Page", "Chunk length"
SIMILARITY, CHAT, HONESTY = "Similarity to the question", "Retrieved by chat", "Honesty of the map"
_BUILT_IN = (DOCUMENT, CLUSTER, PAGE, LENGTH, SIMILARITY, CHAT, HONESTY)
_COLUMN = " (column)"
_ABOUT = {
    SIMILARITY: "Cosine similarity of each chunk to the question beside the map. Yellow is nearest.",
    CHAT: "How many answers of the chat were given this chunk to read.",
    HONESTY: "The share of a chunk's 10 true neighbors that are among its 10 nearest on this map. Yellow: the picture "
    "is true there. Dark: its neighbors are elsewhere.",
    LENGTH: "Tokens in each chunk, as the embedding model counts them.",
}


def colour_choices(table: ChunkTable) -> list[str]:
    """What points can be coloured by: a table's columns first, those with few values before the others."""
    few = sorted(table.columns, key=lambda name: len(set(table.columns[name])) > 20)
    columns = [name + _COLUMN * (name in _BUILT_IN) for name in few if len(set(table.columns[name])) > 1]
    has_pages = len(table) > 0 and not bool((table.pages != table.pages).all())
    return [*columns, *(name for name in _BUILT_IN if name != PAGE or has_pages)]


def choose_colour(table: ChunkTable) -> str:
    """The select box; returns the choice."""
    choices = colour_choices(table)
    if st.session_state.get(KEY) not in choices:
        wanted = st.query_params.get("colour")
        st.session_state[KEY] = wanted if wanted in choices else choices[0]
    choice = st.selectbox(
        "Colour by", choices, key=KEY, help="Gives points with the same value the same colour, or shades them by it."
    )
    st.query_params["colour"] = choice
    return choice


def colours_for(
    choice: str,
    collection: Collection,
    layout: Projection,
    table: ChunkTable,
    *,
    clusters: Clusters,
    similarities: Callable[[], FloatArray | None],
) -> Colours:
    """The colours of the layout's chunks; `similarities` gives each one's to the question, None without one."""
    import numpy as np

    match choice:
        case "Document":
            return group_colours(choice, [name or OTHER_NAME for name in table.document_of_each()])
        case "Cluster":
            return group_colours(choice, clusters.names())
        case "Page":
            return value_colours(choice, table.pages, 0)
        case "Chunk length":
            return value_colours("Tokens", table.n_tokens.astype(np.float32), 0)
        case "Similarity to the question":
            known = similarities()
            return value_colours("Similarity", np.full(len(table), np.nan, np.float32) if known is None else known)
        case "Retrieved by chat":
            counts = collection.retrieved_counts()
            times = np.array([counts.get(chunk_id, 0) for chunk_id in table.chunk_ids.tolist()], dtype=np.float32)
            return value_colours("Times retrieved", times, 0)
        case "Honesty of the map":
            return value_colours("True neighbors kept", kept_neighbors(collection, layout))
    name = choice.removesuffix(_COLUMN)
    values: Sequence[str] = table.columns.get(name, [""] * len(table))
    return column_colours(name, values)


def explain(choice: str, *, has_query: bool) -> None:
    """A line on what a colour that does not speak for itself means."""
    if choice == SIMILARITY and not has_query:
        st.info("Type a question in 'Ask the map' to colour by.", icon=":material/info:")
    elif choice in _ABOUT:
        st.caption(_ABOUT[choice])
