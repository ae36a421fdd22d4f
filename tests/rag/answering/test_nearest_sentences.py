"""What a tiny model is shown of the hits: the sentences with the answer, also where only a code tells them apart."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from rag import config
from rag.answering.claims import Statement
from rag.answering.grounding import nearest_sentences
from rag.answering.passage_match import likeness, match_statements, passages_of
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.retrievers import DenseRetriever
from tests.support.turns import made_hit

ERROR_CODES = [
    row["code"]
    for path in sorted(config.SAMPLES.rglob("error-codes.csv"))
    for row in csv.DictReader(path.read_text("utf-8").splitlines())
]
QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]


def shown(hits) -> str:
    return " ".join(" ".join(hit.excerpt.split()) for hit in hits)


def test_the_sentence_with_the_code_that_was_asked_for_is_shown(sample, embedder):
    retriever = HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder)
    assert len(ERROR_CODES) > 10
    for code in ERROR_CODES:
        question = f"What does error code {code} mean?"
        assert code in shown(nearest_sentences(question, retriever.retrieve(question), embedder))


@pytest.mark.slow
def test_the_sentences_that_answer_the_sample_questions_are_shown(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    assert len(QUESTIONS) == 30
    for item in QUESTIONS:
        hits = nearest_sentences(item["question"], retriever.retrieve(item["question"]), embedder)
        assert " ".join(item["passage"].split())[:60] in shown(hits)


def test_likeness_is_that_by_which_sentences_support(embedder):
    question, texts = (
        "What does code E58 mean?",
        ["E58: two sensors disagree.", "E27: out of range.", "Staff have leave."],
    )
    cosines = (embedder.encode_documents(texts) @ embedder.encode_documents([question])[0]).clip(-1, 1)
    stated = Statement(0, len(question), question, True)
    [match] = match_statements([stated], passages_of(texts), embedder)
    np.testing.assert_allclose(likeness(question, cosines, texts), match.likeness, atol=1e-5)


def test_only_the_sentence_that_answers_is_shown(embedder):
    hits = [made_hit(1, "Owls hunt at night. Owls eat mice and voles."), made_hit(2, "Bread is baked here.")]
    found = nearest_sentences("What do owls eat?", hits, embedder, 1)
    assert [hit.excerpt for hit in found] == ["Owls eat mice and voles."]
    title = made_hit(1, "# Title")
    assert nearest_sentences("What?", [title], embedder)[0].excerpt == "topic: Birds"
    bare = replace(title, chunk=replace(title.chunk, fields=()))
    assert nearest_sentences("What?", [bare], embedder)[0].excerpt == ""


@pytest.mark.parametrize("n", [1, 2])
def test_at_most_so_many_sentences(embedder, n):
    text = "The heron wades in the water. The heron waits for fish. The heron flies home."
    [hit] = nearest_sentences("What does the heron wait for?", [made_hit(1, text)], embedder, n)
    assert hit.excerpt.count(".") == n
    assert "The heron waits for fish." in hit.excerpt
