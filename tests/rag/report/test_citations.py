"""An answer's segments: joined they are the whole text, and each citation shows the supporting words."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.answering.types import Contradiction, Support
from rag.report.citations import Citation, segments
from tests.support.answers import PASSAGES, made_answer


def test_each_sentence_has_its_verdict_and_a_supported_one_its_citation():
    found = segments(made_answer())
    assert [(one.text, one.verdict) for one in found] == [
        ("You have 29 days.", "supported"),
        (" ", ""),
        ("They never lapse in 2031.", "unsupported"),
        (" ", ""),
        ("Good luck!", "unchecked"),
    ]
    first, second = PASSAGES[0].split("\n")
    assert [one.citation for one in found if one.citation] == [
        Citation(1, "handbook.md, page 1 · Leave", 0.81, "", first, "\n" + second)
    ]


def test_a_long_passage_is_cut_around_the_supporting_words():
    text = "a" * 200 + "MATCH" + "z" * 200
    answer = made_answer([text, *PASSAGES[1:]])
    support = replace(answer.supports[0], passage=(200, 205))
    citation = segments(replace(answer, supports=(support,)))[0].citation
    assert citation is not None
    assert (citation.before, citation.match, citation.after) == ("… " + "a" * 160, "MATCH", "z" * 160 + " …")


def test_an_altered_sentence_cites_its_passage_with_a_doubt():
    answer = made_answer()
    altered = replace(answer.supports[0], verdict="altered", contradictions=(Contradiction("negation", "", "not"),))
    [segment, *_] = segments(replace(answer, supports=(altered,)))
    assert segment.citation is not None
    assert (segment.verdict, segment.citation.number) == ("altered", 1)
    assert segment.citation.doubt == "The passage says 'not', which the sentence does not."


def test_a_number_that_the_prompt_does_not_have_is_no_citation():
    answer = made_answer()
    wrong = replace(answer, supports=(replace(answer.supports[0], number=9),))
    assert [one.citation for one in segments(wrong)] == [None, None]


SPANS = st.lists(st.tuples(st.integers(0, 54), st.integers(0, 54)).map(sorted), max_size=6)


@given(SPANS)
def test_segments_joined_are_the_text(spans):
    supports = tuple(Support(start, end, "unsupported", (0.1, 0.1)) for start, end in spans)
    answer = made_answer(supports=supports)
    assert "".join(one.text for one in segments(answer)) == answer.text


def test_no_text_has_no_segments():
    assert segments(made_answer(text="", supports=())) == ()
