"""Exams for a collection: their passages are in its documents, and uploads that do not fit say why."""

from __future__ import annotations

import json

import pytest

from rag import config
from rag.evaluation import collection_exams
from rag.evaluation.beir import ExamError
from rag.evaluation.collection_exams import documents_of, sample_exam, structure_exam, uploaded_exam
from rag.evaluation.questions import as_lines
from tests.rag.evaluation.small_exam import DOCUMENTS, small_collection, small_exam
from tests.support.collections import plain_document

BY_NAME = {document.name: document for document in DOCUMENTS}


def test_the_samples_questions_expect_their_passages(sample):
    documents = documents_of(sample)
    exam = sample_exam(documents)
    assert exam is not None
    rows = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
    assert exam.n_answerable == len(rows) == 30
    for question, row in zip(exam.questions, rows, strict=False):
        (span,) = question.spans
        passage = documents[span.document].text[span.start : span.end]
        assert (question.text, span.document) == (row["question"], row["document"])
        assert passage.split() == row["passage"].split()
    assert 1 <= len(exam.questions) - exam.n_answerable <= 8
    assert all(question.is_unanswerable for question in exam.questions[30:])


def test_a_renamed_sample_has_its_questions_and_other_collections_do_not(sample):
    documents = documents_of(sample)
    some = {name: one for name, one in documents.items() if name != "support-faq.md"}
    fewer = sample_exam(some)
    assert fewer is not None
    assert fewer.n_answerable < 30
    assert "left out: the documents do not hold their passages" in fewer.notes[0]
    assert sample_exam(BY_NAME) is None


def test_questions_from_structure_come_with_unanswerable_ones(sample):
    exam = structure_exam(documents_of(sample))
    assert exam.n_answerable > 50
    assert 1 <= len(exam.questions) - exam.n_answerable <= exam.n_answerable // 4
    assert len({question.question_id for question in exam.questions}) == len(exam.questions)


def test_of_a_large_collection_some_documents_are_read_and_it_is_said(sample, monkeypatch):
    documents = documents_of(sample)
    monkeypatch.setattr(collection_exams, "MOST_CHARACTERS", sum(len(one.text) for one in documents.values()) // 2)
    exam = structure_exam(documents)
    asked = {span.document for question in exam.questions for span in question.spans}
    n_read = int(exam.notes[0].split()[2])
    assert 1 < len(asked) <= n_read < len(documents)
    assert exam.notes[0].startswith(f"Made from {n_read} of {len(documents)} documents")
    assert exam.n_answerable == len(exam.questions) > 10
    assert structure_exam(documents) == exam


def test_of_one_large_document_the_beginning_is_read(sample, monkeypatch):
    largest = max(documents_of(sample).values(), key=lambda one: len(one.headings))
    monkeypatch.setattr(collection_exams, "MOST_CHARACTERS", len(largest.text) // 2)
    exam = structure_exam({largest.name: largest})
    assert exam.questions
    spans = [span for question in exam.questions for span in question.spans]
    assert all(span.end <= len(largest.text) // 2 for span in spans)
    assert all(largest.text.startswith(span.quote, span.start) for span in spans)


def test_documents_without_structure_have_no_questions():
    assert structure_exam(BY_NAME).questions == ()


def test_all_documents_are_read_with_their_texts(data_dir):
    documents = documents_of(small_collection(data_dir))
    assert {name: one.text for name, one in documents.items()} == {one.name: one.text for one in DOCUMENTS}


def test_a_saved_exam_comes_back():
    exam = uploaded_exam("Small exam.jsonl", as_lines(small_exam().questions), BY_NAME)
    assert exam == small_exam()


def test_passages_of_an_edited_document_are_found_again():
    edited = BY_NAME | {"0.txt": plain_document("0.txt", f"A preface. {DOCUMENTS[0].text}")}
    exam = uploaded_exam("exam.jsonl", as_lines(small_exam().questions), edited)
    assert exam.questions[0].spans[0].start == len("A preface. ")
    assert exam.notes == (
        "The documents have changed: in 1 question, passages were found at other places than the file says.",
    )


def test_questions_without_their_document_are_left_out():
    some = {name: one for name, one in BY_NAME.items() if name != "0.txt"}
    exam = uploaded_exam("exam.jsonl", as_lines(small_exam().questions), some)
    assert exam.n_answerable == 2
    assert exam.notes == ("1 question is left out: this collection does not hold their passages.",)


def test_an_exam_of_another_collection_is_refused():
    with pytest.raises(ExamError, match="no question whose passage is in this collection"):
        uploaded_exam("exam.jsonl", as_lines(small_exam().questions), {"x.txt": plain_document("x.txt", "Nothing.")})
    only = small_exam().questions[3:]
    with pytest.raises(ExamError, match="nothing to measure"):
        uploaded_exam("exam.jsonl", as_lines(only), BY_NAME)


@pytest.mark.parametrize("name", ["corpus.zip", "qrels.tsv", "exam"])
def test_other_files_are_refused_with_the_way_for_beir(name):
    with pytest.raises(ExamError, match="BEIR layout are read by the command `evaluate` only"):
        uploaded_exam(name, b"", BY_NAME)


def test_a_wrong_line_is_named():
    with pytest.raises(ExamError, match=r"'exam\.jsonl', line 2: "):
        uploaded_exam("exam.jsonl", as_lines(small_exam().questions[:1]) + b"{}\n", BY_NAME)
