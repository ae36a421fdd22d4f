"""Query terms: the words of a query that are searched for, as keyword search compares them."""

from __future__ import annotations

from rag.text.search_terms import search_words, stem
from rag.text.stems import is_common


def query_terms(text: str) -> list[str]:
    """The stems of the query's words without stop words; of all words if it has no others."""
    words = search_words(text, is_query=True)
    return [stem(word) for word in [word for word in words if not is_common(word)] or words]
