"""An answer on the page: its text with citations, how many sentences the sources back, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.chat.answer_text import show_answer_text
from pages.shared.chat.passages import show_passages
from pages.shared.widgets.common import escaped
from pages.shared.widgets.marked_text import Span
from pages.shared.widgets.model_choice import model_label
from rag.answering.grounding import groundedness
from rag.answering.types import Answer
from rag.retrieval.counting import counting_note
from rag.store.collection import Collection


def show_answer(answer: Answer, collection: Collection, *, key: str, differing: Sequence[Span] = ()) -> None:
    """Show the answer, one row of facts about it, and every retrieved passage.

    Args:
        differing: spans of the answer's text to highlight, because another answer does not have these words.
    """
    if answer.query != answer.question:
        st.caption(f":material/search: Searched for: {escaped(answer.query)}")
    if answer.thoughts:
        with st.expander("Reasoning", icon=":material/psychology:"):
            st.text(answer.thoughts)
    if answer.text:
        show_answer_text(answer, key=f"{key}-text", differing=differing)
    elif not answer.problem:
        st.caption("The model returned no text.")
    _show_ending(answer)
    for note in answer.notes:
        st.caption(f":material/info: {escaped(note)}")
    is_backed = groundedness(answer.supports).share == 1.0
    if note := counting_note(answer.question, len(answer.prompt.hits), collection.n_chunks(), is_backed=is_backed):
        st.caption(f":material/info: {note}")
    if answer.prompt.messages:
        st.caption(_facts(answer), help=groundedness(answer.supports).sentence)
    show_passages(answer, collection, key=f"{key}-passages")


def _show_ending(answer: Answer) -> None:
    if answer.problem and not answer.prompt.messages and answer.usage.ending == "finished":
        st.info(escaped(answer.problem), icon=":material/search_off:")
    elif answer.problem:
        st.error(escaped(answer.problem), icon=":material/error:")
    if answer.usage.ending == "stopped":
        st.caption(":material/stop_circle: Stopped.")
    if answer.usage.ending == "length":
        limit = answer.prompt.max_answer_tokens
        st.caption(f":material/content_cut: The answer reached its limit of {limit:,} tokens.")


def _facts(answer: Answer) -> str:
    """Model, seconds, tokens and sentences backed by sources, in one row."""
    read = answer.usage.prompt_tokens
    counted = f"{read:,} tokens read" if read is not None else f"about {answer.prompt.n_tokens:,} tokens read"
    facts = [escaped(model_label(answer.model)), f"{answer.timings.total:.1f} s", counted]
    if answer.usage.answer_tokens is not None:
        facts.append(f"{answer.usage.answer_tokens:,} written")
    grounded = groundedness(answer.supports)
    if grounded.checked:
        facts.append(f"{grounded.supported} of {grounded.checked} sentences backed by sources")
    if grounded.altered:
        facts.append(f"{grounded.altered} may say something else")
    return " · ".join(facts)
