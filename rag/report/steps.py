"""List the six steps from a question to its cited answer, as plain data that the Chat page and the report both draw.

A step is a title, one sentence, the seconds it took, and blocks: notes, texts, tables, shares, a map, a matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rag.answering.grounding import groundedness
from rag.answering.types import Answer
from rag.report.answer_map import AnswerMap
from rag.report.figures import (
    RETRIEVER_NAMES,
    Share,
    all_hits,
    dependence_sentence,
    ending_sentence,
    excerpt_sentence,
    finding,
    format_seconds,
    found_by,
    found_sentence,
    left_out_sentences,
    place_of,
    prompt_numbers,
    prompt_position,
    query_sentence,
    reading_sentence,
    retrievers,
    similarity,
    source,
    time_shares,
    tokens_per_second,
    verdict_sentences,
    was_searched,
    window_sentence,
    window_shares,
)
from rag.types import Hit

_MAP_SENTENCE = (
    "Points close together mean similar things. The star is the question; lines lead to the retrieved passages, "
    "numbered as in the prompt."
)
_MATRIX_LEGEND = (
    "Rows are the answer's sentences, columns the passages in the prompt. Numbers are cosine similarities: 1 = same "
    "meaning. Bright is similar, dark is not. The cited passage has a frame."
)


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence by the app about the answer."""

    kind: ClassVar[str] = "note"
    text: str
    importance: Literal["quiet", "info", "warning"] = "quiet"


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A text exactly as it was written, under a label ("" for none); `is_folded` shows only the label at first."""

    kind: ClassVar[str] = "verbatim"
    label: str
    text: str
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """The question asked or the query searched for, under a label ("" for none)."""

    kind: ClassVar[str] = "query"
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionMap:
    """The question and its passages on the collection's map; None if no map has been computed."""

    kind: ClassVar[str] = "question_map"
    drawn: AnswerMap | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: names, whole numbers, scores (two decimals) or similarities (two decimals, up to 1)."""

    name: str
    holds: Literal["text", "count", "score", "similarity"] = "text"


Cell = str | int | float | None
"""A value of a table; None if it has none there."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with one cell for each column."""

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """The text of a retrieved passage.

    `number` is its number in the prompt, 0 if it is not in the prompt; `position` is that as text (`prompt_position`).
    `excerpt` is the part that the model was shown; "" if that was the whole text.
    """

    number: int
    position: str
    source: str
    text: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Passages:
    """The texts of the retrieved passages."""

    kind: ClassVar[str] = "passages"
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """The parts of a whole, for one bar with a legend; `title` says what the whole is."""

    kind: ClassVar[str] = "shares"
    title: str
    parts: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value, both as text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts in one row."""

    kind: ClassVar[str] = "facts"
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class SupportMatrix:
    """Cosine similarity of each sentence of the answer (a row) to each passage in the prompt (a column).

    `sentences` begin with their number, so that no two are equal. `cited` is the number of the passage that supports
    each sentence, from 1; 0 if none does.
    """

    kind: ClassVar[str] = "matrix"
    sentences: tuple[str, ...]
    scores: tuple[tuple[float, ...], ...]
    cited: tuple[int, ...]
    legend: str


Block = Note | Verbatim | Query | QuestionMap | Table | Passages | Shares | Facts | SupportMatrix
"""A part of a step. `kind` is the name of the template macro that draws it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an answer; `number` counts from 1, `seconds` is 0 if no time was measured."""

    number: int
    title: str
    sentence: str
    seconds: float
    blocks: tuple[Block, ...]


def answer_steps(answer: Answer, drawn: AnswerMap | None, *, model_label: str) -> tuple[Step, ...]:
    """The six steps of an answer; everything but the map comes from the answer itself.

    Args:
        drawn: the answer on its collection's map; None without a map.
        model_label: the name to show for the model.
    """
    timings, searched = answer.timings, was_searched(answer)
    position = _MAP_SENTENCE if searched else "The question has no position: no search was made."
    writing = (timings.first_token or 0.0) + timings.writing
    steps = (
        ("Question", query_sentence(answer), timings.rewriting, _question(answer)),
        ("Position on the map", position, 0.0, _position(drawn) if searched else ()),
        ("Retrieved passages", found_sentence(answer), timings.retrieval, _passages(answer)),
        ("Prompt sent to the model", window_sentence(answer.prompt), 0.0, _prompt(answer)),
        ("Generating the answer", ending_sentence(answer), writing, _generation(answer, model_label)),
        ("Source of each sentence", groundedness(answer.supports).sentence, timings.citing, _sources(answer)),
    )
    return tuple(Step(number, *step) for number, step in enumerate(steps, start=1))


def _question(answer: Answer) -> tuple[Block, ...]:
    notes = (Note(note, "info") for note in answer.notes)
    if answer.query == answer.question:
        return (Query("", answer.question), *notes)
    return (Query("Asked:", answer.question), Query("Searched for:", answer.query), *notes)


def _position(drawn: AnswerMap | None) -> tuple[Block, ...]:
    """The map, unless neither the question nor a passage is on it."""
    if drawn is None:
        return (QuestionMap(None),)
    notes = tuple(Note(note, "info") for note in drawn.notes())
    return (QuestionMap(drawn), *notes) if drawn.star or drawn.hits else notes


def _passages(answer: Answer) -> tuple[Block, ...]:
    hits = all_hits(answer)
    if not hits:
        return ()
    weighing = (Note(hits[0].weighing),) if hits[0].weighing else ()
    by_label = tuple(Note(found_by(hit)) for hit in hits if hit.label)
    return (*weighing, *by_label, _hit_table(answer, hits), _passage_texts(answer, hits))


def _hit_table(answer: Answer, hits: Sequence[Hit]) -> Table:
    """A row for each hit, with its rank and score by each retriever that found one of them."""
    found_by = retrievers(hits)
    columns = [Column("in the prompt"), Column("similarity", "similarity"), Column("document"), Column("place")]
    for retriever in found_by:
        name = RETRIEVER_NAMES.get(retriever, retriever)
        columns += [Column(f"{name}: rank", "count"), Column(f"{name}: score", "score")]
    rows = []
    for hit in hits:
        row: list[Cell] = [prompt_position(answer, hit), similarity(hit), hit.document_name, _bare_place(hit)]
        for retriever in found_by:
            found = finding(hit, retriever)
            row += [found.rank, found.score] if found else [None, None]
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))


def _bare_place(hit: Hit) -> str:
    """Page and heading without the comma or dot that would follow a document's name."""
    return place_of(hit.chunk).lstrip(", ·")


def _passage_texts(answer: Answer, hits: Sequence[Hit]) -> Passages:
    numbers = prompt_numbers(answer)
    return Passages(
        tuple(
            Passage(numbers.get(hit.chunk, 0), prompt_position(answer, hit), source(hit), hit.chunk.text, hit.excerpt)
            for hit in hits
        )
    )


def _prompt(answer: Answer) -> tuple[Block, ...]:
    prompt = answer.prompt
    if not prompt.messages:
        return ()
    blocks: list[Block] = [Shares("What fills the context window", window_shares(prompt))]
    if chosen := excerpt_sentence(answer):
        blocks.append(Note(chosen, "info"))
    if left_out := left_out_sentences(prompt, answer.settings.budget):
        blocks.append(Note(" ".join(left_out), "info"))
    if reading := reading_sentence(answer):
        blocks.append(Note(reading, "warning" if answer.usage.was_cut else "quiet"))
    return (*blocks, *(Verbatim(f"Message from {one.role}", one.content) for one in prompt.messages))


def _generation(answer: Answer, model_label: str) -> tuple[Block, ...]:
    first, written, speed = answer.timings.first_token, answer.usage.answer_tokens, tokens_per_second(answer)
    facts = (
        Fact("Model", model_label),
        Fact("Temperature", f"{answer.temperature:g}"),
        Fact("Time to first token", "no token came" if first is None else format_seconds(first)),
        Fact("Tokens written", "unknown" if written is None else f"{written:,}"),
        Fact("Tokens per second", "unknown" if speed is None else f"{speed:.0f}"),
    )
    blocks: list[Block] = [Facts(facts)] if answer.prompt.messages else []
    if answer.timings.total > 0:
        blocks.append(Shares("Where the time went", time_shares(answer.timings)))
    if answer.thoughts:
        blocks.append(Verbatim("Reasoning", answer.thoughts, is_folded=True))
    return tuple(blocks)


def _sources(answer: Answer) -> tuple[Block, ...]:
    supports = answer.supports
    blocks: list[Block] = []
    if supports and answer.prompt.hits:
        sentences = [f"{i}. {answer.text[one.start : one.end].strip()}" for i, one in enumerate(supports, start=1)]
        scores, cited = tuple(one.scores for one in supports), tuple(one.number for one in supports)
        blocks.append(SupportMatrix(tuple(sentences), scores, cited, _MATRIX_LEGEND))
    for texts in (verdict_sentences(answer), [dependence_sentence(one) for one in answer.dependences]):
        if texts:
            blocks.append(Note(" ".join(texts)))
    return tuple(blocks)
