"""The most central chunk of a region, and the question that a person writes for a chunk."""

from __future__ import annotations

import numpy as np
import pytest

from rag.evaluation.questions import QUOTED, load_questions, save_questions
from rag.evaluation.region_question import by_centrality, written_question
from rag.types import Chunk


def unit(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def test_the_middle_of_an_arc_is_the_most_central():
    assert by_centrality(unit(0, 10, 30, 50, 80)).tolist()[0] == 2
    # Mean cosines to the other two: (cos 20 + cos 60) / 2 = 0.72, (cos 20 + cos 40) / 2 = 0.85, 0.63.
    assert by_centrality(unit(0, 20, 60)).tolist() == [1, 0, 2]


def test_the_order_is_that_of_the_mean_cosine_to_the_others():
    vectors = np.random.default_rng(7).standard_normal((40, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    np.fill_diagonal(cosines, 0)
    means = cosines.sum(axis=1) / 39
    assert by_centrality(vectors).tolist() == np.argsort(-means).tolist()


def test_copies_keep_their_order_and_few_rows_are_no_problem():
    assert by_centrality(unit(30, 30, 30, 90)).tolist() == [0, 1, 2, 3]
    assert by_centrality(unit(45)).tolist() == [0]
    assert by_centrality(np.empty((0, 2), np.float32)).tolist() == []


def test_a_written_question_has_the_chunk_as_its_passage(tmp_path):
    chunk = Chunk("d1", 40, 340, "x" * 300, 60, chunk_id=9)
    question = written_question(chunk, "a.md", "  When does\n it open? ")
    assert (question.text, question.kind, question.origin) == ("When does it open?", "written", "written")
    (span,) = question.spans
    assert (span.document, span.start, span.end, span.grade, span.quote) == ("a.md", 40, 340, 1, "x" * QUOTED)
    save_questions(tmp_path / "q.jsonl", [question])
    assert load_questions(tmp_path / "q.jsonl") == (question,)


def test_the_same_words_are_the_same_question_for_one_passage_only():
    chunk, other = Chunk("d1", 0, 9, "The text.", 3), Chunk("d1", 10, 19, "More text", 3)
    ids = [
        written_question(one, "a.md", text).question_id
        for one, text in ((chunk, "Why?"), (chunk, "Why? "), (other, "Why?"))
    ]
    assert ids[0] == ids[1] != ids[2]
    with pytest.raises(ValueError, match="needs a text"):
        written_question(chunk, "a.md", " \n")
