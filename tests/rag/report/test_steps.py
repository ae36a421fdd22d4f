"""The six steps of an answer as data: every fact of the record is in one of them, also for an incomplete answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.answering.types import Timings
from rag.generation.types import Prompt
from rag.map.points import MapLabel
from rag.report.answer_map import AnswerMap
from rag.report.answer_svg import MarkedHit
from rag.report.steps import (
    Block,
    Fact,
    Facts,
    Note,
    Passages,
    Query,
    QuestionMap,
    Shares,
    Step,
    SupportMatrix,
    Table,
    Verbatim,
    answer_steps,
)
from rag.servers.types import Usage
from tests.support.answers import PASSAGES, made_answer

TITLES = [
    "Question",
    "Position on the map",
    "Retrieved passages",
    "Prompt sent to the model",
    "Generating the answer",
    "Source of each sentence",
]
NOTHING = made_answer(
    hits=(), prompt=Prompt((), (), (), 0, 0, 0), text="", supports=(), timings=Timings(), dependences=(), notes=()
)


def made_map(**changes: object) -> AnswerMap:
    xy = np.array([[0, 0], [10, 10]], dtype=np.float32)
    drawn = AnswerMap(xy, 2, (MapLabel(0, "Leave", 5.0, 5.0),), (1.0, 1.0), "", (MarkedHit(0, 0, 1, "a"),), 0)
    return replace(drawn, **changes)


def steps(answer=None, drawn=None) -> tuple[Step, ...]:
    return answer_steps(answer or made_answer(), drawn, model_label="Gemma")


def blocks(number: int, answer=None, drawn=None) -> tuple[Block, ...]:
    return steps(answer, drawn)[number - 1].blocks


def of_type(kind: type, found: tuple[Block, ...]) -> list[Block]:
    return [block for block in found if isinstance(block, kind)]


@pytest.mark.parametrize("answer", [made_answer(), NOTHING], ids=["whole", "nothing"])
def test_there_are_always_six_steps_with_a_sentence_each(answer):
    found = steps(answer)
    assert [(step.number, step.title) for step in found] == list(enumerate(TITLES, start=1))
    assert all(step.sentence.endswith(".") for step in found)


def test_the_seconds_of_the_steps_are_the_seconds_of_the_answer():
    answer = made_answer()
    assert [step.seconds for step in steps(answer)] == pytest.approx([0.4, 0.0, 0.05, 0.0, 1.75, 0.1])
    assert sum(step.seconds for step in steps(answer)) == pytest.approx(answer.timings.total)


def test_question_and_query_are_both_shown_only_where_they_differ():
    answer = made_answer(notes=("A note.",))
    assert blocks(1, answer) == (
        Query("Asked:", answer.question),
        Query("Searched for:", answer.query),
        Note("A note.", "info"),
    )
    assert blocks(1, replace(answer, query=answer.question, notes=())) == (Query("", answer.question),)


def test_the_map_is_shown_where_it_has_the_question_or_a_passage():
    drawn = made_map()
    assert blocks(2, drawn=drawn) == (QuestionMap(drawn),)
    gone = made_map(star=None, star_note="No position.", n_gone=2)
    assert of_type(QuestionMap, blocks(2, drawn=gone)) == [QuestionMap(gone)]
    assert [note.text for note in of_type(Note, blocks(2, drawn=gone))] == list(gone.notes())
    empty = made_map(star=None, star_note="No position.", hits=())
    assert blocks(2, drawn=empty) == (Note("No position.", "info"),)
    assert blocks(2) == (QuestionMap(None),)
    assert blocks(2, NOTHING, drawn) == ()


def test_the_table_has_every_hit_with_each_retrievers_rank_and_score():
    (table,) = of_type(Table, blocks(3))
    assert [column.name for column in table.columns] == [
        "in the prompt", "similarity", "document", "place", "meaning: rank", "meaning: score", "words: rank",
        "words: score",
    ]  # fmt: skip
    assert [row[0] for row in table.rows] == ["[1]", "[2]", "did not fit"]
    assert table.rows[1][2:] == ("handbook.md", "page 2 · Leave", 2, 0.5, 1, 7.25)
    assert [row[-1] for row in table.rows] == [None, 7.25, None]


def test_passages_have_their_number_text_and_excerpt():
    answer = made_answer()
    hits = (replace(answer.hits[0], excerpt="29 days"), answer.hits[1])
    (found,) = of_type(Passages, blocks(3, replace(answer, prompt=replace(answer.prompt, hits=hits))))
    assert [(one.number, one.position, one.excerpt) for one in found.passages] == [
        (1, "[1]", "29 days"), (2, "[2]", ""), (0, "did not fit", ""),
    ]  # fmt: skip
    assert [one.text for one in found.passages] == list(PASSAGES)


def test_the_prompt_is_there_word_for_word():
    answer = made_answer()
    found = blocks(4, answer)
    assert of_type(Verbatim, found) == [
        Verbatim(f"Message from {message.role}", message.content) for message in answer.prompt.messages
    ]
    (window,) = of_type(Shares, found)
    assert sum(part.amount for part in window.parts) == answer.prompt.context_window


def test_a_cut_prompt_is_a_warning():
    importances = {note.importance for note in of_type(Note, blocks(4))}
    assert importances == {"info", "quiet"}
    cut = made_answer(usage=Usage(120, 14, "finished", was_cut=True))
    (warning,) = [note for note in of_type(Note, blocks(4, cut)) if note.importance == "warning"]
    assert "it cut the prompt" in warning.text


def test_generation_has_its_facts_and_times():
    found = blocks(5, made_answer(thoughts="First I thought."))
    assert of_type(Facts, found)[0].facts == (
        Fact("Model", "Gemma"),
        Fact("Temperature", "0"),
        Fact("Time to first token", "1.2 s"),
        Fact("Tokens written", "14"),
        Fact("Tokens per second", "28"),
    )
    assert sum(part.amount for part in of_type(Shares, found)[0].parts) == pytest.approx(2.3)
    assert of_type(Verbatim, found) == [Verbatim("Reasoning", "First I thought.", is_folded=True)]


def test_what_is_not_known_is_named_so():
    broken = made_answer(usage=Usage(None, None, "broken"), timings=Timings(retrieval=0.1))
    facts = {fact.name: fact.value for fact in of_type(Facts, blocks(5, broken))[0].facts}
    assert facts["Time to first token"] == "no token came"
    assert facts["Tokens written"] == facts["Tokens per second"] == "unknown"


def test_sentences_are_compared_with_the_passages():
    answer = made_answer()
    found = blocks(6, answer)
    (matrix,) = of_type(SupportMatrix, found)
    assert matrix.sentences == ("1. You have 29 days.", "2. They never lapse in 2031.", "3. Good luck!")
    assert matrix.scores == tuple(one.scores for one in answer.supports)
    assert matrix.cited == (1, 0, 0)
    verdicts, dependences = (note.text for note in of_type(Note, found))
    assert verdicts.startswith("No passage supports sentence 2.")
    assert dependences == "Without passage 1, sentences 1 and 2 change. Without passage 2, no sentence changes."


def test_an_answer_without_anything_has_only_its_question():
    assert [len(step.blocks) for step in steps(replace(NOTHING, query=NOTHING.question))] == [1, 0, 0, 0, 0, 0]
