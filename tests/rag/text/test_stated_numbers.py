"""Numbers are the same however they are written, and others are others."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.stated_numbers import stated_numbers


def readings(text: str) -> list[set[str]]:
    return [set(number.readings) for number in stated_numbers(text)]


def same(first: str, second: str) -> bool:
    pairs = zip(readings(first), readings(second), strict=True)
    return all(one & other for one, other in pairs)


@pytest.mark.parametrize(
    "writings",
    [
        (
            "1,000",
            "1000",
            "1.000,00",
            "1 000",
            "1\u202f000",
            "1'000",
            "a thousand",
            "one thousand",
            "1.0 thousand",
            "1k",
        ),
        (
            "29 days",
            "29d",
            "twenty-nine days",
            "Twenty nine",
            "29th",
            "the twenty-ninth",
            "029",
            "29.0",
            "٢٩",
            "有29天",
        ),
        ("1.3 million", "1,300,000", "1.300.000", "$1.3m", "1.3mn"),
        ("2 billion", "€2bn", "2,000,000,000"),
        ("5 m", "5 metres"),
        ("1,234.50", "1.234,5", "1 234.5"),
        ("55%", "55 per cent", "fifty-five percent"),
        ("38 euros", "€38", "EUR 38", "EUR38", "38€"),
        ("14:00", "2 pm", "2pm", "2:00 p.m."),
        ("12 am", "0:00"),
        ("12 noon", "twelve o'clock"),
        ("1 September 2024", "01 Sept. 2024", "1 SEPTEMBER 2024", "1.9.2024", "1/9/2024"),
        ("September 1, 2024", "Sep 1, 2024", "09/01/2024"),
        ("Every Monday", "on Mondays", "MONDAY"),
        ("E27", "e27"),
        ("v2.3.1", "version 2.3.1"),
        ("two hundred thousand and six", "200,006"),
        ("one hundred and five", "105"),
    ],
    ids=lambda writings: writings[0],
)
def test_one_number_in_several_writings(writings):
    first, *others = writings
    assert readings(first)
    assert [other for other in others if not same(first, other)] == []


def test_an_iso_date_is_its_parts():
    iso, written = readings("2024-09-01"), readings("2024 September 1")
    assert all(one & other for one, other in zip(iso, written, strict=True))
    assert not set.union(*iso) & {"9"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("29", "31"), ("1,000", "1"), ("1.5", "15"), ("E27", "E41"), ("E27", "27"), ("14:00", "14:30"),
        ("2 pm", "2 am"), ("Monday", "Tuesday"), ("May", "June"),
        ("two hundred", "two thousand"), ("2.3.1", "2.3.2"), ("9.13", "9.31"),
    ],
)  # fmt: skip
def test_other_numbers_are_others(first, second):
    assert not same(first, second)


@pytest.mark.parametrize("text", ["it may march on", "often, someone else", "a secondhand tent", "", "No numbers."])
def test_words_that_hold_or_look_like_numbers_are_none(text):
    assert stated_numbers(text) == ()


def test_what_may_be_no_number_is_doubtful():
    text = "First, open one of the two boxes; a second will do on the third, one hundred times."
    doubtful = {number.text: number.is_doubtful for number in stated_numbers(text)}
    assert doubtful == {"First": True, "one": True, "two": False, "second": True, "third": False, "one hundred": False}


def test_numbers_side_by_side_stay_apart():
    assert readings("extension 4417 312 greenhouses, five six, 9-13") == [
        {"4417"}, {"312"}, {"5"}, {"6"}, {"9"}, {"13"},
    ]  # fmt: skip


@given(st.text(alphabet="0129.,:-/ EekKmM\u00a0'aptwo hundred٢", max_size=40) | st.text(max_size=30))
def test_spans_are_the_text_and_in_order(text):
    found = stated_numbers(text)
    assert all(text[number.start : number.end] == number.text and number.readings for number in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
