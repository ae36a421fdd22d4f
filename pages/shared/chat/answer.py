"""An answer as a person reads it: its text with marks, how far its sources carry it, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.chat.answer_text import show_answer_text
from pages.shared.widgets.common import Span, escaped, place
from pages.shared.widgets.model_choice import model_label
from rag.answering.grounding import groundedness
from rag.answering.types import Answer
from rag.retrieval.settings import counting_note


def show_answer(answer: Answer, *, key: str, differing: Sequence[Span] = ()) -> None:
    """The answer, one quiet row of facts, and every passage that was found."""
    if answer.query != answer.question:
        st.caption(f":material/search: Searched for: {escaped(answer.query)}")
    if answer.thoughts:
        with st.expander("What the model thought first", icon=":material/psychology:"):
            st.text(answer.thoughts)
    if answer.text:
        show_answer_text(answer, key=f"{key}-text", differing=differing)
    elif not answer.problem:
        st.caption("The model wrote nothing.")
    _show_ending(answer)
    for note in answer.notes:
        st.caption(f":material/info: {escaped(note)}")
    if note := counting_note(answer.question, len(answer.prompt.hits)):
        st.caption(f":material/info: {note}")
    if answer.prompt.messages:
        st.caption(_facts(answer), help=groundedness(answer.supports).sentence)
    show_passages(answer)


def _show_ending(answer: Answer) -> None:
    if answer.problem and not answer.prompt.messages and answer.usage.ending == "finished":
        st.info(escaped(answer.problem), icon=":material/search_off:")
    elif answer.problem:
        st.error(escaped(answer.problem), icon=":material/error:")
    if answer.usage.ending == "stopped":
        st.caption(":material/stop_circle: Stopped. What was written is kept.")
    if answer.usage.ending == "length":
        limit = answer.prompt.max_answer_tokens
        st.caption(f":material/content_cut: The answer was cut at its limit of {limit:,} tokens.")


def _facts(answer: Answer) -> str:
    """Model, seconds, tokens and groundedness in one row."""
    read = answer.usage.prompt_tokens
    counted = f"{read:,} tokens read" if read is not None else f"about {answer.prompt.n_tokens:,} tokens read"
    facts = [escaped(model_label(answer.model)), f"{answer.timings.total:.1f} s", counted]
    if answer.usage.answer_tokens is not None:
        facts.append(f"{answer.usage.answer_tokens:,} written")
    grounded = groundedness(answer.supports)
    if grounded.checked:
        n = "1 sentence" if grounded.checked == 1 else f"{grounded.checked} sentences"
        facts.append(f"{grounded.supported} of {n} supported")
    return " · ".join(facts)


def show_passages(answer: Answer) -> None:
    """Every retrieved passage, and what of it the model was shown."""
    if not answer.hits:
        return
    numbers = {hit.chunk.chunk_id: number for number, hit in enumerate(answer.prompt.hits, start=1)}
    with st.expander(f"All {len(answer.hits)} retrieved passages"):
        if any(hit.excerpt for hit in answer.prompt.hits):
            st.caption("The tiny built-in model was shown only the sentences nearest to your question.")
        for hit in answer.hits:
            number = numbers.get(hit.chunk.chunk_id)
            mark = f"\\[{number}\\]" if number else "not shown to the model"
            st.markdown(f"**{mark}** {escaped(hit.document_name)}{escaped(place(hit))} · similarity {hit.score:.2f}")
            st.text(hit.chunk.text)
        if answer.prompt.left_out:
            st.caption(f"{len(answer.prompt.left_out)} did not fit the model's context window.")
