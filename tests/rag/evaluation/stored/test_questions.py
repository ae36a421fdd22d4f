"""Questions that were made or judged for a collection: kept, changed and taken back, also by several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.evaluation.beir import ExamError
from rag.evaluation.collection_exams import stored_exam
from rag.evaluation.questions import ExamQuestion, gold_span
from rag.evaluation.stored.questions import (
    Judgement,
    add_questions,
    grades_of,
    judge,
    judged_id,
    judgements_of,
    present_judgements,
    question_with,
    questions_path,
    remove_questions,
    stored_questions,
)
from tests.rag.evaluation.small_exam import ASKED, DOCUMENTS, question

UID = "0" * 32
OWL, BREAD = (gold_span(document, 0, len(document.text)) for document in DOCUMENTS[:2])


def test_nothing_is_stored_at_first(data_dir: Path):
    assert stored_questions(data_dir, UID) == ()
    remove_questions(data_dir, UID, ["unknown"])
    assert not questions_path(data_dir, UID).exists()


def test_questions_are_added_replaced_and_removed(data_dir: Path):
    first, second = (question(number, ASKED[number], DOCUMENTS[number]) for number in (0, 1))
    add_questions(data_dir, UID, [first])
    add_questions(data_dir, UID, [second])
    better = question(0, "Which bird hunts at night?", DOCUMENTS[0])
    add_questions(data_dir, UID, [better])
    assert stored_questions(data_dir, UID) == (better, second)
    assert stored_questions(data_dir, "1" * 32) == ()
    remove_questions(data_dir, UID, [better.question_id])
    assert stored_questions(data_dir, UID) == (second,)


def test_judgements_of_a_question_are_kept_together(data_dir: Path):
    judge(data_dir, UID, "Which  owl\nhunts?", OWL, 1)
    judge(data_dir, UID, "Which owl hunts?", BREAD, 0)
    (found,) = stored_questions(data_dir, UID)
    assert (found.text, found.origin, found.question_id) == ("Which owl hunts?", "judged", judged_id(found.text))
    assert grades_of([found], "Which owl hunts?") == {("0.txt", 0, OWL.end): 1, ("1.txt", 0, BREAD.end): 0}
    assert grades_of([found], "Another question") == {}
    judge(data_dir, UID, "Which owl hunts?", OWL, 0)
    assert set(grades_of(stored_questions(data_dir, UID), "Which owl hunts?").values()) == {0}


def test_a_question_without_judgements_is_removed_and_not_unanswerable(data_dir: Path):
    judge(data_dir, UID, "Which owl hunts?", OWL, 1)
    judge(data_dir, UID, "Which owl hunts?", OWL, None)
    assert stored_questions(data_dir, UID) == ()
    judge(data_dir, UID, "Which owl hunts?", OWL, None)
    assert stored_questions(data_dir, UID) == ()


def test_no_judgement_is_lost_when_many_judge_at_once(data_dir: Path):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: judge(data_dir, UID, f"Question {number}?", OWL, 1), range(40)))
    assert {one.text for one in stored_questions(data_dir, UID)} == {f"Question {number}?" for number in range(40)}


def test_a_damaged_file_is_named_and_left_as_it_is(data_dir: Path):
    judge(data_dir, UID, "Which owl hunts?", OWL, 1)
    path = questions_path(data_dir, UID)
    damaged = path.read_bytes() + b"{}\n"
    path.write_bytes(damaged)
    with pytest.raises(ExamError, match="line 2"):
        judge(data_dir, UID, "Another?", OWL, 1)
    assert path.read_bytes() == damaged


def test_a_folder_that_is_a_file_is_named(data_dir: Path):
    data_dir.mkdir(exist_ok=True)
    (data_dir / "evaluations").write_text("")
    with pytest.raises(ExamError, match="cannot be written"):
        judge(data_dir, UID, "Which owl hunts?", OWL, 1)


def test_the_exam_leaves_out_what_cannot_be_measured(data_dir: Path):
    documents = {document.name: document for document in DOCUMENTS}
    judge(data_dir, UID, ASKED[0], OWL, 1)
    judge(data_dir, UID, "What is the capital?", BREAD, 0)
    add_questions(data_dir, UID, [ExamQuestion("gone", "What was there?", (OWL,), "drafted", "drafted")])
    stored = stored_questions(data_dir, UID)
    exam = stored_exam(stored, documents)
    assert [one.text for one in exam.questions if one.is_answerable] == [ASKED[0], "What was there?"]
    without_owl = {name: document for name, document in documents.items() if name != OWL.document}
    empty = stored_exam(stored, without_owl)
    assert empty.questions == ()
    assert len(empty.notes) == 2
    assert empty.notes[0].startswith("2 questions are left out")
    assert empty.notes[1].startswith("1 question is left out")


def test_a_judgement_joins_the_stored_question_with_the_same_text(data_dir: Path):
    drafted = ExamQuestion("d1", "Which owl hunts?", (OWL,), "drafted", "drafted")
    unanswerable = ExamQuestion("w1", "What is baked?", (), "written", "written")
    add_questions(data_dir, UID, [drafted, unanswerable])
    judge(data_dir, UID, "Which owl  hunts?", BREAD, 1)
    judge(data_dir, UID, "What is baked?", BREAD, 1)
    first, second, third = stored_questions(data_dir, UID)
    assert first == replace(drafted, spans=(OWL, BREAD))
    assert second == unanswerable
    assert (third.text, third.question_id, third.spans) == ("What is baked?", judged_id("What is baked?"), (BREAD,))
    assert question_with([first, second, third], "What is baked?") == third
    assert grades_of([first], "Which owl hunts?").keys() == {("0.txt", 0, OWL.end), ("1.txt", 0, BREAD.end)}
    judge(data_dir, UID, "Which owl hunts?", BREAD, None)
    judge(data_dir, UID, "What is baked?", BREAD, None)
    assert stored_questions(data_dir, UID) == (drafted, unanswerable)


def test_known_passages_come_with_the_first_judgement_only(data_dir: Path):
    judge(data_dir, UID, "Which owl hunts?", BREAD, None, known=[OWL])
    assert stored_questions(data_dir, UID) == ()
    judge(data_dir, UID, "Which owl hunts?", BREAD, 0, known=[OWL])
    (found,) = stored_questions(data_dir, UID)
    assert found.spans == (OWL, replace(BREAD, grade=0))
    judge(data_dir, UID, "Which owl hunts?", OWL, None, known=[OWL])
    judge(data_dir, UID, "Which owl hunts?", BREAD, 1, known=[OWL])
    (found,) = stored_questions(data_dir, UID)
    assert found.spans == (BREAD,)


def test_a_known_passage_that_is_judged_is_there_once(data_dir: Path):
    judge(data_dir, UID, "Which owl hunts?", OWL, 0, known=[OWL])
    (found,) = stored_questions(data_dir, UID)
    assert found.spans == (replace(OWL, grade=0),)


def test_a_question_without_words_is_refused(data_dir: Path):
    with pytest.raises(ValueError, match="no words"):
        judge(data_dir, UID, " \n", OWL, 1)
    assert not questions_path(data_dir, UID).exists()


def test_a_judgement_holds_for_other_chunks_that_share_half_with_it(data_dir: Path):
    text = DOCUMENTS[0].text
    half = (len(text) + 1) // 2
    first, second, middle = (
        gold_span(DOCUMENTS[0], start, end)
        for start, end in ((0, half), (half, len(text)), (half // 2, half // 2 + half))
    )
    judge(data_dir, UID, "Which owl hunts?", first, 1)
    judgements = present_judgements(stored_questions(data_dir, UID)[0], {"0.txt": text})
    assert [one.stored for one in judgements_of(judgements, OWL)] == [first]
    assert [one.stored for one in judgements_of(judgements, middle)] == [first]
    assert judgements_of(judgements, second) == ()
    assert judgements_of(judgements, replace(first, document="1.txt")) == ()
    judge(data_dir, UID, "Which owl hunts?", OWL, 0, instead_of=[first])
    (found,) = stored_questions(data_dir, UID)
    assert found.spans == (replace(OWL, grade=0),)


def test_the_judgement_of_the_passage_itself_comes_first():
    whole, part = OWL, gold_span(DOCUMENTS[0], 0, 30)
    judgements = [Judgement(part, part), Judgement(whole, whole)]
    assert [one.stored for one in judgements_of(judgements, whole)] == [whole, part]
    assert [one.stored for one in judgements_of(judgements, part)] == [part, whole]


def test_judgements_follow_their_passages_in_edited_documents():
    question = ExamQuestion("d1", "Which owl hunts?", (OWL, BREAD), "judged", "judged")
    edited = {"0.txt": f"A new first line.\n{DOCUMENTS[0].text}", "1.txt": "Nothing is left of it."}
    (found,) = present_judgements(question, edited)
    assert found.stored == OWL
    assert (found.present.start, found.present.end) == (18, 18 + len(DOCUMENTS[0].text))
    assert present_judgements(question, {}) == ()


def test_a_drafted_question_keeps_its_last_passage(data_dir: Path):
    drafted = ExamQuestion("d1", "Which owl hunts?", (OWL,), "drafted", "drafted")
    add_questions(data_dir, UID, [drafted])
    with pytest.raises(ExamError, match="was not taken back"):
        judge(data_dir, UID, drafted.text, OWL, None)
    with pytest.raises(ExamError, match="was not taken back"):
        judge(data_dir, UID, drafted.text, BREAD, None, instead_of=[OWL])
    assert stored_questions(data_dir, UID) == (drafted,)
    judge(data_dir, UID, drafted.text, OWL, 0)
    assert stored_questions(data_dir, UID) == (replace(drafted, spans=(replace(OWL, grade=0),)),)
