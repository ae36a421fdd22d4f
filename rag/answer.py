"""Answer a question in five steps: rewrite, retrieve, build the prompt, generate, cite. Each step is recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from rag.answering.grounding import nearest_sentences, support
from rag.answering.prompt import build_prompt
from rag.answering.prompt_template import PromptTemplate, without_context
from rag.answering.rewriting import rewritten
from rag.answering.types import Answer, Exchange, Support, Timings
from rag.errors import ModelError, PromptError
from rag.generation.types import Generator, Prompt
from rag.retrieval.retrievers import Retriever
from rag.retrieval.settings import NothingFound, RetrievalSettings, similar_enough
from rag.servers.types import Thought, Usage
from rag.types import Embedder, Hit


def answer_question(request: Request, equipment: Equipment, stop: threading.Event | None = None) -> Iterator[Progress]:
    """Answer a question; yields each step as it begins, the pieces of the text, and the Answer last.

    A model that fails, or that `stop` interrupts, ends the answer early: the text so far is kept, and `problem` says
    what went wrong. If the documents do not cover the question, or the question does not fit the context window, no
    model is asked: the Answer's prompt has no messages, and `problem` gives the reason.

    Raises:
        CollectionError: the collection cannot be read.
        ModelError: the embedding model fails, or the answering model fails while it rewrites the question.
    """
    draft = _Draft(request, equipment)
    if request.needs_rewriting:
        yield Stage("rewriting")
        draft.rewrite(stop)
    try:
        if request.uses_documents:
            yield Stage("retrieving")
            draft.retrieve()
            yield Found(draft.hits)
        draft.build_prompt()
    except (NothingFound, PromptError) as error:
        draft.end_without_model(str(error))
        yield draft.answer()
        return
    yield Stage("waiting")
    yield from draft.generate(stop)
    yield Stage("citing")
    draft.cite()
    yield draft.answer()


@dataclass(frozen=True, slots=True)
class Request:
    """A question and how to answer it.

    Attributes:
        query: the text to search for instead of the question. If empty, the question itself is searched for, or a
            follow-up question as the model rewrites it.
        history: the earlier questions and answers of the conversation, oldest first.
        template: the wording of the prompt; None for the default.
        rewrites: whether a follow-up question (one with a `history`) is rewritten before the search.
        ignore_minimum: ask the model even if no passage reaches the minimum similarity.
        uses_documents: whether to retrieve passages. If false, the model answers from its training alone.
    """

    question: str
    query: str = ""
    history: tuple[Exchange, ...] = ()
    settings: RetrievalSettings = field(default_factory=RetrievalSettings)
    template: PromptTemplate | None = None
    rewrites: bool = True
    ignore_minimum: bool = False
    uses_documents: bool = True

    @property
    def needs_rewriting(self) -> bool:
        """Whether this is a follow-up question whose search query has to be written first."""
        return self.uses_documents and self.rewrites and bool(self.history) and not self.query


@dataclass(frozen=True, slots=True)
class Equipment:
    """What answers a request: retriever, embedding model and answering model.

    The `embedder` compares the answer's sentences with the passages, and the passages' sentences with the question.
    """

    retriever: Retriever
    embedder: Embedder
    generator: Generator


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that begins; "waiting" is the wait for the model's first token."""

    name: Literal["rewriting", "retrieving", "waiting", "citing"]


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that the search found, before the model has read them."""

    hits: tuple[Hit, ...]


Progress = Stage | Found | Thought | str | Answer
"""What `answer_question` yields: steps, the passages found, pieces of the model's reasoning and of its text, and the
Answer last."""

_UNFINISHED = "The answer ended before the model had finished. The text so far is kept. Ask again."
_UNREPORTED = Usage(None, None, "broken")
_NO_PROMPT = Prompt((), (), (), 0, 0, 0)


@dataclass(slots=True)
class _Draft:
    """An unfinished answer. Each method is one step and adds its results."""

    request: Request
    equipment: Equipment
    query: str = ""
    notes: list[str] = field(default_factory=list)
    hits: tuple[Hit, ...] = ()
    prompt: Prompt = _NO_PROMPT
    pieces: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    usage: Usage = _UNREPORTED
    problem: str = ""
    supports: tuple[Support, ...] = ()
    vector: tuple[float, ...] = ()
    timings: Timings = field(default_factory=Timings)

    def __post_init__(self) -> None:
        self.query = self.request.query or self.request.question

    def rewrite(self, stop: threading.Event | None) -> None:
        started = time.perf_counter()
        rewriting = rewritten(self.request.question, self.request.history, self.equipment.generator, stop)
        self.query, self.notes = rewriting.query, [rewriting.note] if rewriting.note else []
        self.timings = replace(self.timings, rewriting=time.perf_counter() - started)

    def retrieve(self) -> None:
        started = time.perf_counter()
        self.hits = self.equipment.retriever.retrieve(self.query, self.request.settings.k)
        self.timings = replace(self.timings, retrieval=time.perf_counter() - started)

    def build_prompt(self) -> None:
        """Raises NothingFound if no hit reaches the minimum similarity, PromptError if the question does not fit."""
        request, generator = self.request, self.equipment.generator
        hits, template = self.hits, request.template
        if not request.uses_documents:
            template = without_context(generator.style)
        elif not request.ignore_minimum:
            hits = similar_enough(hits, request.settings.minimum or -1.0)
        self.prompt = prompt_for(replace(request, query=self.query), hits, self.equipment, template)

    def end_without_model(self, problem: str) -> None:
        self.problem, self.usage = problem, Usage(None, None, "finished")

    def generate(self, stop: threading.Event | None) -> Iterator[str | Thought]:
        """Yield pieces as the model writes them; if it fails, the reason is kept as `problem`."""
        started = time.perf_counter()
        try:
            for piece in self.equipment.generator.stream(self.prompt, stop):
                if isinstance(piece, Usage):
                    self.usage = piece
                    continue
                if self.timings.first_token is None:
                    self.timings = replace(self.timings, first_token=time.perf_counter() - started)
                if isinstance(piece, Thought):
                    if piece.covers_text:
                        self.thoughts, self.pieces = [*self.thoughts, *self.pieces], []
                    self.thoughts.append(piece.text)
                else:
                    self.pieces.append(piece)
                yield piece
        except ModelError as error:
            self.problem = str(error)
        if self.usage.ending == "broken":
            self.problem = self.problem or _UNFINISHED
        waited = self.timings.first_token or 0.0
        self.timings = replace(self.timings, writing=time.perf_counter() - started - waited)

    def cite(self) -> None:
        """Check each sentence against the passages, and add a note if the server cut the prompt."""
        if self.request.uses_documents:
            started = time.perf_counter()
            try:
                text = "".join(self.pieces).strip()
                self.supports = support(text, self.prompt.hits, self.equipment.embedder, self.request.question)
                self.vector = tuple(self.equipment.embedder.encode_queries([self.query])[0].tolist())
            except ModelError as error:
                # The embedding model may run on a server that has stopped since: keep the answer without its sources.
                self.notes.append(f"The sentences could not be checked against the sources. {error}")
            self.timings = replace(self.timings, citing=time.perf_counter() - started)
        if self.usage.was_cut:
            self.notes.append(
                f"The server read only {self.usage.prompt_tokens:,} of the prompt's tokens (about "
                f"{self.prompt.n_tokens:,}) and cut the rest. Choose fewer passages or a larger context window."
            )

    def answer(self) -> Answer:
        return Answer(
            question=self.request.question,
            query=self.query,
            hits=self.hits,
            prompt=self.prompt,
            text="".join(self.pieces).strip(),
            supports=self.supports,
            model=self.equipment.generator.name,
            usage=self.usage,
            timings=self.timings,
            thoughts="".join(self.thoughts).strip(),
            problem=self.problem,
            notes=tuple(self.notes),
            query_vector=self.vector,
            settings=self.request.settings,
            temperature=self.equipment.generator.temperature,
            asked_at=_now(),
        )


def unanswered(request: Request, model: str, problem: str) -> Answer:
    """The Answer to a question that could not be asked.

    Args:
        model: the name of the answering model, which may not have been loaded.
        problem: the reason, as a sentence.
    """
    return Answer(
        request.question, request.query or request.question, (), _NO_PROMPT, "", (), model, _UNREPORTED,
        Timings(), problem=problem, settings=request.settings, asked_at=_now(),
    )  # fmt: skip


def prompt_for(request: Request, hits: Sequence[Hit], equipment: Equipment, template: PromptTemplate | None) -> Prompt:
    """The prompt with these hits in the style of the answering model. Raises PromptError if it does not fit."""
    generator, query = equipment.generator, request.query or request.question
    return build_prompt(
        request.question,
        nearest_sentences(query, hits, equipment.embedder) if generator.style == "tiny" else hits,
        context_window=generator.context_window,
        max_answer_tokens=generator.max_answer_tokens,
        count_tokens=generator.count_tokens,
        style=generator.style,
        template=template,
        history=request.history,
        budget=request.settings.budget,
        is_exact=generator.counts_exactly,
    )


def text_with(request: Request, hits: Sequence[Hit], equipment: Equipment) -> str:
    """The model's text for a prompt with these passages, whole and without thoughts.

    Raises:
        PromptError: the prompt does not fit into the context window.
        ModelError: the model fails.
    """
    prompt = prompt_for(request, hits, equipment, request.template)
    return "".join(piece for piece in equipment.generator.stream(prompt) if isinstance(piece, str)).strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
