"""The story of a question: retrieve -> prompt -> generate -> cite, every step kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol

from rag import config
from rag.chat_types import Answer, Generator, Usage
from rag.grounding import cite, nearest_sentences
from rag.prompting import build_prompt
from rag.retrieval_settings import similar_enough
from rag.types import Embedder, Hit


class Retriever(Protocol):
    """Finds chunks for a query."""

    def retrieve(self, query: str, k: int) -> tuple[Hit, ...]:
        """At most k hits, best first."""


def answer_question(
    question: str,
    *,
    retriever: Retriever,
    embedder: Embedder,
    generator: Generator,
    k: int,
    minimum: float | None = None,
) -> Iterator[str | Answer]:
    """Pieces of the answer as they are written, and last the Answer with everything it was made of.

    Args:
        embedder: compares sentences with the question (for a tiny model) and with the answer (for the citations).
        minimum: the smallest similarity of a hit that is given to the model; None asks the model in any case.

    Raises:
        NothingFound: no hit reaches the minimum; no model is asked.
        PromptError: the question does not fit the model's context window.
        ModelError: the model cannot be reached or breaks off.
    """
    started = time.perf_counter()
    hits = retriever.retrieve(question, k)
    if minimum is not None:
        hits = similar_enough(hits, minimum)
    prompt = build_prompt(
        question,
        nearest_sentences(question, hits, embedder) if generator.is_tiny else hits,
        context_window=generator.context_window,
        count_tokens=generator.count_tokens,
        is_tiny=generator.is_tiny,
        max_answer_tokens=config.MAX_TINY_ANSWER_TOKENS if generator.is_tiny else config.MAX_ANSWER_TOKENS,
    )
    pieces: list[str] = []
    usage = Usage(None, None, "broken")
    for piece in generator.stream(prompt):
        if isinstance(piece, Usage):
            usage = piece
        else:
            pieces.append(piece)
            yield piece
    text = "".join(pieces).strip()
    citations = cite(text, prompt.hits, embedder)
    yield Answer(question, hits, prompt, text, citations, generator.name, usage, time.perf_counter() - started)
