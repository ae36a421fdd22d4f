"""Leave-one-out on an answer whose sentences depend on known passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from rag.answering.ablation import Dependences, leave_one_out
from rag.answering.grounding import support
from rag.answering.types import Answer
from rag.runtime.background import Stopped
from rag.types import Hit
from tests.support.turns import made_answer, made_hit

PASSAGES = [
    "Full-time staff have 29 days of paid leave a year.",
    "A hotel room may cost at most 124 euros per night.",
    "The robot that carries parcels is called Tuppence.",
]


@pytest.fixture(scope="module")
def answer(embedder) -> Answer:
    """One sentence for each passage."""
    hits = tuple(made_hit(rank, text) for rank, text in enumerate(PASSAGES, start=1))
    prompt = replace(made_answer("Q").prompt, hits=hits, left_out=())
    text = " ".join(PASSAGES)
    return replace(made_answer("Q"), hits=hits, prompt=prompt, text=text, supports=support(text, hits, embedder))


def changed(found: Dependences) -> list[tuple[int, tuple[int, ...]]]:
    return [(one.number, one.changed) for one in found.dependences]


def impact_of(answer: Answer, embedder, answer_from: Callable[[Sequence[Hit]], str]) -> Dependences:
    return leave_one_out(answer, answer_from, embedder, lambda share: None)


@pytest.mark.slow
def test_each_sentence_depends_on_its_passage(answer, embedder):
    def copy(hits: Sequence[Hit]) -> str:
        return " ".join(hit.chunk.text for hit in hits)

    found = impact_of(answer, embedder, copy)
    assert changed(found) == [(1, (0,)), (2, (1,)), (3, (2,))]
    assert found.dependences[0].text == " ".join(PASSAGES[1:])
    assert found.note == ""


def test_a_sentence_without_end_is_compared_by_its_beginning(answer, embedder):
    found = impact_of(answer, embedder, lambda hits: answer.text + " leave" * 3000 + " \ud800")
    assert changed(found) == [(1, ()), (2, ()), (3, ())]


def test_an_answer_that_never_changes_depends_on_nothing(answer, embedder):
    found = impact_of(answer, embedder, lambda hits: answer.text)
    assert changed(found) == [(1, ()), (2, ()), (3, ())]


def test_other_words_are_the_same_and_another_number_is_not(answer, embedder):
    def reword(hits: Sequence[Hit]) -> str:
        if len(hits) == len(PASSAGES):
            return answer.text
        leave = "29" if hits[0].chunk.text == PASSAGES[0] else "31"
        robot = "**Tuppence** is the name of the robot that carries the parcels."
        return f"- Staff who work full-time have {leave} days of paid leave each year. [1]\n- {PASSAGES[1]}\n- {robot}"

    assert changed(impact_of(answer, embedder, reword)) == [(1, (0,)), (2, ()), (3, ())]


def test_in_an_empty_answer_every_sentence_is_missing(answer, embedder):
    found = impact_of(answer, embedder, lambda hits: answer.text if len(hits) == 3 else "")
    assert changed(found) == [(1, (0, 1, 2)), (2, (0, 1, 2)), (3, (0, 1, 2))]


def test_a_model_whose_answers_vary_is_noted(answer, embedder):
    found = impact_of(answer, embedder, lambda hits: PASSAGES[0])
    assert "left out 2 of 3 sentences" in found.note


def test_passages_are_left_out_in_order_and_the_share_grows(answer, embedder):
    shares: list[float] = []
    asked_with: list[list[int]] = []

    def answer_from(hits: Sequence[Hit]) -> str:
        asked_with.append([hit.rank for hit in hits])
        return answer.text

    leave_one_out(answer, answer_from, embedder, shares.append)
    assert asked_with == [[1, 2, 3], [2, 3], [1, 3], [1, 2]]
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_it_can_be_stopped(answer, embedder):
    n_asked = 0

    def answer_from(hits: Sequence[Hit]) -> str:
        nonlocal n_asked
        n_asked += 1
        return answer.text

    def stop(share: float) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        leave_one_out(answer, answer_from, embedder, stop)
    assert n_asked == 1


def test_an_answer_without_passages_or_words_asks_nothing(answer, embedder):
    def never(hits: Sequence[Hit]) -> str:
        raise AssertionError("a model was asked")

    nothing = Dependences((), "")
    assert impact_of(replace(answer, supports=()), embedder, never) == nothing
    assert impact_of(replace(answer, prompt=replace(answer.prompt, hits=())), embedder, never) == nothing
