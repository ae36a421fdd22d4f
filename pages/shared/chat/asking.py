"""A question on its way: what the page has chosen for it, the thread that answers it, and where the answer is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from pages.shared.chat.state import Chat
from pages.shared.session.resources import embedder, generator, live_turns
from pages.shared.session.samples import NAME as SAMPLE
from pages.shared.widgets.common import escaped
from pages.shared.widgets.retrieval_settings import retriever_for
from rag import config
from rag.answer import Equipment, Request, answer_or_problem
from rag.answering.prompt_template import PromptTemplate
from rag.answering.types import LabelledAnswer, Turn
from rag.conversations.live import LiveTurn, Run
from rag.conversations.recordings import RECORDED, answer_or_replay, replay
from rag.errors import CollectionError, ExplorerError
from rag.generation.types import AnsweringOptions
from rag.retrieval.settings import RetrievalSettings


@dataclass(frozen=True, slots=True)
class Choices:
    """What the page's controls say about how to answer; `only` are the chunks to search in, None for all."""

    model: str
    options: AnsweringOptions
    settings: RetrievalSettings
    only: frozenset[int] | None
    template: PromptTemplate | None
    rewrites: bool


def request_for(chat: Chat, choices: Choices, question: str, slot: int) -> Request:
    """The request for a question at this place of the conversation."""
    return Request(
        question,
        history=chat.history(slot),
        settings=choices.settings,
        template=choices.template,
        rewrites=choices.rewrites,
    )


def run_for(chat: Chat, choices: Choices, request: Request) -> Run:
    """Makes the answer to a request with these choices, in whichever thread it is called."""
    collection, searches_all = chat.collection, choices.only is None
    if choices.model == RECORDED:
        return partial(replay, request, collection, searches_all=searches_all)
    prepare = equipment_for(chat, choices, request)
    if collection.spec.name == SAMPLE:
        return partial(answer_or_replay, request, choices.model, prepare, collection, searches_all=searches_all)
    return partial(answer_or_problem, request, choices.model, prepare)


def equipment_for(chat: Chat, choices: Choices, request: Request) -> Callable[[], Equipment]:
    """Loads what answers; the passages' side of it is ready now, the model is loaded when this is called."""
    retriever = retriever_for(chat.collection, request.settings, choices.only)
    compares = embedder(chat.collection.spec.embedding.model_id)

    def prepare() -> Equipment:
        hosts = (config.ollama_host(), config.openai_url())
        return Equipment(retriever, compares, generator(choices.model, hosts, choices.options))

    return prepare


def ask(chat: Chat, question: str, runs: Mapping[str, Run], *, again_at: int | None = None) -> bool:
    """Begin to answer at the conversation's end, or anew at the slot `again_at`; False while another is answered.

    The answers are kept in the conversation once they are whole, whatever becomes of this page.
    """
    conversation_id = chat.ensure()

    def save(answers: tuple[LabelledAnswer, ...]) -> str:
        turn = Turn(question, answers)
        if again_at is None:
            chat.conversations.add(conversation_id, turn)
        else:
            chat.conversations.add_version(conversation_id, again_at, turn)
        try:
            for one in answers:
                chat.collection.count_retrieved([hit.chunk.chunk_id for hit in one.answer.prompt.hits])
        except CollectionError as error:
            return f"The answer is kept, but it was not counted which chunks were used for it: {error}"
        return ""

    return live_turns().start(chat.live_key, LiveTurn(question, runs, save))


def ask_one(
    chat: Chat, choices: Choices, question: str, *, again_at: int | None = None, query: str = "", whatever: bool = False
) -> bool:
    """`ask` for a single answer; `query` is searched for instead of the question where it is given."""
    slot = chat.n_slots() if again_at is None else again_at
    request = replace(request_for(chat, choices, question, slot), query=query, whatever=whatever)
    return ask(chat, question, {"": run_for(chat, choices, request)}, again_at=again_at)


def attempt(chat: Chat, asked: Callable[[], bool], closes: str = "") -> None:
    """Ask from a callback, where nothing can be drawn: what went wrong is kept for `show_problem`.

    Args:
        closes: the key of a popover that has done its part.
    """
    if closes:
        st.session_state[closes] = False
    try:
        if not asked():
            remember_problem(chat, "A question is still being answered here. Wait for it, or stop it.")
    except ExplorerError as error:
        remember_problem(chat, str(error))


def remember_problem(chat: Chat, problem: str) -> None:
    """Have `show_problem` say this in the next run."""
    st.session_state[_problem_key(chat)] = problem


def show_problem(chat: Chat) -> None:
    """What went wrong with the last question, once."""
    if problem := st.session_state.pop(_problem_key(chat), ""):
        st.error(escaped(problem), icon=":material/error:")


def _problem_key(chat: Chat) -> str:
    return f"problem-{chat.collection.uid}"
