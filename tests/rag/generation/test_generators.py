"""Models that answer: which is chosen, how each is asked, how the built-in one stops, and what is learned."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from rag import config
from rag.errors import ModelError
from rag.generation.builtin import BuiltinGenerator
from rag.generation.generators import default_generator, load_generator
from rag.generation.ranking import Default
from rag.generation.types import AnsweringOptions, Prompt
from rag.servers.types import Message, Usage
from tests.support.scripted_ollama import CHAT_MODEL, HEALTHY, TEMPLATE, Stream, chat_lines, scripted_server, streamed
from tests.support.small_vocabulary import smollm2_tokenizer

STORY = (Message("user", "Tell a long story about a lighthouse, in one paragraph."),)
QUESTION = (Message("system", "Be brief."), Message("user", "Where do otters sleep? " * 20))
EMBEDS = {"name": "bert:latest", "model": "bert:latest", "size": 1, "details": {"family": "bert"}}
PATIENCE = 60
"""Seconds after which a test gives up waiting."""


@pytest.fixture(scope="module")
def builtin() -> BuiltinGenerator:
    smollm2_tokenizer()
    return BuiltinGenerator.load()


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """What is learned here stays here."""
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def serve(apart, monkeypatch):
    """Makes OLLAMA_HOST a scripted server with these answers besides the healthy ones."""
    running = []

    def start(answers):
        server = scripted_server({**HEALTHY, **answers})
        running.append(server)
        scripted = server.__enter__()
        monkeypatch.setenv("OLLAMA_HOST", scripted.address)
        return scripted

    yield start
    for server in running:
        server.__exit__(None, None, None)


def prompt(messages=QUESTION, limit: int = 64) -> Prompt:
    return Prompt(messages, (), (), 0, 2048, limit)


def show(*, template: str = TEMPLATE, context_length: int = 4096):
    return 200, {"model_info": {"llama.context_length": context_length}, "template": template}


# The built-in model


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["", "Where do otters sleep?", "Wo schlafen Otter? \U0001f9a6 \u6c34\u736d", "a\n\n\n  b"]
)
def test_the_builtin_model_counts_what_transformers_counts(builtin, text):
    messages = [Message("system", "Be brief."), Message("user", text), Message("assistant", "At sea.")]
    wire = [{"role": message.role, "content": message.content} for message in messages]
    assert builtin.counts_exactly
    counted = smollm2_tokenizer().apply_chat_template(wire, add_generation_prompt=True)["input_ids"]
    assert builtin.count_tokens(messages) == len(counted)


def test_the_builtin_model_reports_what_it_read_and_wrote(builtin):
    *pieces, usage = builtin.stream(prompt(STORY, limit=5))
    assert usage.prompt_tokens == builtin.count_tokens(STORY)
    assert (usage.answer_tokens, usage.ending, usage.was_cut) == (5, "length", False)
    assert usage.prompt_seconds > 0
    assert usage.answer_seconds > 0
    assert all(isinstance(piece, str) for piece in pieces)


def test_the_builtin_model_stops_between_tokens(builtin):
    stop = threading.Event()
    requests = []
    for piece in builtin.stream(prompt(STORY, limit=400), stop):
        requests.append(piece)
        stop.set()
    assert requests[0]
    assert requests[-1].ending == "stopped"
    assert requests[-1].answer_tokens < 100


def test_a_question_that_waits_for_the_builtin_model_can_be_stopped(builtin):
    stop = threading.Event()
    writing = builtin.stream(prompt(STORY, limit=400))
    next(writing)
    requests = []
    waiting = threading.Thread(target=lambda: requests.extend(builtin.stream(prompt(STORY), stop)))
    waiting.start()
    stop.set()
    waiting.join(PATIENCE)
    writing.close()
    assert requests == [Usage(None, None, "stopped")]


@pytest.mark.slow
def test_a_question_that_waits_is_answered_in_its_turn(builtin):
    first = builtin.stream(prompt(STORY, limit=400))
    next(first)
    requests = []
    waiting = threading.Thread(target=lambda: requests.extend(builtin.stream(prompt(STORY, limit=3))))
    waiting.start()
    for _ in range(20):  # in which the other could have written its three tokens
        next(first)
    assert requests == []
    first.close()
    waiting.join(PATIENCE)
    assert requests[-1].answer_tokens == 3


def test_the_builtin_model_keeps_its_own_limits(builtin):
    wide = BuiltinGenerator.load(AnsweringOptions(temperature=1.0, context_window=8192, max_answer_tokens=1000))
    assert (wide.context_window, wide.max_answer_tokens) == (2048, config.MAX_TINY_ANSWER_TOKENS)
    assert (wide.temperature, wide.style, wide.name) == (0.0, "tiny", "builtin")
    narrow = BuiltinGenerator.load(AnsweringOptions(context_window=512, max_answer_tokens=20))
    assert (narrow.context_window, narrow.max_answer_tokens) == (512, 20)


# Which model


@pytest.mark.parametrize(
    ("name", "says"), [("gpt", "There is no answering model 'gpt'"), ("openai:m", "EXPLORER_OPENAI_URL")]
)
def test_a_model_that_cannot_be_had_is_said(name, says, monkeypatch):
    monkeypatch.delenv("EXPLORER_OPENAI_URL", raising=False)
    with pytest.raises(ModelError, match=says):
        load_generator(name)


def test_by_default_a_model_with_a_template_answers_and_never_one_that_embeds(serve):
    bare = {**CHAT_MODEL, "name": "base", "model": "base"}
    shown = {"base": show(template="{{ .Prompt }}"), "scripted:latest": show(), "bert:latest": show()}
    scripted = serve(
        {
            "/api/tags": (200, {"models": [EMBEDS, bare, CHAT_MODEL]}),
            "/api/show": lambda body: shown[body["model"]],
        }
    )
    assert default_generator() == Default("ollama:scripted:latest")
    assert "bert:latest" not in {body["model"] for body in scripted.sent_to("/api/show")}


def test_by_default_a_base_model_answers_only_where_there_is_no_other(serve, monkeypatch):
    serve({"/api/show": show(template="{{ .Prompt }}")})
    default = default_generator()
    assert default.name == "builtin"
    assert default.reason == (
        "'scripted:latest' has no chat template: it continues the text of the prompt instead of answering."
    )
    monkeypatch.setattr("rag.generation.ranking.has_builtin", lambda: False)
    default = default_generator()
    assert default.name == "ollama:scripted:latest"
    assert default.reason.endswith("No other model is installed.")


def test_by_default_the_other_server_answers_where_ollama_has_no_model_and_else_the_builtin_one(serve, monkeypatch):
    scripted = serve(
        {
            "/api/tags": (200, {"models": [EMBEDS]}),
            "/v1/models": (200, {"object": "list", "data": [{"id": "local", "object": "model"}]}),
        }
    )
    monkeypatch.delenv("EXPLORER_OPENAI_URL", raising=False)
    assert default_generator() == Default("builtin")
    monkeypatch.setenv("EXPLORER_OPENAI_URL", f"{scripted.address}/v1")
    assert default_generator() == Default("openai:local")


# How a served model is asked


@pytest.mark.parametrize(("trained", "asked", "window"), [(4096, 8192, 4096), (8192, 2048, 2048)])
def test_the_window_is_what_is_asked_for_and_what_the_model_was_trained_for(serve, trained, asked, window):
    serve({"/api/show": show(context_length=trained)})
    assert load_generator("ollama:scripted", AnsweringOptions(context_window=asked)).context_window == window


@pytest.mark.parametrize(("template", "style"), [(TEMPLATE, "chat"), ("{{ .Prompt }}", "plain")])
def test_a_model_without_a_template_wants_its_prompt_as_one_text(serve, template, style):
    serve({"/api/show": show(template=template)})
    assert load_generator("ollama:scripted").style == style


def test_ollama_is_asked_as_the_options_say(serve):
    scripted = serve({"/api/chat": streamed("At sea.")})
    options = AnsweringOptions(temperature=0.5, context_window=2048, max_answer_tokens=64, keep_alive="1h")
    generator = load_generator("ollama:scripted", options)
    list(generator.stream(prompt()))
    (sent,) = scripted.sent_to("/api/chat")
    assert sent["options"] == {"num_ctx": 2048, "num_predict": 64, "temperature": 0.5}
    assert sent["keep_alive"] == "1h"
    assert [message["content"] for message in sent["messages"]] == [message.content for message in QUESTION]


# What is learned


def learned_from(serve, answer) -> tuple[int, int, Usage]:
    """The count before and after an answer, and its Usage."""
    serve({"/api/chat": answer})
    generator = load_generator("ollama:scripted")
    before = generator.count_tokens(QUESTION)
    usage = list(generator.stream(prompt()))[-1]
    return before, generator.count_tokens(QUESTION), usage


def test_an_answer_teaches_how_the_server_counts(serve):
    before, after, usage = learned_from(serve, streamed("At sea.", prompt_tokens=130))
    assert before > after >= 130 == usage.prompt_tokens
    assert not usage.was_cut


def test_a_cut_prompt_is_said_and_teaches_nothing(serve):
    before, after, usage = learned_from(serve, streamed("At sea.", prompt_tokens=20))
    assert usage.was_cut
    assert after == before


def test_an_answer_that_broke_off_teaches_nothing(serve):
    before, after, usage = learned_from(serve, Stream(chat_lines("At sea.", prompt_tokens=130)[:-1]))
    assert usage.ending == "broken"
    assert after == before


def test_a_stopped_answer_teaches_nothing_and_leaves_the_server(serve):
    lines = chat_lines("At sea.", prompt_tokens=130)
    scripted = serve({"/api/chat": Stream(lines[:-1], stays_open=True)})
    generator = load_generator("ollama:scripted")
    before = generator.count_tokens(QUESTION)
    stop = threading.Event()
    requests = []
    for piece in generator.stream(prompt(), stop):
        requests.append(piece)
        stop.set()
    assert requests[-1].ending == "stopped"
    assert scripted.left.wait(PATIENCE)
    assert generator.count_tokens(QUESTION) == before


def test_closing_the_answer_leaves_the_server(serve):
    scripted = serve({"/api/chat": Stream(chat_lines("At sea.", prompt_tokens=130)[:-1], stays_open=True)})
    answer = load_generator("ollama:scripted").stream(prompt())
    next(answer)
    answer.close()
    assert scripted.left.wait(PATIENCE)


def test_a_model_of_another_server_answers_and_teaches(apart, ollama, monkeypatch):
    monkeypatch.setenv("EXPLORER_OPENAI_URL", f"{config.ollama_host()}/v1")
    generator = load_generator("openai:gemma3:270m", AnsweringOptions(context_window=2048, max_answer_tokens=4))
    assert (generator.name, generator.style, generator.context_window) == ("openai:gemma3:270m", "chat", 2048)
    messages = (Message("user", "Where do otters sleep? " * 20),)
    before = generator.count_tokens(messages)
    *pieces, usage = generator.stream(replace(prompt(messages), max_answer_tokens=4))
    assert "".join(pieces)
    assert usage.prompt_tokens <= generator.count_tokens(messages) < before
