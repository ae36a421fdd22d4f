"""A record gives back the turn it was made of; what is not such a record is refused with a sentence."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from rag import config
from rag.answering.types import Contradiction, LabelledAnswer, Turn
from rag.conversations.record import VERSION, turn_from_json, turn_to_json
from rag.errors import CollectionError
from tests.support.turns import any_turns, made_answer, made_turn


def with_answer(**changes) -> Turn:
    return Turn("Q", (LabelledAnswer("", replace(made_answer("Q"), **changes)),))


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_turns())
def test_any_turn_comes_back(turn):
    assert turn_from_json(turn_to_json(turn)) == turn


def test_messages_come_back_byte_for_byte():
    turn = made_turn("\u202e\ufeff e\u0301 \x00\x1b\r\n \U0001f989")
    back = turn_from_json(turn_to_json(turn)).answers[0].answer.prompt.messages
    assert [message.content.encode() for message in back] == [
        message.content.encode() for message in turn.answers[0].answer.prompt.messages
    ]


def test_each_chunk_stands_there_once():
    long = "Bats sleep upside down. " * 40
    hits = tuple(
        replace(hit, chunk=replace(hit.chunk, text=long, end=len(long), page=None)) for hit in made_answer("Q").hits
    )
    prompt = replace(made_answer("Q").prompt, hits=hits, left_out=hits)
    answer = replace(made_answer("Q"), hits=hits, prompt=prompt, supports=(), dependences=())
    text = turn_to_json(Turn("Q", (LabelledAnswer("a", answer), LabelledAnswer("b", answer))))
    assert text.count(long) == 1
    assert len(json.loads(text)["hits"]) == 3
    back = turn_from_json(text).answers[1].answer
    assert back.hits[0].chunk is back.prompt.left_out[2].chunk


def test_vectors_are_float32_in_base64():
    vector = np.linspace(-1, 1, 384, dtype=np.float32)
    record = json.loads(turn_to_json(with_answer(query_vector=tuple(vector.tolist()))))
    stored = record["turn"]["answers"][0]["answer"]["query_vector"]
    assert base64.b64decode(stored) == vector.astype("<f4").tobytes()


def test_keys_of_later_versions_are_ignored_and_missing_ones_have_their_defaults():
    record = json.loads(turn_to_json(made_turn()))
    answer = record["turn"]["answers"][0]["answer"]
    record["later"] = answer["later"] = record["chunks"][0]["later"] = {"more": [1]}
    for gone in ("settings", "temperature", "asked_at"):
        del answer[gone]
    plain = made_answer("")
    back = turn_from_json(json.dumps(record)).answers[0].answer
    assert (back.text, back.asked_at, back.temperature) == (plain.text, "", 0.0)
    assert back.settings.k == 5


def test_recorded_answers_are_written_as_they_were():
    recorded = json.loads((config.SAMPLES / "recorded.json").read_text(encoding="utf-8"))["turns"]
    assert len(recorded) == 17
    for record in recorded:
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        assert turn_to_json(turn_from_json(text)) == text


def test_an_altered_sentence_comes_back_and_only_its_record_has_the_newer_version():
    plain = json.loads(turn_to_json(made_turn()))
    first, second = made_answer("Q").supports
    differences = (Contradiction("name", "Owls", "Bats"), Contradiction("negation", "not", ""))
    turn = with_answer(supports=(replace(first, verdict="altered", contradictions=differences), second))
    record = json.loads(turn_to_json(turn))
    assert (plain["version"], record["version"]) == (1, VERSION)
    one, two = record["turn"]["answers"][0]["answer"]["supports"]
    assert one["contradictions"][0] == {"kind": "name", "stated": "Owls", "found": "Bats"}
    assert "contradictions" not in two
    assert turn_from_json(json.dumps(record)) == turn


@pytest.mark.parametrize("number", ["9007199254740993", "-9007199254740993", "1" + "0" * 400, "1e999", "-1e999"])
def test_numbers_that_not_every_reader_of_json_holds_are_refused(number):
    text = turn_to_json(made_turn())
    for name, value in (("temperature", "0.7"), ("chunk_id", "1")):
        stored = f'"{name}":{value}'
        assert stored in text
        with pytest.raises(CollectionError, match=r"A stored answer is damaged: it holds a number"):
            turn_from_json(text.replace(stored, f'"{name}":{number}', 1))


def test_a_fault_is_named_with_its_place():
    record = json.loads(turn_to_json(made_turn()))
    record["turn"]["answers"][0]["answer"]["usage"]["was_cut"] = "no"
    with pytest.raises(CollectionError, match=r"turn\.answers\.0\.answer\.usage\.was_cut is 'no': .*boolean"):
        turn_from_json(json.dumps(record))
    del record["chunks"][0]["text"]
    with pytest.raises(CollectionError, match=r"damaged: chunks\.0\.text is missing\."):
        turn_from_json(json.dumps({**record, "turn": WHOLE["turn"]}))


def test_a_newer_record_is_named_so():
    record = {**json.loads(turn_to_json(made_turn())), "version": VERSION + 1}
    with pytest.raises(CollectionError, match=r"newer version of this program.*Update"):
        turn_from_json(json.dumps(record))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"text"', "{}", '{"version": 1}', "[" * 100_000, "NaN"])
def test_what_is_no_record_is_damaged(text):
    with pytest.raises(CollectionError, match=r"A stored answer is damaged: .*Delete its conversation"):
        turn_from_json(text)


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [below for key, child in children for below in _paths(child, (*path, key))]


WHOLE = json.loads(turn_to_json(made_turn()))


@pytest.mark.parametrize("wrong", [{"a": 1}, [[[]]], -1, 1e300, "\ud800", True, None, 2**60, "\x00"])
def test_a_wrong_value_anywhere_is_refused_or_makes_a_turn_that_can_be_stored(wrong):
    n_refused = 0
    for path in _paths(WHOLE):
        record = json.loads(json.dumps(WHOLE))
        *above, last = path
        inner = record
        for key in above:
            inner = inner[key]
        inner[last] = wrong
        try:
            turn = turn_from_json(json.dumps(record))
        except CollectionError:
            n_refused += 1
        else:
            assert turn_from_json(turn_to_json(turn)) == turn
    assert n_refused > 20


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("supports.0.number", 3),
        ("supports.0.number", 0),
        ("supports.0.end", 999),
        ("supports.0.start", -1),
        ("supports.1.start", 3),
        ("supports.0.scores", [0.5]),
        ("supports.0.passage", [0, 99]),
        ("supports.0.passage", [5, 2]),
        ("supports.0.passage", [0, 1, 2]),
        ("supports.0.verdict", "true"),
        ("supports.0.verdict", "altered"),
        ("supports.0.contradictions", [{"kind": "name", "stated": "a", "found": "b"}]),
        ("dependences.0.number", 3),
        ("dependences.0.changed", [2]),
        ("prompt.hits", [0, 7]),
        ("prompt.hits", [-1, 0]),
        ("prompt.n_tokens", -4),
        ("prompt.parts.context", -4),
        ("query_vector", "AAA"),
        ("query_vector", "AAAA"),
        ("query_vector", base64.b64encode(np.array([np.inf], "<f4").tobytes()).decode()),
        ("asked_at", "yesterday"),
        ("asked_at", "2026-11-20T10:00:00"),
        ("settings.mode", "psychic"),
        ("settings.k", 0),
    ],
)
def test_records_that_do_not_agree_with_themselves(path, value):
    record = json.loads(json.dumps(WHOLE))
    *above, last = path.split(".")
    inner = record["turn"]["answers"][0]["answer"]
    for key in above:
        inner = inner[int(key) if key.isdigit() else key]
    inner[last] = value
    with pytest.raises(CollectionError, match="A stored answer is damaged: "):
        turn_from_json(json.dumps(record))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"text": "half \ud800, and more of it than that. Yes"}, "half a character"),
        ({"query_vector": (float("nan"),)}, "not finite"),
        ({"query_vector": (float("inf"),)}, "not finite"),
        ({"temperature": float("nan")}, "not finite"),
    ],
)
def test_what_no_file_can_hold_is_refused_when_it_is_written(changes, what):
    with pytest.raises(CollectionError, match=rf"This answer cannot be stored: it holds .*{what}"):
        turn_to_json(with_answer(**changes))


def test_a_turn_that_does_not_agree_with_itself_is_a_bug_where_it_is_written():
    with pytest.raises(ValueError, match="the place of a sentence"):
        turn_to_json(with_answer(text="short"))
