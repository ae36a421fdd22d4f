"""Drafts that wait for a decision: kept, approved, rejected and replaced; damaged files and killed writers."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag import config
from rag.evaluation.beir import ExamError
from rag.evaluation.drafting.draft import Draft, as_question
from rag.evaluation.drafting.waiting import (
    StoredDraft,
    add_draft,
    approve,
    decide,
    drafts_path,
    drop_decided,
    replace_draft,
    set_aside_drafts,
    stored_drafts,
)
from rag.evaluation.questions import GoldSpan
from rag.evaluation.stored.questions import stored_questions

UID = "0" * 32


def draft(number: int) -> Draft:
    text = f"What is number {number}? “Ä”\u2028"
    return Draft(text, GoldSpan("a.txt", number, number + 5, 1, "quote"), 0.5, 2, "ollama:m")


def decisions(folder):
    return [one.decision for one in stored_drafts(folder, UID)]


def test_drafts_are_kept_in_their_order(data_dir):
    assert stored_drafts(data_dir, UID) == ()
    for number in range(3):
        add_draft(data_dir, UID, draft(number))
    add_draft(data_dir, UID, draft(1))
    assert stored_drafts(data_dir, UID) == tuple(StoredDraft(draft(number)) for number in range(3))
    assert stored_drafts(data_dir, "1" * 32) == ()


def test_an_approved_draft_is_a_question_with_the_edited_text(data_dir):
    for number in range(2):
        add_draft(data_dir, UID, draft(number))
    first = stored_drafts(data_dir, UID)[0]
    approve(data_dir, UID, first.draft_id, "What is zero?")
    assert stored_questions(data_dir, UID) == (as_question(draft(0), "What is zero?"),)
    assert decisions(data_dir) == ["approved", "waiting"]


def test_nothing_is_approved_without_a_text_or_a_draft(data_dir):
    add_draft(data_dir, UID, draft(0))
    (stored,) = stored_drafts(data_dir, UID)
    with pytest.raises(ExamError, match="The question is empty"):
        approve(data_dir, UID, stored.draft_id, " ")
    with pytest.raises(ExamError, match="no longer there"):
        approve(data_dir, UID, "unknown", "What?")
    assert decisions(data_dir) == ["waiting"]
    assert stored_questions(data_dir, UID) == ()


def test_decided_drafts_are_dropped_before_the_next_batch(data_dir):
    for number in range(3):
        add_draft(data_dir, UID, draft(number))
    ids = [one.draft_id for one in stored_drafts(data_dir, UID)]
    decide(data_dir, UID, ids[0], "rejected")
    approve(data_dir, UID, ids[2], "What?")
    decide(data_dir, UID, "unknown", "rejected")
    assert decisions(data_dir) == ["rejected", "waiting", "approved"]
    drop_decided(data_dir, UID)
    assert [one.draft_id for one in stored_drafts(data_dir, UID)] == [ids[1]]
    assert len(stored_questions(data_dir, UID)) == 1


def test_another_draft_takes_the_place_of_one(data_dir):
    for number in range(3):
        add_draft(data_dir, UID, draft(number))
    second = stored_drafts(data_dir, UID)[1]
    replace_draft(data_dir, UID, second.draft_id, draft(9))
    assert [one.draft for one in stored_drafts(data_dir, UID)] == [draft(0), draft(9), draft(2)]


def test_no_draft_is_lost_when_several_write_at_once(data_dir):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: add_draft(data_dir, UID, draft(number)), range(20)))
    assert {one.draft for one in stored_drafts(data_dir, UID)} == {draft(number) for number in range(20)}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"draft": ', "EOF"),
        (b'{"draft": {}, "decision": "waiting"}', "draft.text is missing"),
        (b'{"decision": "maybe"}', "is"),
        (b"\xff\xfe", "line 2"),
        (b"[" * 5000, "line 2"),
    ],
)
def test_a_damaged_file_is_named_with_its_line_and_left_as_it_is(data_dir, line, problem):
    add_draft(data_dir, UID, draft(0))
    path = drafts_path(data_dir, UID)
    path.write_bytes(path.read_bytes() + line + b"\n")
    before = path.read_bytes()
    with pytest.raises(ExamError, match="line 2") as raised:
        add_draft(data_dir, UID, draft(1))
    assert problem in str(raised.value)
    assert str(path) in str(raised.value)
    assert path.read_bytes() == before


def test_a_damaged_file_is_put_aside_without_loss(data_dir):
    path = drafts_path(data_dir, UID)
    for content in (b"first", b"second"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        set_aside_drafts(data_dir, UID)
        assert stored_drafts(data_dir, UID) == ()
    set_aside_drafts(data_dir, UID)
    kept = {one.read_bytes() for one in path.parent.glob("drafts.jsonl.damaged*")}
    assert kept == {b"first", b"second"}


def test_a_folder_that_cannot_be_made_is_named(data_dir):
    data_dir.mkdir()
    (data_dir / "evaluations").write_text("a file")
    with pytest.raises(ExamError, match="cannot be written"):
        add_draft(data_dir, UID, draft(0))


_WRITER = """
import sys
from itertools import count
from pathlib import Path
from rag.evaluation.drafting.waiting import add_draft
from tests.rag.evaluation.drafting.test_waiting import UID, draft
for number in count():
    add_draft(Path(sys.argv[1]), UID, draft(number))
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_has_said_to_be_stored(data_dir):
    command = [sys.executable, "-c", _WRITER, str(data_dir)]
    with subprocess.Popen(command, cwd=config.ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(25):
            last = int(process.stdout.readline())
        process.kill()
        # It may have written more before it was killed.
        last = max([last, *(int(line) for line in process.stdout.read().split())])
    stored = [one.draft for one in stored_drafts(data_dir, UID)]
    assert stored[: last + 1] == [draft(number) for number in range(last + 1)]
    assert len(stored) <= last + 2
    add_draft(data_dir, UID, draft(1000))
    assert stored_drafts(data_dir, UID)[-1].draft == draft(1000)
