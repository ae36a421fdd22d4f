"""An answer as a person reads it: its text with marks, its sources, and what the model was shown."""

from __future__ import annotations

import streamlit as st

from pages.shared.components import escaped, place, show_chunk_links
from pages.shared.generators import model_label
from rag.chat_types import Answer
from rag.retrieval_settings import counting_note


def with_marks(answer: Answer) -> str:
    """The answer as Markdown that shows its text as it is, with [n] after each supported sentence."""
    shown, position = "", 0
    for citation in answer.citations:
        shown += escaped(answer.text[position : citation.end]) + f" :blue[\\[{citation.number}\\]]"
        position = citation.end
    return shown + escaped(answer.text[position:])


def show_answer(answer: Answer) -> None:
    """The answer, its sources, and what it was made of."""
    st.markdown(with_marks(answer))
    cited = {citation.number: citation for citation in answer.citations}
    if not cited:
        st.caption("No retrieved passage supports this answer. Read the passages below before you trust it.")
    for number in sorted(cited):
        citation = cited[number]
        with st.expander(f"\\[{number}\\] {escaped(citation.hit.document_name)}{escaped(place(citation.hit))}"):
            st.caption(f"The passage nearest to the sentence (similarity {citation.score:.2f}):")
            st.text(citation.passage)
            st.caption("The whole chunk:")
            st.text(citation.hit.chunk.text)
            show_chunk_links(citation.hit.chunk.chunk_id)
    if answer.usage.ending == "broken":
        st.warning("The model broke off before its end. What it wrote is kept.", icon=":material/warning:")
    if answer.usage.ending == "length":
        st.caption(f"The answer was cut at its limit of {answer.prompt.max_answer_tokens} tokens.")
    read = answer.usage.prompt_tokens or answer.prompt.n_tokens
    st.caption(f"{escaped(model_label(answer.model))} · {answer.seconds:.1f} s · {read:,} tokens read")
    if note := counting_note(answer.question, len(answer.prompt.hits)):
        st.caption(f":material/info: {note}")
    show_passages(answer)


def show_passages(answer: Answer) -> None:
    """Every retrieved passage, and what of it the model was shown."""
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
