"""Causal citations: the answer again with each passage left out, showing which sentences change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answering.claims import plain_text, statements
from rag.answering.passage_match import required_numbers, sentence_vectors
from rag.answering.types import Answer, Dependence
from rag.runtime.background import Report
from rag.text.stated_numbers import StatedNumber
from rag.types import Embedder, Hit

if TYPE_CHECKING:
    from rag.types import FloatArray

SAME_SENTENCE = 0.8
"""The smallest cosine of two sentences that say the same, if their numbers agree.

Of bench/answers.jsonl, 24 of 30 close answers are so near to the sentence they reword; of the invented none."""


@dataclass(frozen=True, slots=True)
class Dependences:
    """For each passage, in order, what became of the answer without it.

    `note` is a sentence where the model changed its answer even with all passages, so that a change may be chance;
    empty where it did not.
    """

    dependences: tuple[Dependence, ...]
    note: str


@dataclass(frozen=True, slots=True)
class _Said:
    """Sentences without markup, with unit vectors float32 (n, dimension) and the numbers of each."""

    texts: tuple[str, ...]
    vectors: FloatArray
    numbers: tuple[tuple[StatedNumber, ...], ...]


def leave_one_out(
    answer: Answer, again: Callable[[Sequence[Hit]], str], embedder: Embedder, report: Report
) -> Dependences:
    """Answer once more with all passages, then without each of them, and say which sentences are no longer there.

    A sentence is still there where the other answer has one with a cosine of SAME_SENTENCE or more and the same
    numbers.

    Args:
        again: the answer's text from these passages, by the same model, question and prompt, at temperature 0.
        report: given the share done after each answer; may raise Stopped.

    Raises:
        Stopped: `report` does not want more.
        ModelError: `again` fails.
    """
    hits = answer.prompt.hits
    if not answer.supports or not hits:
        report(1.0)
        return Dependences((), "")
    original = _said([plain_text(answer.text[item.start : item.end]) for item in answer.supports], embedder)
    repeated = _changed(original, again(hits), embedder)
    report(1 / (len(hits) + 1))
    dependences = []
    for position in range(len(hits)):
        text = again((*hits[:position], *hits[position + 1 :]))
        dependences.append(Dependence(position + 1, text, _changed(original, text, embedder)))
        report((position + 2) / (len(hits) + 1))
    return Dependences(tuple(dependences), _note(len(repeated), len(original.texts)))


def _note(n_changed: int, n_sentences: int) -> str:
    if not n_changed:
        return ""
    return (
        f"Asked again with all passages, the model no longer said {n_changed} of {n_sentences} sentences: its answers "
        "vary, so a sentence that changes without a passage may do so by chance."
    )


def _said(texts: Sequence[str], embedder: Embedder) -> _Said:
    return _Said(tuple(texts), sentence_vectors(texts, embedder), tuple(map(required_numbers, texts)))


def _changed(original: _Said, text: str, embedder: Embedder) -> tuple[int, ...]:
    """Positions of the original's sentences that the other text does not say."""
    found = [statement.plain for statement in statements(text)]
    if not found:
        return tuple(range(len(original.texts)))
    other = _said(found, embedder)
    cosines = (original.vectors @ other.vectors.T).tolist()
    return tuple(
        position
        for position, (sentence, numbers) in enumerate(zip(original.texts, original.numbers, strict=True))
        if sentence not in other.texts
        and not any(
            cosine >= SAME_SENTENCE and _agree(numbers, other_numbers)
            for cosine, other_numbers in zip(cosines[position], other.numbers, strict=True)
        )
    )


def _agree(first: Sequence[StatedNumber], second: Sequence[StatedNumber]) -> bool:
    """Whether each number of one is also in the other."""
    return all(
        any(number.readings & other.readings for other in others)
        for numbers, others in ((first, second), (second, first))
        for number in numbers
    )
