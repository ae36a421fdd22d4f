"""Prompts that fit, citations that point at the right passage, answers from real models."""

from __future__ import annotations

import json

import pytest

from rag import config
from rag.answer import answer_question
from rag.chat_types import Answer
from rag.embedding import load_embedder
from rag.errors import ModelError, OllamaError, PromptError
from rag.generation import BuiltinGenerator, load_generator
from rag.grounding import cite, nearest_sentences, split_sentences
from rag.prompting import build_prompt
from rag.retrieval import DenseRetriever, load_index
from rag.types import Chunk, Finding, Hit

QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]


def words(messages) -> int:
    return sum(len(message.content.split()) for message in messages)


def hit(text: str, rank: int = 1) -> Hit:
    return Hit(Chunk("d", 0, len(text), text, 1, chunk_id=rank), "d.txt", 0.5, rank, (Finding("dense", rank, 0.5),))


def test_a_prompt_takes_what_fits_and_numbers_it():
    hits = [hit("one " * 20, 1), hit("two " * 400, 2), hit("three " * 20, 3)]
    prompt = build_prompt("Why?", hits, context_window=200, max_answer_tokens=50, count_tokens=words)
    assert [item.rank for item in prompt.hits] == [1, 3]
    assert [item.rank for item in prompt.left_out] == [2]
    assert prompt.n_tokens == words(prompt.messages) <= 150
    assert "[1] one" in prompt.messages[1].content
    assert "[2] three" in prompt.messages[1].content


@pytest.mark.parametrize(("question", "text"), [("word " * 300, "short"), ("Why?", "word " * 300)])
def test_what_cannot_fit_is_said(question, text):
    with pytest.raises(PromptError, match=r"window"):
        build_prompt(question, [hit(text)], context_window=200, max_answer_tokens=50, count_tokens=words)


def test_sentences_are_exact_spans():
    text = "Dr. Lund paid 3.50 for it. Did she?\n\n- A list\n- goes on"
    assert [text[a:b] for a, b in split_sentences(text)] == [
        "Dr. Lund paid 3.50 for it.",
        "Did she?",
        "- A list",
        "- goes on",
    ]


def test_sample_questions_find_their_passage(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    found = [retriever.retrieve(item["question"], 1)[0] for item in QUESTIONS]
    right = sum(item["passage"] in top.chunk.text for item, top in zip(QUESTIONS, found, strict=True))
    assert right >= 25


def test_a_copied_sentence_cites_its_chunk_and_a_foreign_one_nothing(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    item = QUESTIONS[0]
    hits = retriever.retrieve(item["question"], 5)
    answer = item["passage"] + " Volcanoes on distant moons throw out sulphur."
    citations = cite(answer, hits, embedder)
    assert [answer[c.start : c.end] for c in citations] == [item["passage"]]
    assert item["passage"] in citations[0].hit.chunk.text
    assert hits[citations[0].number - 1] == citations[0].hit


def test_a_tiny_model_is_shown_the_sentences_nearest_to_the_question(sample, embedder):
    item = QUESTIONS[0]
    hits = DenseRetriever(sample, load_index(sample), embedder).retrieve(item["question"], 5)
    shown = nearest_sentences(item["question"], hits, embedder)
    assert any(item["passage"] in one.excerpt for one in shown)
    assert all(sentence in one.chunk.text for one in shown for sentence in [one.excerpt.split(". ")[0]])
    prompt = build_prompt(item["question"], shown, context_window=2048, count_tokens=words, is_tiny=True)
    assert item["passage"] in prompt.messages[1].content
    assert hits[0].chunk.text not in prompt.messages[1].content


def ask(sample, embedder, generator) -> Answer:
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    question = "How many days of paid leave do full-time staff have?"
    *pieces, answer = answer_question(question, retriever=retriever, embedder=embedder, generator=generator, k=3)
    assert isinstance(answer, Answer)
    assert "".join(pieces).strip() == answer.text
    return answer


@pytest.fixture(scope="module")
def builtin() -> BuiltinGenerator:
    return BuiltinGenerator.load()


def test_the_builtin_model_answers_from_the_passage(sample, embedder, builtin):
    answer = ask(sample, embedder, builtin)
    assert "29" in answer.text
    assert answer.usage.prompt_tokens == answer.prompt.n_tokens
    assert answer.citations


def test_the_builtin_model_stops_when_closed(builtin):
    stream = builtin.stream(build_prompt("Count.", [], context_window=2048, count_tokens=builtin.count_tokens))
    assert next(stream)
    stream.close()
    assert next(builtin.stream(build_prompt("Hi.", [], context_window=2048, count_tokens=builtin.count_tokens)))


def test_ollama_streams_and_reports(sample, embedder, ollama):
    answer = ask(sample, embedder, load_generator("ollama:gemma3:270m"))
    assert answer.usage.ending in ("finished", "length")
    assert answer.text


def test_ollama_embeds_as_sentence_transformers_does(embedder, ollama):
    other = load_embedder("ollama:all-minilm")
    texts = ["A crane lifts steel.", "A crane wades in the marsh."]
    similarity = (other.encode_documents(texts) * embedder.encode_documents(texts)).sum(axis=1)
    assert similarity.min() > 0.999
    assert other.count_tokens(["Überraschend unbelievable tokenization!"]) == embedder.count_tokens(
        ["Überraschend unbelievable tokenization!"]
    )


def test_an_unknown_ollama_model_is_named(ollama):
    with pytest.raises(OllamaError, match=r"does not have the model 'nope'.*ollama pull nope"):
        load_generator("ollama:nope")


def test_ollama_away_is_said(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    with pytest.raises(OllamaError, match=r"No Ollama server answers at 127\.0\.0\.1:9"):
        load_generator("ollama:gemma3:270m")


def test_an_unknown_embedding_model_lists_what_there_is(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"'nobody/nothing' is not on this machine.*all-MiniLM-L6-v2"):
        load_embedder("nobody/nothing")
