"""The story of a question: rewrite -> retrieve -> prompt -> generate -> cite, every step kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from rag.answering.grounding import nearest_sentences, support
from rag.answering.prompt import build_prompt
from rag.answering.prompt_template import PromptTemplate, without_context
from rag.answering.rewriting import rewritten
from rag.answering.types import Answer, Exchange, Support, Timings
from rag.errors import ExplorerError, ModelError, PromptError
from rag.generation.types import Generator, Prompt
from rag.retrieval.retrievers import Retriever
from rag.retrieval.settings import NothingFound, RetrievalSettings, similar_enough
from rag.servers.types import Thought, Usage
from rag.types import Embedder, Hit

_UNFINISHED = "The answer ended before the model said that it was done. What it had written is kept; ask again."
_UNREPORTED = Usage(None, None, "broken")
_NO_PROMPT = Prompt((), (), (), 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and how.

    `query` is searched for instead of the question where it is given; else a question with a `history` is rewritten
    to stand alone, unless `rewrites` is off. `whatever` asks the model even where no passage is similar enough.
    Without `uses_documents` nothing is retrieved: the model answers from what it was trained on.
    """

    question: str
    query: str = ""
    history: tuple[Exchange, ...] = ()
    settings: RetrievalSettings = field(default_factory=RetrievalSettings)
    template: PromptTemplate | None = None
    rewrites: bool = True
    whatever: bool = False
    uses_documents: bool = True


@dataclass(frozen=True, slots=True)
class Equipment:
    """What answers a request; `embedder` compares sentences with the question and with the passages."""

    retriever: Retriever
    embedder: Embedder
    generator: Generator


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that begins now."""

    name: Literal["rewriting", "retrieving", "waiting", "citing"]


Progress = Stage | Thought | str | Answer
"""What is heard of an answer while it is made: steps, pieces of thoughts and of text, and the Answer last."""


def answer_question(request: Request, equipment: Equipment, stop: threading.Event | None = None) -> Iterator[Progress]:
    """Steps and pieces as they come, and last the Answer with everything it was made of.

    A model that fails, or is stopped, ends the answer early: what it wrote is kept, and `problem` says why. Where the
    documents do not cover the question, or it does not fit the window, no model is asked: the Answer's prompt has no
    messages, and `problem` says so.

    Raises:
        CollectionError: the collection cannot be read.
        ModelError: the embedding model cannot be used, or the answering model fails while it rewrites the question.
    """
    making = _Making(request, equipment)
    if request.uses_documents and request.rewrites and request.history and not request.query:
        yield Stage("rewriting")
        making.rewrite(stop)
    try:
        if request.uses_documents:
            yield Stage("retrieving")
            making.retrieve()
        making.write_prompt()
    except (NothingFound, PromptError) as error:
        making.problem, making.usage = str(error), Usage(None, None, "finished")
        yield making.answer()
        return
    yield Stage("waiting")
    yield from making.stream(stop)
    yield Stage("citing")
    making.cite()
    yield making.answer()


def answer_or_problem(
    request: Request, model: str, prepare: Callable[[], Equipment], stop: threading.Event | None = None
) -> Iterator[Progress]:
    """`answer_question`, but what could not be had is told by the Answer's `problem`, so that no question is lost.

    Args:
        model: the answering model's name, where it could not even be loaded.
        prepare: loads what answers.
    """
    try:
        yield from answer_question(request, prepare(), stop)
    except ExplorerError as error:
        yield unanswered(request, model, str(error))


def unanswered(request: Request, model: str, problem: str) -> Answer:
    """The Answer where nothing could be asked; `problem` is the sentence that says why."""
    return Answer(
        request.question, request.query or request.question, (), _NO_PROMPT, "", (), model, _UNREPORTED,
        Timings(), problem=problem, settings=request.settings, asked_at=_now(),
    )  # fmt: skip


@dataclass(slots=True)
class _Making:
    """An answer in the making: what each step adds to it."""

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

    def write_prompt(self) -> None:
        """Raises NothingFound and PromptError."""
        request, generator = self.request, self.equipment.generator
        hits, template = self.hits, request.template
        if not request.uses_documents:
            template = without_context(generator.style)
        elif not request.whatever:
            hits = similar_enough(hits, request.settings.minimum or -1.0)
        self.prompt = prompt_for(replace(request, query=self.query), hits, self.equipment, template)

    def stream(self, stop: threading.Event | None) -> Iterator[str | Thought]:
        """Pieces as the model writes them; a model that fails leaves its problem."""
        started = time.perf_counter()
        try:
            for piece in self.equipment.generator.stream(self.prompt, stop):
                if isinstance(piece, Usage):
                    self.usage = piece
                    continue
                if self.timings.first_token is None:
                    self.timings = replace(self.timings, first_token=time.perf_counter() - started)
                (self.thoughts if isinstance(piece, Thought) else self.pieces).append(_text_of(piece))
                yield piece
        except ModelError as error:
            self.problem = str(error)
        if self.usage.ending == "broken":
            self.problem = self.problem or _UNFINISHED
        waited = self.timings.first_token or 0.0
        self.timings = replace(self.timings, writing=time.perf_counter() - started - waited)

    def cite(self) -> None:
        """Hold the sentences against the passages, and say where the server has cut the prompt."""
        if self.request.uses_documents:
            started = time.perf_counter()
            try:
                self.supports = support("".join(self.pieces).strip(), self.prompt.hits, self.equipment.embedder)
                self.vector = tuple(self.equipment.embedder.encode_queries([self.query])[0].tolist())
            except ModelError as error:
                # The embedding model may be a server's, and gone by now: the answer is kept without its sources.
                self.notes.append(f"The sentences were not held against the passages. {error}")
            self.timings = replace(self.timings, citing=time.perf_counter() - started)
        if self.usage.was_cut:
            self.notes.append(
                f"The server read {self.usage.prompt_tokens:,} tokens of a prompt of about {self.prompt.n_tokens:,}: "
                "it has cut it. Choose fewer passages, or a larger context window."
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


def prompt_for(request: Request, hits: Sequence[Hit], equipment: Equipment, template: PromptTemplate | None) -> Prompt:
    """The prompt with these hits, as the model wants it. Raises PromptError where it does not fit."""
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
    """What the model answers with these passages and no others. Raises PromptError and ModelError."""
    prompt = prompt_for(request, hits, equipment, request.template)
    return "".join(piece for piece in equipment.generator.stream(prompt) if isinstance(piece, str)).strip()


def _text_of(piece: str | Thought) -> str:
    return piece.text if isinstance(piece, Thought) else piece


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
