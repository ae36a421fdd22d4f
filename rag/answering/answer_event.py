"""What the event log says of an answer: figures, without any of its texts."""

from __future__ import annotations

from rag.answering.types import Answer
from rag.runtime.events import QuestionAnswered


def answer_event(answer: Answer, collection: str) -> QuestionAnswered:
    """The event of an answer; `collection` is the id of the collection."""
    timings = answer.timings
    return QuestionAnswered(
        collection=collection,
        model=answer.model,
        passages=len(answer.prompt.hits),
        prompt_tokens=answer.usage.prompt_tokens,
        answer_tokens=answer.usage.answer_tokens,
        ending=answer.usage.ending,
        has_problem=bool(answer.problem),
        rewriting_seconds=timings.rewriting,
        retrieval_seconds=timings.retrieval,
        first_token_seconds=timings.first_token,
        writing_seconds=timings.writing,
        citing_seconds=timings.citing,
    )
