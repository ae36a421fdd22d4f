"""What a conversation is called: its first question, or what a person has chosen."""

from __future__ import annotations

import pytest

from rag.conversations.titles import DEFAULT_TITLE, title_from
from rag.errors import CollectionError
from tests.support.turns import made_turn


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Where do\n owls  live?", "Where do owls live?"),
        ("word " * 30, "word word word word word word word word word word word word…"),
        ("abcd " * 11 + "efghi jk", "abcd " * 11 + "efghi…"),
        ("x" * 100, "x" * 60 + "…"),
        ("问" * 100, "问" * 60 + "…"),
        ("a " + "y" * 100, "a " + "y" * 58 + "…"),
        (" \n", DEFAULT_TITLE),
    ],
)
def test_the_first_question_becomes_the_title(conversations, question, title):
    one = conversations.create()
    conversations.add(one, made_turn(question))
    conversations.add(one, made_turn("Another?"))
    assert title_from(question) == title
    assert conversations.list()[0].title == ("Another?" if title == DEFAULT_TITLE else title)


def test_a_title_that_was_chosen_stays(conversations):
    one = conversations.create(" My\nbirds ")
    conversations.add(one, made_turn())
    assert conversations.list()[0].title == "My birds"
    conversations.rename(one, "half \ud800 " + "long " * 100)
    title = conversations.list()[0].title
    assert title.startswith("half ? long long")
    assert len(title) <= 200
    with pytest.raises(CollectionError, match="needs a name"):
        conversations.rename(one, " \n")
