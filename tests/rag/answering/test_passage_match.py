"""Sentences against passages, worked out by hand with an embedder whose vectors are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.claims import Statement
from rag.answering.passage_match import Match, match_statements, passages_of, required_numbers, sentence_vectors
from rag.embedding.embedder import OllamaEmbedder
from tests.support.fakes import WordEmbedder

DAYS = "Staff have 29 days of leave."
ROBOT = "The robot brings parcels."


class Known(WordEmbedder):
    """Puts each text in the plane at a known angle, in degrees."""

    def __init__(self, degrees: Mapping[str, float]) -> None:
        super().__init__(2)
        self._degrees = degrees

    def encode_documents(self, texts: Sequence[str]):
        angles = np.radians([self._degrees[text] for text in texts])
        return np.column_stack((np.cos(angles), np.sin(angles))).astype(np.float32)


def match(statement: str, texts: Sequence[str], degrees: Mapping[str, float]) -> Match:
    stated = Statement(0, len(statement), statement, True)
    [found] = match_statements([stated], passages_of(texts), Known({statement: 0.0, **degrees}))
    return found


def test_passages_are_sentences_and_pairs_of_neighbours():
    text = f"# Leave\n\n{DAYS} {ROBOT[:-1]}\nto all."
    found = [(one.source, one.text, one.parts) for one in passages_of(["", text, ROBOT])]
    assert found == [
        (1, "# Leave", (0,)),
        (1, DAYS, (1,)),
        (1, f"{ROBOT[:-1]}\nto all.", (2,)),
        (1, f"# Leave\n\n{DAYS}", (0, 1)),
        (1, f"{DAYS} {ROBOT[:-1]}\nto all.", (1, 2)),
        (2, ROBOT, (3,)),
    ]
    assert [one.is_single for one in passages_of([text])] == [True, True, True, False, False]


@given(st.lists(st.text(alphabet="ab. \n|#-年。", max_size=40), max_size=3))
def test_a_passage_is_that_span_of_its_text(texts):
    for one in passages_of(texts):
        assert one.text == texts[one.source][one.start : one.end] == one.text.strip() != ""


def test_likeness_is_the_cosine_and_the_share_of_words_and_numbers():
    # Of staff, days, leave and 29 (which counts twice) the first has all, the second days, the third none.
    found = match("Staff have 29 days of leave", [DAYS, "Ten days.", ROBOT], {DAYS: 30, "Ten days.": 60, ROBOT: 180})
    np.testing.assert_allclose(found.cosines, [3**0.5 / 2, 0.5, -1.0], atol=1e-6)
    np.testing.assert_allclose(found.likeness, [0.4 * 3**0.5 / 2 + 0.6, 0.4 * 0.5 + 0.6 / 5, -0.4], atol=1e-6)
    np.testing.assert_allclose(found.support, [0.4 * 3**0.5 / 2 + 0.6, -1.0, -1.0], atol=1e-6)
    assert [number.text for number in found.numbers] == ["29"]
    assert found.lacks.tolist() == [[False, True, True]]


def test_other_words_are_alike_by_the_cosine_less_a_fifth():
    found = match("A machine delivers mail", [ROBOT], {ROBOT: 0})
    np.testing.assert_allclose(found.likeness, [0.8], atol=1e-6)


def test_two_sentences_count_where_they_are_nearer_than_each():
    statement = "Staff rest and the robot brings parcels"
    nearer = match(statement, [f"{DAYS} {ROBOT}"], {DAYS: -40, ROBOT: 40})
    np.testing.assert_allclose(nearer.cosines[2], 1.0, atol=1e-6)
    assert nearer.likeness.argmax() == 2
    no_nearer = match(statement, [f"{DAYS} {ROBOT}"], {DAYS: 10, ROBOT: 40})
    assert no_nearer.likeness[2] == -1.0


def test_opposite_sentences_have_no_mean_and_do_no_harm():
    found = match("Anything at all", [f"{DAYS} {ROBOT}"], {DAYS: 0, ROBOT: 180})
    assert np.isfinite(found.cosines).all()


def test_numbers_that_may_be_none_are_not_required():
    assert [number.text for number in required_numbers("First, one of the two boxes holds 29.")] == ["two", "29"]


@pytest.mark.parametrize("text", ["ab " * 400, "年" * 400, "a" * 4000])
def test_a_sentence_longer_than_the_model_reads_counts_by_its_beginning(text):
    seen: list[str] = []

    class Strict(WordEmbedder):
        def encode_documents(self, texts: Sequence[str]):
            seen.extend(texts)
            assert max(self.count_tokens(texts)) <= self.window
            return super().encode_documents(texts)

    assert sentence_vectors([text, DAYS], Strict()).shape == (2, 16)
    assert text.startswith(seen[0])
    assert len(seen[0].encode()) > WordEmbedder().window / 2
    assert seen[1] == DAYS


def test_half_a_character_reaches_no_model(embedder):
    vectors = sentence_vectors(["Staff \ud800 rest.", "Staff \ufffd rest."], embedder)
    np.testing.assert_allclose(vectors[0], vectors[1])


def test_a_server_that_refuses_long_texts_is_sent_none(ollama):
    model = OllamaEmbedder(ollama, "all-minilm")
    vectors = sentence_vectors(["leave days " * 3000, "leave \ud800 days", "leave days"], model)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
