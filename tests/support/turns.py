"""Turns of a conversation: small ones, complete ones, and randomly generated ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from rag.answering.types import Answer, Contradiction, Dependence, LabelledAnswer, Support, Timings, Turn
from rag.generation.types import Prompt, PromptParts
from rag.retrieval.settings import RetrievalSettings
from rag.servers.types import Message, Usage
from rag.types import Chunk, Finding, Hit


def made_hit(rank: int, text: str, *, name: str = "owls.md", page: int | None = None, chunk_id: int = 1) -> Hit:
    chunk = Chunk("id of owls", 0, len(text), text, 9, page, "Birds > Owls", (("topic", "Birds"),), chunk_id)
    return Hit(chunk, name, 0.75 / rank, rank, (Finding("dense", rank, 0.75 / rank),))


def made_answer(question: str, text: str = "Owls hunt at night. They read books.") -> Answer:
    """Two sentences, the first supported by the first of two passages; a third passage did not fit."""
    hits = (made_hit(1, "Owls hunt at night.", page=3), made_hit(2, "Ships sail."), made_hit(3, "Moles dig."))
    messages = (Message("system", "Answer."), Message("user", f"[1] Owls hunt at night.\n\n{question}\r\n\0"))
    end = text.find(".") + 1
    supports = (
        Support(0, end, "supported", (0.9, 0.1), 1, (0, 19)),
        Support(end, len(text), "unsupported", (0.2, 0.3), 0, (0, 5), ("31",)),
    )
    return Answer(
        question,
        "owls at night",
        hits,
        Prompt(messages, hits[:2], hits[2:], 40, 4096, 256, PromptParts(5, 0, 30, 5), 2, False),
        text,
        supports if end else (),
        "ollama:gemma3:270m",
        Usage(41, 9, "finished", 0.5, 0.25, 1.5),
        Timings(0.1, 0.2, 0.3, 0.4, 0.5),
        thoughts="Hm.",
        notes=("A note.",),
        query_vector=tuple(np.random.default_rng(1).standard_normal(16).astype(np.float32).tolist()),
        settings=RetrievalSettings(3, "hybrid", 0.2, ("owls.md",), 0.5, 900),
        temperature=0.7,
        asked_at="2026-11-20T10:00:00+00:00",
        dependences=(Dependence(1, "Ships sail.", (0,)),) if end else (),
    )


def made_turn(question: str = "When do owls hunt?", text: str = "Owls hunt at night. They read books.") -> Turn:
    return Turn(question, (LabelledAnswer("", made_answer(question, text)),))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**53)
SECONDS = st.none() | NUMBERS


@st.composite
def _hits(draw: st.DrawFn) -> Hit:
    text = draw(TEXTS)
    start = draw(st.integers(0, 10**6))
    fields = draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple))
    page = draw(st.none() | st.integers(1, 99))
    chunk = Chunk(draw(TEXTS), start, start + len(text), text, draw(COUNTS), page, draw(TEXTS), fields, draw(COUNTS))
    found = st.builds(Finding, TEXTS, COUNTS, NUMBERS)
    return Hit(chunk, draw(TEXTS), draw(NUMBERS), draw(COUNTS), draw(st.lists(found, max_size=2).map(tuple)), text[:3])


@st.composite
def _supports(draw: st.DrawFn, start: int, end: int, hits: tuple[Hit, ...]) -> Support:
    alike = ["supported", "altered"] if hits else []
    verdict = draw(st.sampled_from([*alike, "unsupported", "unchecked"]))
    number = draw(st.integers(1, len(hits))) if verdict in alike else 0
    kinds = st.sampled_from(["negation", "name", "opposite", "unit", "number", "order"])
    differences = st.lists(st.builds(Contradiction, kinds, TEXTS, TEXTS), min_size=1, max_size=2).map(tuple)
    contradictions = draw(differences) if verdict == "altered" else ()
    passage = (0, len(hits[number - 1].chunk.text)) if number else (0, 0)
    scores = tuple(draw(NUMBERS) for _ in hits)
    return Support(
        start, end, verdict, scores, number, passage, tuple(draw(st.lists(TEXTS, max_size=2))), contradictions
    )


@st.composite
def _answers(draw: st.DrawFn) -> Answer:
    hits = tuple(draw(st.lists(_hits(), max_size=4)))
    n_shown = draw(st.integers(0, len(hits)))
    shown = tuple(replace(hit, excerpt=draw(TEXTS)) for hit in hits[:n_shown])
    parts = PromptParts(*(draw(COUNTS) for _ in range(4)))
    messages = draw(st.lists(st.builds(Message, TEXTS, TEXTS), max_size=3).map(tuple))
    counts = [draw(COUNTS) for _ in range(3)]
    prompt = Prompt(messages, shown, hits[n_shown:], *counts, parts, draw(COUNTS), draw(st.booleans()))
    text = draw(TEXTS)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    supports = tuple(draw(_supports(start, end, shown)) for start, end in spans)
    dependences = tuple(
        Dependence(number, draw(TEXTS), tuple(range(len(supports)))) for number in range(1, len(shown) + 1)
    )
    width = draw(st.sampled_from([32, 64]))
    floats = st.floats(allow_nan=False, allow_infinity=False, width=width)
    ending = draw(st.sampled_from(["finished", "length", "stopped", "broken"]))
    usage = Usage(draw(st.none() | COUNTS), draw(st.none() | COUNTS), ending, *(draw(SECONDS) for _ in range(3)))
    return Answer(
        draw(TEXTS), draw(TEXTS), hits, prompt, text, supports, draw(TEXTS), usage,
        Timings(draw(NUMBERS), draw(NUMBERS), draw(SECONDS), draw(NUMBERS), draw(NUMBERS)), draw(TEXTS), draw(TEXTS),
        tuple(draw(st.lists(TEXTS, max_size=2))), tuple(draw(st.lists(floats, max_size=5))),
        RetrievalSettings(draw(st.integers(1, 99)), draw(st.sampled_from(["dense", "hybrid", "keyword"]))),
        draw(NUMBERS), draw(st.just("") | st.datetimes().map(lambda at: f"{at.isoformat()}+00:00")), dependences,
    )  # fmt: skip


@st.composite
def any_turns(draw: st.DrawFn) -> Turn:
    """A random turn: any part of it may be filled or empty."""
    answers = tuple(draw(st.lists(st.builds(LabelledAnswer, TEXTS, _answers()), max_size=2)))
    versions = draw(st.integers(1, 9))
    place = (draw(st.integers(0, 99)), draw(st.integers(1, versions)), versions, draw(COUNTS))
    return Turn(draw(TEXTS), answers, *place)
