"""Invisible characters: removed where they part words, kept where they change letters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.loading import load_document
from rag.text.invisible import is_visible, without_invisible

ODD = st.text(st.sampled_from("ab \n\u00ad\u200b\u200c\u200d\u2060\ufeffก文\u200f"), max_size=30)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("price\u00addetermining", "pricedetermining"),
        ("exam\u00ad\nple", "example"),
        ("EXPLORER_\u200bOCR", "EXPLORER_OCR"),
        ("\ufeffbegin\ufeff end", "begin end"),
        ("a\u2060b", "ab"),
        ("one line's exam\u00ad", "one line's exam\u00ad"),
        # Words of Thai that a zero-width space parts, a Persian word with a joiner, and a family.
        ("สวัสดี\u200bครับ", "สวัสดี\u200bครับ"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_words_are_whole_and_letters_keep_their_shape(text, clean):
    assert without_invisible(text) == clean


@given(ODD)
def test_nothing_else_changes_and_a_second_time_changes_nothing(text):
    clean = without_invisible(text)
    assert [sign for sign in clean if sign not in "\u00ad\u200b\u2060\ufeff\n \t"] == [
        sign for sign in text if sign not in "\u00ad\u200b\u2060\ufeff\n \t"
    ]
    assert without_invisible(clean) == clean


@given(st.text(max_size=20))
def test_a_text_with_a_letter_is_visible(text):
    letters = [sign for sign in text if unicodedata.category(sign) in ("Ll", "Lu", "Nd", "Po", "So")]
    if set(letters) - set("\u2800"):
        assert is_visible(text)


@pytest.mark.parametrize(
    "signs", ["\u200b", "\ufeff", "\u2060", "\u00ad", "\u200d\u200e", "\u3164", " \n\t\u00a0\u200b"]
)
def test_a_file_of_invisible_characters_is_empty(signs):
    document = load_document("spaces.txt", f"{signs}{signs}\n".encode())
    assert document.text == ""
    assert document.notes == ("'spaces.txt' is empty: it contains only spaces and characters that are not visible.",)


def test_a_file_without_bytes_is_empty_without_more_words():
    assert load_document("empty.txt", b"").notes == ("'empty.txt' is empty.",)
    assert load_document("spaces.txt", b" \n\t\n").notes == ("'spaces.txt' is empty.",)


def test_a_file_of_signs_is_not_empty():
    assert load_document("dots.txt", b". . .").text == ". . ."
    assert load_document("emoji.txt", "😀".encode()).text == "😀"
