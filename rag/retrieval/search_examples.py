"""Examples for the sample's search: queries, each with a sentence that is said only if it is true of the first hit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchExample:
    """A query; the saying is true if the first hit has `first` in its text."""

    query: str
    saying: str
    first: str

    def said_of(self, first_text: str) -> str:
        """The sentence if it is true of the text of the first hit; else an empty text."""
        return self.saying if self.first in first_text else ""


SAMPLE_SEARCHES = (
    SearchExample(
        "holiday",
        "The first passage is about paid leave. It does not contain the word: it was found by its meaning.",
        "29 days of paid leave",
    ),
    SearchExample("E58", "An error code is found by its letters: the row of this code comes first.", "code: E58"),
    SearchExample(
        "my computer was stolen on the train",
        "The first passage says what to do about a lost laptop, although the question has other words.",
        "A lost laptop or badge",
    ),
    SearchExample(
        "a bat flew out of the cave at dusk",
        "The animal comes first, although a cricket bat has the same word.",
        "free-tailed bats",
    ),
)
