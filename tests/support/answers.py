"""Finished answers, made without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.answering.types import Answer, Dependence, LabelledAnswer, Support, Timings, Turn
from rag.generation.types import Prompt, PromptParts
from rag.servers.types import Message, Usage
from rag.types import Chunk, Finding, Hit

PASSAGES = (
    "Full-time staff have 29 days of paid leave.\nUnused days lapse in March.",
    "Leave is asked for two weeks ahead.",
    "The canteen opens at noon.",
)


def made_hits(texts: Sequence[str] = PASSAGES, document: str = "handbook.md") -> tuple[Hit, ...]:
    """A hit for each text, found by meaning, every second one also by its words."""
    return tuple(
        Hit(
            Chunk(f"id of {document}", 100 * i, 100 * i + len(text), text, 12, page=i, heading="Leave", chunk_id=i),
            document,
            0.9 - 0.2 * i,
            i,
            (Finding("dense", i, 0.9 - 0.2 * i), *((Finding("keyword", 1, 7.25),) if i % 2 == 0 else ())),
        )
        for i, text in enumerate(texts, start=1)
    )


def made_answer(texts: Sequence[str] = PASSAGES, document: str = "handbook.md", **changes: object) -> Answer:
    """Three passages found, two of them shown; one sentence supported, one unsupported, one that cannot be checked."""
    hits = made_hits(texts, document)
    text = "You have 29 days. They never lapse in 2031. Good luck!"
    answer = Answer(
        question="And how many days of leave?",
        query="How many days of paid leave do full-time staff have?",
        hits=hits,
        prompt=Prompt(
            messages=(
                Message("system", "Answer from the passages.\n<b>Only</b> from them."),
                Message("user", f"[1] {texts[0]}\n\n[2] {texts[1]}\n\nAnd how many days of leave?"),
            ),
            hits=hits[:2],
            left_out=hits[2:],
            n_tokens=310,
            context_window=1024,
            max_answer_tokens=256,
            parts=PromptParts(40, 60, 190, 20),
            history_left_out=2,
        ),
        text=text,
        supports=(
            Support(0, 17, "supported", (0.81, 0.24), 1, (0, len(texts[0].partition("\n")[0]))),
            Support(18, 43, "unsupported", (0.41, 0.1), missing=("2031",)),
            Support(44, 54, "unchecked", (0.05, 0.02)),
        ),
        model="ollama:gemma3:270m",
        usage=Usage(310, 14, "finished", answer_seconds=0.5),
        timings=Timings(0.4, 0.05, 1.2, 0.55, 0.1),
        notes=("Counted are passages, not documents.",),
        query_vector=(1.0, 0.0),
        asked_at="2026-11-25T10:00:00Z",
        dependences=(Dependence(1, "I do not know.", (0, 1)), Dependence(2, text, ())),
    )
    return replace(answer, **changes)


def made_turn(*answers: Answer) -> Turn:
    """A question with one answer, or with several that have labels."""
    labels = [""] if len(answers) == 1 else [f"setting {i}" for i in range(1, len(answers) + 1)]
    shown = tuple(LabelledAnswer(label, one) for label, one in zip(labels, answers, strict=True))
    return Turn(answers[0].question, shown)
