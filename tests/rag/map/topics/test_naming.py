"""Names of topics: distinct, of phrases that set them apart, with a score worked out by hand."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from rag import config
from rag.map.topics.naming import name_topics

OWLS = ["The barn owl of the forest", "A barn owl", "The barn owl in a tree", "An owl"]
DOORS = ["The door controller", "A door controller with a cable", "The cable of the door controller", "A cable"]


def test_names_are_phrases_that_set_topics_apart():
    topics = name_topics(OWLS + DOORS, np.repeat([0, 1], 4))
    assert {label: topic.name for label, topic in topics.items()} == {0: "Barn owl", 1: "Door controller, cable"}


def test_the_order_of_phrases_is_that_of_the_hand_worked_scores():
    """In the second group, "door controller" is in 3 texts and "cable" in 3, one text each counts the same.

    So the two words weigh (3 - 1.5) * (1 + log2 2) against (3 - 1.5) * 1 for the one.
    """
    assert name_topics(OWLS + DOORS, np.repeat([0, 1], 4))[1].phrases == ("door controller", "cable")
    more = [*DOORS, "A cable", "The cable", "Of a cable", "The cable for me"]
    assert name_topics(OWLS + more, np.repeat([0, 1], (4, 8)))[1].phrases == ("cable", "door controller")
    assert (7 - 1.5) * math.log1p(1) > (3 - 1.5) * 2 * math.log1p(1)


def test_after_the_best_phrase_those_of_other_texts_come_first():
    """Of the texts with "lake", all have "heron", and count half: (4 - 1.5) / 2 is less than 3 - 1.5."""
    texts = ["A heron by the lake"] * 4 + ["The mill"] * 3
    assert name_topics(texts + OWLS, np.repeat([0, 1], (7, 4)))[0].phrases == ("heron", "mill", "lake")


def test_a_phrase_that_is_too_long_for_the_name_is_passed_over():
    texts = ["The immeasurable parliamentary correspondence and an extraordinary circumnavigation"] * 5 + ["A mill"] * 4
    topic = name_topics(texts + OWLS, np.repeat([0, 1], (9, 4)))[0]
    assert topic.phrases[1] == "extraordinary circumnavigation"
    assert topic.name == "Immeasurable parliamentary correspondence"
    shorter = [text.replace("immeasurable ", "").replace("extraordinary ", "") for text in texts]
    assert name_topics(shorter + OWLS, np.repeat([0, 1], (9, 4)))[0].name == "Parliamentary correspondence, mill"


def test_a_topic_is_named_after_the_headings_above_its_texts():
    texts = ["The lid is shut", "A box of tools", "Ask at the desk", "No lid on the box"]
    headings = ["Workshop manual > Tools", "Workshop manual > Rules: the lids", "Workshop manual", ""]
    assert (
        name_topics(texts + OWLS, np.repeat([0, 1], 4), [*headings, *[""] * 4])[0].name == "Workshop manual, lid, box"
    )
    assert name_topics(texts + OWLS, np.repeat([0, 1], 4))[0].name == "Box, lid"


def test_what_stands_before_a_colon_in_a_heading_belongs_to_it():
    headings = ["Incident report: the Frost Night"] * 3 + [""] * 4
    texts = ["A probe was wet", "The valve", "It rained"]
    assert "incident report" in name_topics(texts + OWLS, np.repeat([0, 1], (3, 4)), headings)[0].name.lower()


def test_the_names_of_persons_weigh_as_one_word():
    people = ["Ada Lovelace and a cable", "Ada Lovelace of the cable", "Ada Lovelace", "A cable", "The cable"]
    assert name_topics(people + OWLS, np.repeat([0, 1], (5, 4)))[0].name == "Cable, Ada Lovelace"


def test_a_phrase_is_in_the_name_of_the_topic_where_it_weighs_more():
    one = ["A river"] * 5 + ["A mill and a river"] * 2
    other = ["A river with a bridge"] * 2 + ["A bridge"] * 3 + ["The wall"] * 9
    rest = ["An apple"] * 40
    names = [topic.name for topic in name_topics(one + other + rest, np.repeat([0, 1, 2], (7, 14, 40))).values()]
    assert names == ["River, mill", "Wall, bridge", "Apple"]


@pytest.mark.parametrize("seed", range(3))
def test_no_phrase_is_in_two_names_and_no_word_twice_in_one(seed):
    with (config.SAMPLES / "topics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts, values = [row["text"] for row in rows], sorted({row["topic"] for row in rows})
    random = np.random.default_rng(seed)
    labels = np.array([values.index(row["topic"]) for row in rows]) // (1 + seed)
    labels[random.random(len(labels)) < 0.2] = -1
    topics = name_topics(texts, labels)
    assert set(topics) == set(range(labels.max() + 1))
    parts = [part.lower() for topic in topics.values() for part in topic.name.split(", ")]
    assert len(parts) == len(set(parts))
    for topic in topics.values():
        words = [word for phrase in topic.phrases for word in phrase.lower().split()]
        assert len(words) == len(set(words))
        assert set(topic.name.lower().split(", ")) <= {phrase.lower() for phrase in topic.phrases}
        assert topic.name[0].isupper()


def test_without_phrases_there_is_no_name():
    assert name_topics([], np.zeros(0, dtype=np.int64)) == {}
    assert name_topics(["the 12", "of"], np.zeros(2, dtype=np.int64)) == {}
    assert name_topics(["lonely walrus"], np.array([-1])) == {}


def test_the_first_letter_is_a_capital_but_not_of_names_that_begin_small():
    texts = ["the iPhone", "an iPhone", "The iPhone"]
    assert name_topics(texts + OWLS, np.repeat([0, 1], (3, 4)))[0].name == "iPhone"
