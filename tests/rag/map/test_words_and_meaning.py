"""Neighbors by meaning and by words agree with brute force; too few chunks give no example."""

from __future__ import annotations

import numpy as np
import pytest

from rag.map.word_count_model import embed_words
from rag.map.words_and_meaning import words_and_meaning


def top(vectors, row: int, k: int = 1) -> list[int]:
    scores = np.round((vectors @ vectors[row]).astype(float), 6)
    scores[row] = -2.0
    return np.argsort(-scores, kind="stable")[:k].tolist()


def test_the_figure_and_the_examples_are_those_of_brute_force(shipped_sample):
    chunks, (_, unit) = shipped_sample.chunks(), shipped_sample.embeddings()
    words = embed_words([chunk.embedded_text for chunk in chunks])
    found = words_and_meaning(chunks, unit)
    assert found is not None
    shared = [len(set(top(unit, row, 10)) & set(top(words, row, 10))) for row in range(len(chunks))]
    assert found.n_shared == pytest.approx(np.mean(shared), abs=0.05)
    assert f"shares {found.n_shared:.1f} of its 10 nearest" in found.in_words()
    texts = {chunk.chunk_id: chunk.text for chunk in chunks}
    racing = found.examples[0]
    assert texts[racing.chunk_id].startswith("At the 24-hour race of Le Mans")
    assert texts[racing.by_meaning].startswith("My uncle took out a loan for a used Jaguar")
    assert "jaguar" in texts[racing.by_words]
    rows = {chunk.chunk_id: row for row, chunk in enumerate(chunks)}
    for one in found.examples:
        assert one.by_meaning != one.by_words
        row = rows[one.chunk_id]
        assert one.meaning_score == pytest.approx(float(np.delete(unit @ unit[row], row).max()), abs=1e-4)
        assert one.words_score == pytest.approx(float(np.delete(words @ words[row], row).max()), abs=1e-4)


def test_two_chunks_are_too_few(shipped_sample):
    assert words_and_meaning(shipped_sample.chunks()[:2], shipped_sample.embeddings()[1][:2]) is None
