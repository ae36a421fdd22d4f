"""Many drafts: as many as wanted, none lost when the model fails, none twice."""

from __future__ import annotations

import threading

import pytest

from rag.errors import ModelError
from rag.evaluation.drafting.batch import Batch, draft_questions
from rag.evaluation.drafting.draft import Draft, NoQuestion
from rag.runtime.background import Stopped
from rag.types import Chunk
from tests.rag.evaluation.drafting.cases import TalkingGenerator, prose

CHUNKS = [Chunk("d", 200 * i, 200 * i + 150, prose("owls", i), 40, chunk_id=i + 1) for i in range(20)]
NAMES = {"d": "owls.txt"}


def asked(number: int) -> str:
    return f"Which owls are known for matter {number}?"


def drafted(model, n, **more) -> tuple[list[Draft], Batch]:
    kept: list[Draft] = []
    settings = {"report": lambda share: None, **more}
    return kept, draft_questions(CHUNKS, NAMES, model, kept.append, n=n, **settings)


def test_as_many_as_wanted_are_drafted_from_the_first_chunks():
    shares: list[float] = []
    kept, batch = drafted(TalkingGenerator(*map(asked, range(9))), 4, report=shares.append)
    assert [draft.text for draft in kept] == [asked(number) for number in range(4)]
    assert [draft.span.start for draft in kept] == [0, 200, 400, 600]
    assert batch == Batch(4, 0, "")
    assert shares == [0.0, 0.25, 0.5, 0.75]


def test_chunks_without_a_question_are_passed_over():
    kept, batch = drafted(TalkingGenerator(asked(0), "No idea.", asked(1)), 2)
    assert [draft.span.start for draft in kept] == [0, 400]
    assert (batch.n_drafted, batch.n_failed) == (2, 1)
    assert "No idea." in batch.problem


def test_a_question_that_is_there_already_is_not_kept():
    model = TalkingGenerator(asked(0), asked(0).upper(), asked(1), asked(2))
    kept, batch = drafted(model, 2, known=[asked(1)])
    assert [draft.text for draft in kept] == [asked(0), asked(2)]
    assert batch.n_failed == 2
    assert "there already" in batch.problem


def test_a_model_that_cannot_is_not_asked_forever():
    model = TalkingGenerator(*["No idea."] * 20)
    with pytest.raises(NoQuestion, match="No idea"):
        drafted(model, 10)
    assert len(model.prompts) == 6


def test_at_most_three_chunks_are_tried_for_a_question():
    model = TalkingGenerator(asked(0), *["No idea."] * 20)
    kept, batch = drafted(model, 2)
    assert (len(kept), batch.n_failed, len(model.prompts)) == (1, 5, 6)


def test_what_was_drafted_before_a_fault_is_kept():
    kept: list[Draft] = []
    model = TalkingGenerator(asked(0), asked(1), ModelError("the server is gone"))
    with pytest.raises(ModelError, match="the server is gone"):
        draft_questions(CHUNKS, NAMES, model, kept.append, n=5, report=lambda share: None)
    assert [draft.text for draft in kept] == [asked(0), asked(1)]


def test_a_stop_ends_it_and_keeps_what_was_drafted():
    stop = threading.Event()
    kept: list[Draft] = []

    def keep(draft: Draft) -> None:
        kept.append(draft)
        if len(kept) == 2:
            stop.set()

    with pytest.raises(Stopped):
        draft_questions(
            CHUNKS, NAMES, TalkingGenerator(*map(asked, range(9))), keep, n=5, report=lambda share: None, stop=stop
        )
    assert len(kept) == 2


def test_too_few_chunks_end_it():
    kept: list[Draft] = []
    model = TalkingGenerator(*map(asked, range(9)))
    batch = draft_questions(CHUNKS[:2], NAMES, model, kept.append, n=5, report=lambda share: None)
    assert batch == Batch(2, 0, "")
