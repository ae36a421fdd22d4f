"""The Ollama server: what it is sent, what comes back, stopping it, and a sentence for each fault."""

from __future__ import annotations

import threading

import pytest

from rag.errors import OllamaError
from rag.servers.ollama import ModelDetails, OllamaServer
from rag.servers.types import Message, Thought, Usage
from tests.support.scripted_ollama import Stream, chat_lines, scripted_ollama, scripted_server, streamed
from tests.support.servers.ollama_requests import ANSWER, HALF, PATIENCE, QUESTION, ask, asked, text_of


def test_an_answer_comes_word_by_word_with_what_the_server_counted():
    pieces = asked(streamed(ANSWER, prompt_tokens=20))
    assert pieces[:-1] == ["On", " the", " water,", " hand", " in", " hand."]
    assert pieces[-1] == Usage(20, 6, "finished", load_seconds=1.0, prompt_seconds=2.0, answer_seconds=4.0)


def test_the_request_says_how_long_the_context_and_the_answer_may_be():
    with scripted_server({"/api/chat": streamed(ANSWER)}) as server:
        list(ask(server.address, keep_alive="-1"))
        list(ask(server.address, keep_alive="10m"))
    first, second = server.sent_to("/api/chat")
    assert first == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Where do otters sleep?"},
        ],
        "options": {"num_ctx": 2048, "num_predict": 64, "temperature": 0.0},
        "keep_alive": -1,
        "stream": True,
    }
    assert second["keep_alive"] == "10m"


@pytest.mark.parametrize(
    "answer", [streamed(ANSWER, thinking="Hm, otters."), streamed("<think>Hm, otters.</think>" + ANSWER)]
)
def test_thoughts_are_told_apart(answer):
    pieces = asked(answer)
    assert "".join(piece.text for piece in pieces if isinstance(piece, Thought)) == "Hm, otters."
    assert text_of(pieces) == ANSWER


def test_an_answer_that_reached_its_limit_says_so():
    last = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "length"}
    assert asked((200, last)) == [Usage(None, None, "length")]


def test_letters_that_some_take_for_line_ends_stay_in_the_text():
    odd = "one\u0085two\u2028three\x1cfour\rfive"
    assert text_of(asked(streamed(odd))) == odd


def test_a_stream_without_its_last_message_is_broken():
    pieces = asked(Stream(chat_lines(ANSWER, prompt_tokens=1)[:-1]))
    assert pieces[-1] == Usage(None, None, "broken")
    assert text_of(pieces) == ANSWER


def test_stop_in_mid_answer_hangs_up_and_keeps_what_came():
    with scripted_server({"/api/chat": Stream(HALF, stays_open=True)}) as server:
        stop = threading.Event()
        pieces = ask(server.address, stop)
        written = [next(pieces), next(pieces), next(pieces)]
        stop.set()
        assert list(pieces) == [Usage(None, None, "stopped")]
        assert server.left.wait(PATIENCE)
    assert text_of(written) == "On the water,"


def test_stop_while_waiting_for_the_first_word():
    reached, over, stop = threading.Event(), threading.Event(), threading.Event()

    def pause(number: int) -> None:
        reached.set()
        over.wait(PATIENCE)

    with scripted_ollama({"/api/chat": streamed(ANSWER, pause=pause)}) as address:
        threading.Thread(target=lambda: (reached.wait(PATIENCE), stop.set())).start()
        assert list(ask(address, stop)) == [Usage(None, None, "stopped")]
        over.set()


def test_a_reader_that_goes_away_hangs_up():
    with scripted_server({"/api/chat": Stream(HALF, stays_open=True)}) as server:
        pieces = ask(server.address)
        next(pieces)
        pieces.close()
        assert server.left.wait(PATIENCE)


def test_the_server_may_die_and_come_back():
    with scripted_ollama({"/api/chat": streamed(ANSWER)}) as address:
        assert text_of(ask(address)) == ANSWER
    with pytest.raises(OllamaError, match="No Ollama server answers"):
        list(ask(address))


@pytest.mark.parametrize(
    ("shown", "details"),
    [
        (
            {
                "model_info": {"qwen3.context_length": 40960},
                "template": "{{ range .Messages }}{{ .Content }}{{ end }}",
                "capabilities": ["completion", "thinking"],
                "details": {"quantization_level": "Q4_K_M", "parameter_size": "4.0B"},
            },
            ModelDetails(40960, has_template=True, can_think=True, quantization="Q4_K_M", parameters="4.0B"),
        ),
        (
            {"model_info": {}, "template": "{{ .Prompt }}"},
            ModelDetails(None, has_template=False, can_think=False, quantization="", parameters=""),
        ),
        (
            {"model_info": {}, "template": "{{ .Prompt }}", "modelfile": "FROM x\nRENDERER qwen3-vl\n"},
            ModelDetails(None, has_template=True, can_think=False, quantization="", parameters=""),
        ),
    ],
    ids=["thinking", "base", "rendered by the server"],
)
def test_details(shown, details):
    with scripted_server({"/api/show": (200, shown)}) as server:
        assert OllamaServer(server.address).details("scripted") == details
        assert len(server.requests) == 1


def test_delete_names_the_model():
    with scripted_server({"/api/delete": (200, {})}) as server:
        OllamaServer(server.address).delete("small:latest")
    assert server.sent_to("/api/delete") == [{"model": "small:latest"}]


def test_what_is_in_memory():
    with scripted_ollama({"/api/ps": (200, {"models": [{"model": "small:latest"}]})}) as address:
        assert OllamaServer(address).loaded() == {"small:latest"}


def chat_really(ollama: OllamaServer, text: str, stop: threading.Event | None = None, num_predict: int = 12):
    return ollama.chat("gemma3:270m", [Message("user", text)], num_ctx=2048, num_predict=num_predict, stop=stop)


def test_really_streams(ollama):
    pieces = list(chat_really(ollama, "The otter is"))
    usage = pieces[-1]
    assert len(pieces) > 3
    assert (usage.prompt_tokens, usage.answer_tokens, usage.ending) == (4, 12, "length")
    assert usage.answer_seconds > 0
    assert "gemma3:270m" in ollama.loaded()


def test_really_stops_in_mid_answer_and_answers_again(ollama):
    stop = threading.Event()
    pieces = chat_really(ollama, "The otter is", stop, num_predict=1000)
    assert next(pieces)
    stop.set()
    assert list(pieces) == [Usage(None, None, "stopped")]
    assert list(chat_really(ollama, "The otter is"))[-1].ending == "length"


def test_really_stops_before_the_first_word(ollama):
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert list(chat_really(ollama, "otter " * 1900, stop)) == [Usage(None, None, "stopped")]


def test_really_lacks_a_model(ollama):
    for call in (ollama.details, ollama.delete, ollama.vocabulary, lambda name: ollama.embed(name, ["a"])):
        with pytest.raises(OllamaError, match=r"does not have the model 'nope'\. Run: ollama pull nope"):
            call("nope")


def test_really_refuses_a_keep_alive(ollama):
    with pytest.raises(OllamaError, match="Write a time like 5m"):
        list(ollama.chat("gemma3:270m", QUESTION, num_ctx=512, num_predict=1, keep_alive="soon"))


def test_really_says_what_a_model_is(ollama):
    base = ollama.details("gemma3:270m")
    assert (base.context_length, base.has_template, base.can_think) == (32768, False, False)
    assert ollama.version()
    (vector,) = ollama.embed("all-minilm", ["otters"])
    assert len(vector) == 384
