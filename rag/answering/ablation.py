"""Source impact (leave-one-out): answer again without each passage, and see which sentences change."""

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
"""The minimum cosine similarity at which two sentences with the same numbers count as the same.

In bench/answer_checks/answers.jsonl, 24 of 30 rewordings reach it, and none of the invented sentences."""


@dataclass(frozen=True, slots=True)
class Dependences:
    """The leave-one-out result of each passage, in order.

    `note` is a warning if the model's answer changed even with all passages, so that other changes may be chance; it
    is empty otherwise.
    """

    dependences: tuple[Dependence, ...]
    note: str


@dataclass(frozen=True, slots=True)
class _Sentences:
    """Sentences without markup, their unit vectors float32 (n, dimension), and the numbers that each states."""

    texts: tuple[str, ...]
    vectors: FloatArray
    numbers: tuple[tuple[StatedNumber, ...], ...]


def leave_one_out(
    answer: Answer, answer_from: Callable[[Sequence[Hit]], str], embedder: Embedder, report: Report
) -> Dependences:
    """Answer again with all passages, then once without each, and find the sentences that are missing each time.

    A sentence is not missing if the other answer has a sentence with the same numbers and a cosine similarity of at
    least SAME_SENTENCE.

    Args:
        answer_from: returns the text of an answer from these passages, with the same model, question and template, at
            temperature 0.
        report: called with the share done, in [0, 1], after each answer; may raise Stopped.

    Raises:
        Stopped: `report` stopped the work.
        ModelError: `answer_from` failed.
    """
    hits = answer.prompt.hits
    if not answer.supports or not hits:
        report(1.0)
        return Dependences((), "")
    original = _sentences([plain_text(answer.text[item.start : item.end]) for item in answer.supports], embedder)
    repeated = _missing(original, answer_from(hits), embedder)
    report(1 / (len(hits) + 1))
    dependences = []
    for position in range(len(hits)):
        text = answer_from((*hits[:position], *hits[position + 1 :]))
        dependences.append(Dependence(position + 1, text, _missing(original, text, embedder)))
        report((position + 2) / (len(hits) + 1))
    return Dependences(tuple(dependences), _note(len(repeated), len(original.texts)))


def _note(n_changed: int, n_sentences: int) -> str:
    if not n_changed:
        return ""
    return (
        f"Asked again with all passages, the model left out {n_changed} of {n_sentences} sentences. Its answers vary, "
        "so a sentence that is missing without a passage may be missing by chance."
    )


def _sentences(texts: Sequence[str], embedder: Embedder) -> _Sentences:
    return _Sentences(tuple(texts), sentence_vectors(texts, embedder), tuple(map(required_numbers, texts)))


def _missing(original: _Sentences, text: str, embedder: Embedder) -> tuple[int, ...]:
    """Positions of the original's sentences that are missing from the other text."""
    found = [statement.plain for statement in statements(text)]
    if not found:
        return tuple(range(len(original.texts)))
    other = _sentences(found, embedder)
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
    """Whether both have the same numbers: each number of one is also in the other."""
    return all(
        any(number.readings & other.readings for other in others)
        for numbers, others in ((first, second), (second, first))
        for number in numbers
    )
