"""Phrases of texts, against phrases found by hand."""

from __future__ import annotations

import pytest

from rag.map.topics.phrases import count_phrases
from rag.text.function_words import function_words, general_words, language_by_words


def phrases(*texts: str) -> dict[str, int]:
    (counts,) = count_phrases([texts])
    return dict(counts.n_texts)


def test_a_phrase_is_a_run_of_one_to_three_words_between_function_words_and_punctuation():
    assert phrases("The green door controller of the house, 3 keys") == {
        "green door": 1, "green door controller": 1, "door controller": 1, "controller": 1, "house": 1, "key": 1,
    }  # fmt: skip


def test_a_phrase_counts_once_for_each_text():
    counts = phrases("The owl sees. An owl, the owl.", "Of an owl", "The cat")
    assert (counts["owl"], counts["cat"]) == (2, 1)


def test_singular_and_plural_are_one_phrase_in_the_more_frequent_spelling_with_few_capitals():
    (counts,) = count_phrases(
        [["A door controller", "Door controllers", "The door controllers", "Two door controllers"]]
    )
    assert counts.n_texts["door controller"] == 4
    assert counts.written("door controller") == "door controllers"


@pytest.mark.parametrize(("text", "gone"), [
    ("They deliver readings", "deliver"), ("He wants to water plants", "water"), ("You can build walls", "build wall"),
    ("It was expired", "expired"), ("The soil is dry", "dry"), ("The dry soil", "dry"), ("Two days", "day"),
])  # fmt: skip
def test_verbs_adjectives_and_general_nouns_are_no_phrases_alone(text, gone):
    assert gone not in phrases(text)


def test_an_adjective_with_its_noun_is_a_phrase_and_a_possessive_ends_one():
    assert phrases("The dry soil") == {"dry soil": 1, "soil": 1}
    assert phrases("The patient's blood") == {"patient": 1, "blood": 1}


def test_the_names_of_fields_and_single_words_as_their_values_are_left_out():
    counts = phrases("severity: critical; component: Vent motor; what_to_do: Call the engineer", "component: Pip probe")
    assert {"vent motor", "pip probe", "engineer"} <= counts.keys()
    assert not {"severity", "component", "what_to_do", "critical"} & counts.keys()


def test_the_rules_are_those_of_the_texts_language():
    german = phrases("Die Regierung der Vereinigten Staaten und das Parlament sind nicht mit ihm")
    assert german == {"regierung": 1, "vereinigten staaten": 1, "staaten": 1, "parlament": 1}
    french = phrases("Le changement climatique est un défi pour les pays et pour nous")
    assert {"changement climatique", "changement", "défi", "pay"} == french.keys()
    assert "правительство" in phrases("Это было правительство, которое не могло быть с ними")


def test_a_short_text_has_the_language_of_its_group():
    assert phrases("Der Hund und die Katze sind mit dem Mann und der Frau", "Die Katze").keys() == {
        "hund", "katze", "mann", "frau",
    }  # fmt: skip


def test_function_words_tell_the_language():
    assert language_by_words({"der", "und", "ist", "hund"}) == "de"
    assert language_by_words({"die", "door"}) == "en", "words of several languages"
    assert language_by_words({"die", "door"}, "nl") == "nl"
    assert language_by_words(set()) == "en"
    assert all(word == word.lower() for words in function_words().values() for word in words)
    assert "year" in general_words()
