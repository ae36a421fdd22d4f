"""Answering a question step by step, with a scripted model and with real ones; every failure ends in an Answer."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest

from rag import config
from rag.answer import Equipment, Found, Request, Stage, answer_question, text_with
from rag.answering.types import Answer, Exchange
from rag.embedding.embedder import load_embedder
from rag.errors import ModelError, OllamaError
from rag.generation.builtin import BuiltinGenerator
from rag.generation.generators import load_generator
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.settings import RetrievalSettings
from rag.servers.types import Thought, Usage
from tests.support.fakes import ScriptedGenerator

QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
LEAVE = Request("How many days of paid leave do full-time staff have?")


@pytest.fixture
def retriever(sample, embedder):
    return DenseRetriever(sample, load_index(sample), embedder)


def steps_of(request, retriever, embedder, generator, stop=None) -> list:
    return list(answer_question(request, Equipment(retriever, embedder, generator), stop))


def test_every_step_is_yielded_in_order_and_kept(retriever, embedder):
    generator = ScriptedGenerator(Thought("Leave. "), Thought("Days."), "They have ", "29 days.")
    *steps, answer = steps_of(LEAVE, retriever, embedder, generator)
    stages = [Stage("retrieving"), Found(answer.hits), Stage("waiting")]
    assert steps == [*stages, Thought("Leave. "), Thought("Days."), "They have ", "29 days.", Stage("citing")]
    assert (answer.text, answer.thoughts, answer.problem) == ("They have 29 days.", "Leave. Days.", "")
    assert answer.hits == retriever.retrieve(LEAVE.question, 5)
    assert answer.prompt is generator.prompts[0]
    assert answer.query == answer.question == LEAVE.question
    assert answer.usage.prompt_tokens == answer.prompt.n_tokens == sum(vars_of(answer.prompt.parts))
    assert list(answer.query_vector) == pytest.approx(embedder.encode_queries([LEAVE.question])[0].tolist(), abs=1e-6)
    assert answer.timings.first_token is not None
    assert answer.timings.total >= answer.timings.retrieval + answer.timings.citing


def vars_of(parts) -> list[int]:
    return [parts.system, parts.history, parts.context, parts.question]


def test_sample_questions_find_their_passage(retriever):
    found = [retriever.retrieve(item["question"], 1)[0] for item in QUESTIONS]
    right = sum(item["passage"] in top.chunk.text for item, top in zip(QUESTIONS, found, strict=True))
    assert right >= 25


def test_a_copied_sentence_cites_its_chunk_and_a_foreign_one_nothing(retriever, embedder):
    item = QUESTIONS[0]
    foreign = "Volcanoes on distant moons throw out sulphur."
    generator = ScriptedGenerator(item["passage"], " ", foreign)
    answer = steps_of(Request(item["question"]), retriever, embedder, generator)[-1]
    copied, other = answer.supports
    assert answer.text[copied.start : copied.end] == item["passage"]
    assert item["passage"] in answer.prompt.hits[copied.number - 1].chunk.text
    assert (copied.verdict, other.verdict, other.number) == ("supported", "unsupported", 0)


def test_a_follow_up_is_rewritten_unless_its_query_is_given_or_that_is_off(retriever, embedder):
    history = (Exchange(LEAVE.question, "29 days."),)
    follow_up = Request("And when must it be taken?", history=history)
    generator = ScriptedGenerator("When must full-time staff take their paid leave?")
    steps = steps_of(follow_up, retriever, embedder, generator)
    assert steps[0] == Stage("rewriting")
    assert steps[-1].query == "When must full-time staff take their paid leave?"
    assert steps[-1].question == follow_up.question
    assert len(generator.prompts) == 2
    for request in (replace(follow_up, query="taking leave"), replace(follow_up, rewrites=False)):
        generator = ScriptedGenerator("By March.")
        answer = steps_of(request, retriever, embedder, generator)[-1]
        assert answer.query == (request.query or request.question)
        assert len(generator.prompts) == 1
        assert any("29 days." in message.content for message in generator.prompts[0].messages)


def test_if_no_passage_reaches_the_minimum_no_model_is_asked_unless_it_is_ignored(retriever, embedder):
    request = Request("What is the airspeed of a swallow?", settings=RetrievalSettings(minimum=0.95))
    never = ScriptedGenerator(AssertionError("the model was asked"))
    answer = steps_of(request, retriever, embedder, never)[-1]
    assert answer.prompt.messages == ()
    assert "do not seem to cover this" in answer.problem
    assert len(answer.hits) == 5
    asked = steps_of(replace(request, ignore_minimum=True), retriever, embedder, ScriptedGenerator("Eleven."))[-1]
    assert (asked.text, asked.problem) == ("Eleven.", "")


def test_a_question_that_does_not_fit_the_context_window_is_a_problem(retriever, embedder):
    never = ScriptedGenerator(AssertionError("the model was asked"), context_window=200)
    answer = steps_of(Request("word " * 300), retriever, embedder, never)[-1]
    assert "Shorten them" in answer.problem
    assert answer.prompt.messages == ()


@pytest.mark.parametrize(
    ("end", "problem"),
    [(OllamaError("Ollama stopped in the middle."), "Ollama stopped"), (Usage(None, None, "broken"), "ended before")],
)
def test_a_model_that_fails_keeps_what_it_wrote(retriever, embedder, end, problem):
    answer = steps_of(LEAVE, retriever, embedder, ScriptedGenerator("They have 29 days. ", "And", end))[-1]
    assert answer.text == "They have 29 days. And"
    assert answer.usage.ending == "broken"
    assert problem in answer.problem
    assert answer.supports


def test_an_answer_whose_sentences_cannot_be_checked_is_kept(retriever, embedder):
    class GoneAfterwards:
        def encode_queries(self, texts):
            raise OllamaError("No Ollama server answers.")

        encode_documents = count_tokens = encode_queries

    answer = steps_of(LEAVE, retriever, GoneAfterwards(), ScriptedGenerator("They have 29 days of leave."))[-1]
    assert (answer.text, answer.problem, answer.supports) == ("They have 29 days of leave.", "", ())
    assert any("No Ollama server answers." in note for note in answer.notes)


def test_a_stopped_answer_is_an_answer(retriever, embedder):
    stop = threading.Event()
    progress = answer_question(LEAVE, Equipment(retriever, embedder, ScriptedGenerator("One.", " Two.")), stop)
    steps = []
    for piece in progress:
        steps.append(piece)
        if piece == "One.":
            stop.set()
    assert (steps[-1].text, steps[-1].usage.ending, steps[-1].problem) == ("One.", "stopped", "")


def test_without_documents_nothing_is_retrieved(embedder):
    class Never:
        def retrieve(self, query, k):
            raise AssertionError("was searched")

    generator = ScriptedGenerator("I do not know.")
    answer = steps_of(replace(LEAVE, uses_documents=False), Never(), embedder, generator)[-1]
    assert (answer.hits, answer.supports, answer.query_vector) == ((), (), ())
    assert "passage" not in " ".join(message.content for message in generator.prompts[0].messages).lower()


def test_a_prompt_that_the_server_cut_is_noted(retriever, embedder):
    answer = steps_of(LEAVE, retriever, embedder, ScriptedGenerator("29.", Usage(20, 1, "finished", was_cut=True)))[-1]
    assert any("The server read only 20 of the prompt's tokens" in note for note in answer.notes)


def test_the_same_prompt_again_gives_the_text_alone(retriever, embedder):
    generator = ScriptedGenerator(Thought("hm"), " They have 29. ")
    equipment = Equipment(retriever, embedder, generator)
    answer = list(answer_question(LEAVE, equipment))[-1]
    assert text_with(LEAVE, answer.prompt.hits, equipment) == answer.text
    assert generator.prompts[0].messages == generator.prompts[1].messages


def ask(retriever, embedder, generator) -> Answer:
    request = replace(LEAVE, settings=RetrievalSettings(k=3))
    *pieces, answer = answer_question(request, Equipment(retriever, embedder, generator))
    assert "".join(piece for piece in pieces if isinstance(piece, str)).strip() == answer.text
    return answer


@pytest.mark.slow
def test_the_builtin_model_answers_from_the_passage(retriever, embedder):
    answer = ask(retriever, embedder, BuiltinGenerator.load())
    assert "29" in answer.text
    assert answer.usage.prompt_tokens == answer.prompt.n_tokens
    assert any(one.verdict == "supported" for one in answer.supports)


def test_ollama_streams_and_reports(retriever, embedder, ollama):
    answer = ask(retriever, embedder, load_generator("ollama:gemma3:270m"))
    assert answer.usage.ending in ("finished", "length")
    assert answer.text
    assert answer.usage.prompt_tokens


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


def test_a_stopped_ollama_is_named_with_its_address(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    with pytest.raises(OllamaError, match=r"No Ollama server answers at 127\.0\.0\.1:9"):
        load_generator("ollama:gemma3:270m")


def test_an_unknown_embedding_model_lists_the_available_ones(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"'nobody/nothing' is not on this machine.*all-MiniLM-L6-v2"):
        load_embedder("nobody/nothing")
