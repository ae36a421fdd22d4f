"""Asking a question from the Chat page: the question with its settings, and the one call that begins its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from pages.shared.chat.state import Chat
from pages.shared.session.resources import embedder, generator, live_turns
from pages.shared.session.samples import SAMPLE
from pages.shared.widgets.common import escaped
from pages.shared.widgets.retrieval_settings import retriever_for
from rag import config
from rag.answer import Equipment, Request
from rag.answering.prompt_template import PromptTemplate
from rag.answering.types import Answer, LabelledAnswer, Turn
from rag.conversations.answer_run import AnswerRun, KeptAnswer
from rag.conversations.draft import TurnDraft
from rag.conversations.live import LiveTurn
from rag.conversations.recordings import RECORDED
from rag.errors import CollectionError, ExplorerError
from rag.generation.late import LateGenerator
from rag.generation.types import AnsweringOptions
from rag.retrieval.settings import RetrievalSettings


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """The sidebar's settings for the next answer.

    Attributes:
        chunk_ids: the chunks to search in; None for all.
        template: the wording of the prompt; None for the default.
        rewrites: whether follow-up questions are rewritten before the search.
    """

    model: str
    options: AnsweringOptions
    retrieval: RetrievalSettings
    chunk_ids: frozenset[int] | None
    template: PromptTemplate | None
    rewrites: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, how it is answered, and where the answer is shown and stored.

    Attributes:
        slot: the place in the conversation, from 0; None for its end. What is before it is the question's history.
        query: the text to search for instead of the question; empty for none.
        ignore_minimum: ask the model even if no passage reaches the minimum similarity.
        uses_documents: whether to retrieve passages.
    """

    chat: Chat
    settings: AnswerSettings
    text: str
    slot: int | None = None
    query: str = ""
    ignore_minimum: bool = False
    uses_documents: bool = True

    def request(self) -> Request:
        """The question as `rag.answer.answer_question` takes it."""
        return Request(
            self.text,
            query=self.query,
            history=self.chat.history(self.chat.n_slots() if self.slot is None else self.slot),
            settings=self.settings.retrieval,
            template=self.settings.template,
            rewrites=self.settings.rewrites,
            ignore_minimum=self.ignore_minimum,
            uses_documents=self.uses_documents,
        )

    def prepare_equipment(self) -> Callable[[], Equipment]:
        """Load the retriever and the embedding model. The answering model is loaded when it is first used, so that the
        passages are found before."""
        collection, settings = self.chat.collection, self.settings
        retriever = retriever_for(collection, settings.retrieval, settings.chunk_ids)
        embedding_model = embedder(collection.spec.embedding.model_id)

        def load() -> Equipment:
            hosts = (config.ollama_host(), config.openai_url())
            answering = LateGenerator(settings.model, lambda: generator(settings.model, hosts, settings.options))
            return Equipment(retriever, embedding_model, answering)

        return load

    def run(self) -> AnswerRun:
        """The run that makes the answer, in the thread that calls it."""
        collection, model = self.chat.collection, self.settings.model
        return AnswerRun(
            self.request(),
            model,
            None if model == RECORDED else self.prepare_equipment(),
            collection,
            searches_all=self.settings.chunk_ids is None,
            has_recordings=collection.spec.name == SAMPLE,
        )


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn on the page, with the settings that another answer to its question would use."""

    chat: Chat
    settings: AnswerSettings
    turn: Turn

    @property
    def key_prefix(self) -> str:
        """What the keys of this turn's widgets begin with."""
        return f"{self.chat.key_prefix}-{self.turn.turn_id}"

    @property
    def answer(self) -> Answer:
        """The answer, or the first of several side by side."""
        return self.turn.answers[0].answer

    @property
    def question(self) -> Question:
        """The turn's question, to be answered again in the same place."""
        return Question(self.chat, self.settings, self.turn.question, slot=self.turn.slot)


def ask(question: Question, side_by_side: Mapping[str, Question | Answer] | None = None) -> None:
    """Begin to answer a question; `show_problem` shows in the next run what went wrong. Called from callbacks.

    The question is stored at once. A thread for each answer writes it; its words so far are stored every few seconds,
    and the answers when all are complete, even if this page is closed.
    The turn is a new version of the question's slot, or comes at the end of the conversation.

    Args:
        side_by_side: variants of the question by the label of their answer, to be answered at once in one turn at the
            end of the conversation; an answer that is there already is shown next to them. None to answer the question
            itself.
    """
    chat = question.chat
    with problems_shown_later(chat):
        live_turns().require_few()
        variants = side_by_side or {"": question}
        kept = {label: one for label, one in variants.items() if isinstance(one, Answer)}
        runs = {
            label: KeptAnswer(question.request(), one) if isinstance(one, Answer) else one.run()
            for label, one in variants.items()
        }
        conversation_id, slot = chat.ensure(), None if side_by_side else question.slot

        draft = TurnDraft(chat.conversations, conversation_id, slot, question.text, runs)

        def save(answers: tuple[LabelledAnswer, ...]) -> str:
            draft.finish(answers)
            return _count_retrieved(chat, [one.answer for one in answers if one.label not in kept])

        if not live_turns().start(chat.live_key, LiveTurn(question.text, runs, save, draft)):
            remember_problem(chat, "Another question is still being answered here. Wait for it or stop it.")


def _count_retrieved(chat: Chat, answers: Sequence[Answer]) -> str:
    """Count the chunks that the models were shown; returns the problem as a sentence, or an empty text."""
    try:
        for one in answers:
            chat.collection.count_retrieved([hit.chunk.chunk_id for hit in one.prompt.hits])
    except CollectionError as error:
        return f"The answer is stored, but the use of its chunks could not be counted: {error}"
    return ""


@contextmanager
def problems_shown_later(chat: Chat) -> Iterator[None]:
    """Keep an ExplorerError for `show_problem`: a callback runs before the page and cannot draw."""
    try:
        yield
    except ExplorerError as error:
        remember_problem(chat, str(error))


def remember_problem(chat: Chat, problem: str) -> None:
    """Let `show_problem` show this sentence in the next run."""
    st.session_state[_problem_key(chat)] = problem


def show_problem(chat: Chat) -> None:
    """Show once what went wrong with the last question."""
    if problem := st.session_state.pop(_problem_key(chat), ""):
        st.error(escaped(problem), icon=":material/error:")


def _problem_key(chat: Chat) -> str:
    return f"problem-{chat.collection.uid}"
