"""What keyword search looks for in a question: words, pieces of words, and phrases in any quotation marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.word_query import read_query


def test_words_are_stems_without_stop_words_as_often_as_they_come():
    query = read_query("What do the owls hunt, and which owl hunts E-58?")
    assert query.words == {"owl": 2, "hunt": 2, "e": 1, "58": 1, "e58": 1}
    assert query.pieces == {"owls": 1, "owl": 1, "hunt": 2, "unts": 1, "e": 1, "58": 1, "e58": 1}
    assert query.phrases == ()


def test_stop_words_are_looked_for_where_there_is_nothing_else():
    assert read_query("who is it").words == {"who": 1, "is": 1, "it": 1}
    assert read_query("who is it").pieces == {"who": 1, "is": 1, "it": 1}
    assert read_query("who is the owl").words == {"owl": 1}
    assert read_query("?!").words == read_query("").words == {}


@pytest.mark.parametrize(
    "quoted",
    [
        '"hunting owls"', "“hunting owls”", "„hunting owls“", "„hunting owls”", "«hunting owls»", "»hunting owls«",
        "「hunting owls」", '" hunting   owls "',
    ],
)  # fmt: skip
def test_several_words_in_quotation_marks_are_a_phrase(quoted):
    query = read_query(f"where are the {quoted}")
    (phrase,) = query.phrases
    assert (phrase.written, phrase.folded, phrase.words) == ("hunting owls", "hunting owls", {"hunt": 1, "owl": 1})
    assert query.words == {}
    assert query.pieces == {"hunt": 1, "unti": 1, "ntin": 1, "ting": 1, "owls": 1}


def test_words_outside_of_phrases_count_on_their_own():
    query = read_query('"hunting owls" and pumps, „gelbe Größe“')
    assert query.words == {"pump": 1}
    assert [one.folded for one in query.phrases] == ["hunting owls", "gelbe grosse"]


def test_a_phrase_counts_once_however_often_it_is_quoted():
    assert len(read_query('"hunting owls" "hunting owls"').phrases) == 1


@pytest.mark.parametrize("query", ['"owl"', "“owls”", 'the "owl"', '"owl', 'owl"', "'owl'", '"" owl', '"the" owl'])
def test_one_word_in_quotation_marks_is_a_word(query):
    assert read_query(query).phrases == ()
    assert read_query(query).words == {"owl": 1}


def test_words_in_single_quotation_marks_are_no_phrase():
    assert read_query("'hunting owls'").phrases == ()


def test_a_compound_and_letters_without_spaces_are_a_phrase():
    assert [one.folded for one in read_query('"E-58" 「猫头鹰」').phrases] == ["e 58", "猫 头 鹰"]


def test_a_phrase_of_stop_words():
    """Its words are looked for on their own only if the query has no others."""
    (phrase,) = read_query('"to be or not to be"').phrases
    assert phrase.words == {"to": 2, "be": 2, "or": 1, "not": 1}
    query = read_query('"to be" owls')
    assert query.words == {"owl": 1}
    assert [one.words for one in query.phrases] == [{}]
    assert [one.words for one in read_query('"to be" "the owls"').phrases] == [{}, {"owl": 1}]


@given(text=st.text(st.sampled_from(list("ab owl\"“”„«»「」'-猫鹰1,. é\u0301")), max_size=40))
def test_no_question_is_a_problem(text):
    query = read_query(text)
    assert all(len(one.folded.split()) > 1 for one in query.phrases)
    assert all(times > 0 for times in (*query.words.values(), *query.pieces.values()))
