"""Chat over retrieved context."""

from __future__ import annotations

import streamlit as st

from pages.shared.components import escaped, place, require_chunks, show_chunk_links, show_error
from pages.shared.resources import embedder, generator, ollama_models, retriever
from pages.shared.samples import NAME as SAMPLE
from pages.shared.workspace import Workspace, require_workspace
from rag import config
from rag.answer import answer_question
from rag.collection import Collection
from rag.errors import ExplorerError, OllamaError
from rag.types import Answer

_BUILTIN_LABEL = "Built-in (tiny demo model)"


def model_label(name: str) -> str:
    """How a model is called on screen."""
    return _BUILTIN_LABEL if name == config.BUILTIN_GENERATOR else name.removeprefix("ollama:")


def generator_choices() -> list[str]:
    """Ollama's chat models first, the built-in one last."""
    try:
        models = ollama_models(config.ollama_host())
    except OllamaError:
        return [config.BUILTIN_GENERATOR]
    return [f"ollama:{model.name}" for model in models if not model.embeds_only] + [config.BUILTIN_GENERATOR]


def choose_generator(workspace: Workspace) -> str:
    """The model that answers."""
    choices = generator_choices()
    index = choices.index(workspace.generator) if workspace.generator in choices else 0
    workspace.generator = st.sidebar.selectbox(
        "Answering model",
        choices,
        index=index,
        format_func=model_label,
        help="Writes the answer from the retrieved passages. It need not be the model that makes the embeddings.",
    )
    if workspace.generator == config.BUILTIN_GENERATOR:
        st.sidebar.caption(
            "SmolLM2-135M, a tiny demo model that runs in this app. It makes mistakes; start Ollama for better answers."
        )
    return workspace.generator


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


def ask(collection: Collection, question: str, model: str) -> Answer | None:
    """Stream an answer into a placeholder; an error is shown in its place, with what was streamed kept."""
    text = ""
    placeholder = st.empty()
    try:
        pieces = answer_question(
            question,
            retriever=retriever(collection),
            embedder=embedder(collection.spec.embedding.model_id),
            generator=generator(model, config.ollama_host()),
            k=config.DEFAULT_K,
        )
        with st.spinner("Reading the passages", show_time=True):
            for piece in pieces:
                if isinstance(piece, Answer):
                    placeholder.empty()
                    return piece
                text += piece
                placeholder.text(text)
    except ExplorerError as error:
        show_error(error)
    return None


workspace = require_workspace()
st.title("Chat")
collection = require_chunks()
st.caption("Ask about your documents. The nearest passages are given to a model, and the answer shows its sources.")
model = choose_generator(workspace)
history: list[Answer] = st.session_state.setdefault(f"answers-{collection.uid}", [])
for answer in history:
    with st.chat_message("user"):
        st.text(answer.question)
    with st.chat_message("assistant"):
        show_answer(answer)
if not history and collection.spec.name == SAMPLE:
    st.info("Try: How many days of paid leave do full-time staff have?", icon=":material/lightbulb:")
if question := st.chat_input("Ask the collection"):
    with st.chat_message("user"):
        st.text(question)
    with st.chat_message("assistant"):
        if answer := ask(collection, question, model):
            history.append(answer)
            st.rerun()
