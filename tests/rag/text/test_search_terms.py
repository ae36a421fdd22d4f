"""The same word in other spellings, signs and scripts is the same search term, in the text and in the query."""

from __future__ import annotations

import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.search_terms import (
    is_unspaced,
    phrase_of,
    pieces,
    search_words,
    stem,
    tokens,
)
from rag.text.stems import is_common
from tests.support.e5.texts import TEXTS


def finds(query: str, text: str) -> bool:
    """Whether a text has all words of a query, by their stems."""
    asked = {stem(word) for word in search_words(query, is_query=True)}
    return bool(asked) and asked <= {stem(word) for word in search_words(text)}


def find_each_other(one: str, other: str) -> bool:
    return finds(one, other) and finds(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("E-58", "e-58"),
        ("E-58", "E\u201158"),  # a hyphen that does not break
        ("E-58", "E\u221258"),  # a minus sign
        ("E-58", "Ｅ－５８"),
        ("E58", "Ｅ５８"),
        ("cooperate", "co\u00adoperate"),  # a soft hyphen
        ("cooperate", "co\u200boperate"),  # a space without width
        ("cooperate", "\ufeffco\u2060operate"),
        ("می\u200cخواهم", "میخواهم"),  # a sign that keeps letters apart
        ("naïve café", "naive cafe"),
        ("cafe\u0301", "caf\u00e9"),
        ("Łódź Ærø Đorđe", "lodz aero dorde"),
        ("straße", "STRASSE"),
        ("İstanbul ışık", "istanbul isik"),
        ("ﬁnal", "final"),
        ("ёлка", "елка"),
        ("Ἀθῆναι", "αθηναι"),
        ("كِتَابٌ", "كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("١٢٣", "123"),
        ("۴۵۶", "456"),
        ("१२३", "123"),
        ("๒๕๖๗", "2567"),
        ("２０２４", "2024"),
        ("ｶﾅ", "カナ"),
        ("don’t", "don't"),
        ("OWLS", "owl"),
        ("hunting hunts", "hunted"),
        ("новый", "новая"),  # й belongs to the ending that the stemmer takes off
        ("трамвай", "Трамваи\u0306"),
    ],
)
def test_spellings_that_find_each_other(one, other):
    assert find_each_other(one, other)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("E58", "The code E-58 is shown."),
        ("58", "The code E-58 is shown."),
        ("E 58", "The code E-58 is shown."),
        ("1000", "It costs 1,000 euros."),
        ("1000", "It costs 1.000 euros."),
        ("1000", "It costs 1 000 euros."),
        ("1000", "It costs 1\u202f000 euros."),
        ("1000000", "1,000,000 of them"),
        ("1000", "١,٠٠٠"),
        ("1,000", "a number: 1,000"),
        ("000", "It costs 1,000 euros."),
        ("art", "a state-of-the-art pump"),
        ("stateoftheart", "a state-of-the-art pump"),
        ("email", "an e-mail"),
        ("frost", "The frost_guard is on."),
    ],
)
def test_parts_and_wholes_are_found(query, text):
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("E59", "The code E-58 is shown."),
        ("100", "It costs 1,000 euros."),
        ("12345", "12,3456"),
        ("1000", "1,0001"),
        ("owl", "bowl owlish's"),
        ("头猫", "猫头鹰"),
        ("...", "..."),
    ],
)
def test_others_are_not_found(query, text):
    assert not finds(query, text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("猫头鹰", "我们看见猫头鹰在飞。"),
        ("鹰", "我们看见猫头鹰在飞。"),
        ("Python", "使用Python编程"),
        ("編程", "使用Python編程"),
        ("ふくろう", "ふくろうは雪の下のねずみの音を聞き"),
        ("ねずみ", "ふくろうは雪の下のねずみの音を聞き"),
        ("オーブン", "パン生地はオーブンに入れる前に"),
        ("ｵｰﾌﾞﾝ", "パン生地はオーブンに入れる前に"),
        ("นกฮูก", "นกฮูกได้ยินเสียงหนูใต้หิมะ"),
        ("หนู", "นกฮูกได้ยินเสียงหนูใต้หิมะ"),
        ("น้ำ", "ดื่มน้ำเย็น"),
        ("부엉이", "부엉이는 눈 속의 쥐 소리를 듣고"),
        ("쥐", "부엉이는 눈 속의 쥐 소리를 듣고"),
        ("부엉이가", "부엉이가 난다"),
        ("البومة", "تسمع البومة الفأر تحت الثلج"),
        ("بومة", "تسمع البومة الفأر تحت الثلج"),
        ("उल्लू", "उल्लू बर्फ़ के नीचे चूहे की आवाज़ सुनता है"),
        ("आवाज़", "उल्लू बर्फ़ के नीचे चूहे की आवाज़ सुनता है"),
        ("сову", "Сова слышит мышь под снегом"),
        ("ΔΡΟΜΟΥΣ", "Ο δρόμος είναι μακρύς"),
    ],
)
def test_words_of_other_scripts_are_found_in_texts(word, text):
    assert finds(word, text)


@pytest.mark.parametrize("language", TEXTS)
def test_every_part_of_a_text_is_found_in_it_and_in_its_other_unicode_forms(language):
    for text in TEXTS[language]:
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert find_each_other(text, unicodedata.normalize(form, text)), form
        for part in text.split():
            assert finds(part, text) or not search_words(part)


def test_a_query_of_several_letters_has_pairs_and_a_text_also_single_letters():
    assert search_words("猫头鹰") == ["猫", "头", "鹰", "猫头", "头鹰"]
    assert search_words("猫头鹰", is_query=True) == ["猫头", "头鹰"]
    assert search_words("猫", is_query=True) == ["猫"]
    assert search_words("E-58 owls", is_query=True) == search_words("E-58 owls") == ["e", "58", "e58", "owls"]


def test_tokens_are_words_compounds_numbers_and_runs_without_spaces():
    assert tokens("The E-58 costs 1,000.50 – don't!") == ["the", "e-58", "costs", "1,000", "50", "don't"]
    assert tokens("猫头鹰 und Ü-Wagen, 2.000") == ["猫头鹰", "und", "ü-wagen", "2.000"]
    assert tokens("a_b --- ' - '") == ["a", "b"]
    assert tokens("") == tokens(" \n\0") == []


def test_ascii_texts_are_split_as_all_others():
    for text in ("The E-58 costs 1,000.50 - don't!", "12345,678 x1,000 1,0000", "a-b-c-d-e rock'n'roll 10.000.000"):
        assert tokens(f"{text} é")[:-1] == tokens(text)
        assert phrase_of(f"{text} é") == f"{phrase_of(text)} e"


@given(text=st.text(st.characters(codec="utf-8"), max_size=80))
def test_no_text_is_a_problem(text):
    for is_query in (False, True):
        for word in search_words(text, is_query=is_query):
            assert word
            assert stem(word) is not None
            assert all(0 < len(piece) <= 4 or is_unspaced(word) for piece in pieces(word))
    assert not search_words(text) or finds(text, text)
    assert phrase_of(phrase_of(text)) == phrase_of(text)


def test_lone_surrogates_are_no_letters():
    assert search_words("owl\ud800 \udfffship") == ["owl", "ship"]


def test_a_very_long_word_has_few_pieces_and_is_found_whole():
    long = "abcdefghij" * 1000
    assert search_words(f"an {long} owl") == ["an", long, "owl"]
    assert len(pieces(long)) == 61
    assert finds(long, f"an {long} owl")
    assert not finds(long[:-1], f"an {long} owl")
    assert search_words("-".join("abcdefgh")) == list("abcdefgh")


def test_pieces_overlap_and_short_words_are_their_own():
    assert pieces("pumps") == ["pump", "umps"]
    assert [pieces(word) for word in ("pump", "ab", "猫头")] == [["pump"], ["ab"], ["猫头"]]


def test_phrases_keep_the_order_of_parts():
    assert phrase_of("The E-58, and 1,000 owls") == "the e 58 and 1 000 owls"
    assert phrase_of("Die Größe des Ü-Wagens") == "die grosse des u wagens"
    assert phrase_of("看见猫头鹰 ok") == "看 见 猫 头 鹰 ok"
    assert f" {phrase_of('头鹰')} " in f" {phrase_of('猫头鹰在飞')} "


@pytest.mark.parametrize("word", ["the", "before", "don't", "it's", "wasn't"])
def test_stop_words(word):
    assert is_common(word)


@pytest.mark.parametrize("word", ["owl", "owl's", "und", "58", "猫", "l'eau"])
def test_words_that_tell(word):
    assert not is_common(word)


def test_threads_do_not_share_a_stemmer():
    """All stem the same words at once."""
    words, wrong = [f"{name}ing" for name in ("hunt", "pump", "sail", "fish")] * 2000, []

    def work() -> None:
        wrong.extend(word for word in words if stem(word) != word.removesuffix("ing"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
