"""What the Search page opens with: a query of this collection, what its results show, and further queries."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.shared.session.resources import suggestions
from pages.shared.session.samples import SAMPLE
from pages.shared.widgets.common import escaped
from pages.shared.widgets.live_text import fill
from rag.evaluation.suggestions import Suggestion
from rag.retrieval.search_examples import SAMPLE_SEARCHES, SearchExample
from rag.store.collection import Collection
from rag.types import Hit

_MOST_CHIPS = 3
_SEARCHED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Example:
    """A query to show, written for the sample or taken from the documents' headings."""

    query: str
    source: SearchExample | Suggestion

    def saying(self, hits: tuple[Hit, ...]) -> str:
        """What the results show, in one sentence; empty if that cannot be said of them."""
        if isinstance(self.source, SearchExample):
            return self.source.said_of(hits[0].chunk.text) if hits else ""
        rank = self.source.rank_in(hits)
        where = f"is at rank {rank}" if rank else "is not among them"
        return f"These words are a heading of '{self.source.document}'. The passage below it {where}."


def examples_of(collection: Collection) -> tuple[Example, ...]:
    """The queries that the page offers; the first one is shown while nothing is typed."""
    if collection.spec.name == SAMPLE:
        return tuple(Example(one.query, one) for one in SAMPLE_SEARCHES)
    return tuple(Example(one.topic, one) for one in suggestions(collection))


def show_chips(key: str, collection: Collection, query: str) -> Example | None:
    """A button for each query that is not shown; returns the example that is, the first one while nothing is typed.

    In a large collection none is shown before a query, because its words may have to be indexed first.
    """
    examples = examples_of(collection)
    shown = next((one for one in examples if one.query == query.strip()), None)
    if not query.strip() and examples and collection.n_chunks() <= _SEARCHED_AT_ONCE:
        shown = examples[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Examples:", width="content")
        for number, one in enumerate([one for one in examples if one != shown][:_MOST_CHIPS]):
            st.button(
                escaped(one.query), key=f"{key}-example-{number}", type="tertiary", on_click=fill, args=(key, one.query)
            )
    return shown
