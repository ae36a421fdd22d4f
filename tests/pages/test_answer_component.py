"""What the browser is given of an answer, and how texts are cut where marks begin and end."""

from __future__ import annotations

import json
import random

from pages.shared.chat.answer_text import answer_message
from pages.shared.widgets.marked_text import cut
from tests.pages.support.hand_made_answer import LEAVE, LOST, MOON, NINE, NOT, SICKNESS, SIX, TEXT, YEAR, made_answer


def joined(pieces, *layers: int) -> str:
    return "".join(text for text, layer in pieces if not layers or layer in layers)


def segments():
    return json.loads(json.dumps(answer_message(made_answer())))["segments"]


def sentence(text: str):
    return next(segment for segment in segments() if joined(segment["pieces"]) == text)


def test_the_segments_are_the_text():
    assert "".join(joined(segment["pieces"]) for segment in segments()) == TEXT


def test_a_supported_sentence_carries_its_passage_in_its_surroundings():
    segment = sentence(LOST)
    assert (segment["verdict"], segment["number"], segment["score"], segment["note"]) == ("supported", 1, 0.81, "")
    assert joined(segment["passage"]["pieces"]) == LEAVE
    assert joined(segment["passage"]["pieces"], 1, 2).startswith("Leave that is not taken by 31 March is lost, unless")
    words = {text for text, layer in segment["passage"]["pieces"] if layer == 2}
    assert {"31", "March", "lost"} <= words
    assert "manager" not in words
    assert sentence(SIX)["number"] == 2
    assert joined(sentence(YEAR)["passage"]["pieces"], 1, 2) == "Full-time staff have 28 days of paid leave a year."


def test_an_unsupported_sentence_says_why_and_shows_what_comes_nearest():
    assert sentence(MOON)["note"] == "No retrieved passage supports this sentence."
    assert sentence(NINE)["note"] == "The most similar passage does not contain the number 9."
    assert (sentence(NINE)["number"], sentence(NINE)["score"]) == (2, 0.83)
    assert joined(sentence(NINE)["passage"]["pieces"]) == SICKNESS


def test_an_altered_sentence_cites_the_passage_and_says_what_differs():
    segment = sentence(NOT)
    assert (segment["verdict"], segment["number"], segment["score"]) == ("altered", 2, 0.91)
    assert segment["note"] == "Says something else? The sentence says 'not', which the passage does not."
    assert joined(segment["passage"]["pieces"], 1, 2) == "Sick pay is paid in full for six weeks."


def test_what_lies_between_sentences_has_no_verdict():
    between = [segment for segment in segments() if "passage" not in segment]
    assert {segment["verdict"] for segment in between} == {"unchecked"}
    assert joined(between[-1]["pieces"], 0) == "\n<img src=x onerror=alert(1)> **plain**"


def test_differing_words_are_marked_where_they_stand_also_across_sentences():
    start, end = TEXT.index("lost"), TEXT.index("moon")
    marked_parts = [
        joined(segment["pieces"], 1) for segment in answer_message(made_answer(), differing=[(start, end)])["segments"]
    ]
    assert "".join(marked_parts) == TEXT[start:end]


def test_sources_are_numbered_as_in_the_prompt():
    first, second = answer_message(made_answer())["sources"]
    assert first == {"number": 1, "document": "handbook.md", "place": "page 3 · Benefits > Leave", "similarity": 0.71}
    assert second["number"] == 2


def test_pieces_joined_are_the_text_and_each_character_has_its_last_layer():
    chance = random.Random(0)
    text = "a \U0001f989 is no <b>ear</b>, is it?"
    for _ in range(300):
        layers = [
            [(chance.randint(-3, 30), chance.randint(-3, 40)) for _ in range(chance.randint(0, 3))] for _ in range(2)
        ]
        pieces = cut(text, *layers)
        assert joined(pieces) == text
        each = [layer for piece, layer in pieces for _ in piece]
        for place, layer in enumerate(each):
            covering = [n for n, spans in enumerate(layers, 1) for start, end in spans if start <= place < end]
            assert layer == max(covering, default=0)
    assert cut("") == []
