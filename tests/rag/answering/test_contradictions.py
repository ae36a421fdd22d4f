"""What a sentence says otherwise than its passage: each kind by hand, in several languages, and no false alarms."""

from __future__ import annotations

import pytest

from rag.answering.contradictions import Surroundings, contradictions
from rag.answering.types import Contradiction

DIFFERENT = [
    ("negation", "Der Hafen ist am Sonntag geöffnet.", "Der Hafen ist am Sonntag nicht geöffnet.", "", "nicht"),
    ("negation", "Hunde sind an Bord erlaubt.", "Hunde sind an Bord nicht erlaubt.", "", "nicht"),
    ("negation", "Die Brücke hat keinen Fußweg.", "Die Brücke hat einen Fußweg.", "keinen", ""),
    ("negation", "Le musée n'est pas ouvert le lundi.", "Le musée est ouvert le lundi.", "n'est", ""),
    ("negation", "El puerto no abre los domingos.", "El puerto abre los domingos.", "no", ""),
    ("negation", "Il museo non apre la domenica.", "Il museo apre la domenica.", "non", ""),
    ("negation", "O porto não abre aos domingos.", "O porto abre aos domingos.", "não", ""),
    ("negation", "De haven is niet open op zondag.", "De haven is open op zondag.", "niet", ""),
    ("negation", "Порт не работает по воскресеньям.", "Порт работает по воскресеньям.", "не", ""),
    ("negation", "博物馆星期一不开放。", "博物馆星期一开放。", "不", ""),
    ("negation", "港は日曜日に開いていません。", "港は日曜日に開いています。", "ません", ""),
    ("negation", "항구는 일요일에 열지 않습니다.", "항구는 일요일에 열습니다.", "않습니다", ""),
    ("name", "Berlin ist die Hauptstadt von Polen.", "Warschau ist die Hauptstadt von Polen.", "Berlin", "Warschau"),
    ("order", "Bob married Ann after he beat Tom.", "Tom married Ann after he beat Bob.", "Bob", "Tom"),
    ("negation", "The shop isn't open on Sundays.", "The shop is open on Sundays.", "isn't", ""),
    ("opposite", "The museum opens at 9 am.", "The museum closes at 9 am.", "opens", "closes"),
    ("unit", "It weighs 5 grams.", "It weighs 5 kg.", "grams", "kg"),
    ("unit", "The run is 5 miles long.", "The run is 5 km long.", "miles", "km"),
    ("number", "There is one key for the shed.", "There are three keys for the shed.", "one", "three"),
    ("unit", "The fee is $20.", "The fee is €20.", "$", "€"),
    ("name", "Paris is the capital of Spain.", "Madrid is the capital of Spain.", "Paris", "Madrid"),
    ("order", "Newton taught Barrow.", "Barrow taught Newton.", "Newton", "Barrow"),
    ("opposite", "The pump is safe to touch.", "The pump is unsafe to touch.", "safe", "unsafe"),
    ("opposite", "At most 5 people may enter.", "At least 5 people may enter.", "At most", "At least"),
    ("order", "The office moved from Rome to Oslo.", "The office moved from Oslo to Rome.", "Rome", "Oslo"),
    ("opposite", "Sugar is added without milk.", "Sugar is added with milk.", "without", "with"),
    ("opposite", "Everybody passed the exam.", "Nobody passed the exam.", "Everybody", "Nobody"),
    ("opposite", "The lamp always blinks twice.", "The lamp never blinks twice.", "always", "never"),
    ("name", "The Zürich office handles invoices.", "The Geneva office handles invoices.", "Zürich", "Geneva"),
]
SAME = [
    ("Visitors are not allowed in the lab.", "No visitors are allowed in the lab."),
    ("Do not open the window.", "The window must not be opened."),
    ("The shop is closed on Sundays.", "The shop is not open on Sundays."),
    ("It is not impossible to win.", "It is possible to win."),
    ("The shop is not only open on Sundays but also on Mondays.", "The shop is open on Sundays and also on Mondays."),
    ("Leave is lost unless it is taken by March.", "Leave that is not taken by March is lost."),
    ("The run is 5 km long.", "The run is 5 kilometres long."),
    ("The WHO recommends masks.", "The World Health Organization recommends masks."),
    ("The World Health Organization recommends masks.", "The WHO recommends masks."),
    ("The German ministry pays 5 euros.", "The ministry of Germany pays €5."),
    ("The email is sent to every co-worker.", "The e-mail is sent to every coworker."),
    ("Anna and Bob founded the club.", "Bob and Anna founded the club."),
    ("The bridge was built by Telford in 1826.", "Telford built the bridge in 1826."),
    ("No later than 5 May the form must arrive.", "The form must arrive by 5 May at the latest."),
    ("Tomasz moved to Rome in 1990.", "He moved to Rome in 1990.", "Tomasz was born in Oslo."),
    ("Hosts need no more than 3 keys.", "Hosts need at most 3 keys."),
    ("Der Hafen ist am Sonntag geschlossen.", "Der Hafen ist am Sonntag nicht geöffnet."),
    ("On Sundays the museum is closed.", "The museum is closed on Sundays."),
    ("Le musée n'est pas ouvert le lundi.", "Le musée n'est pas ouvert le lundi en hiver."),
    ("No dijo nada sobre el puerto.", "No dijo nada sobre el puerto viejo."),
    ("Apples, pears and plums are sold.", "Plums, pears and apples are sold."),
    ("Smoking is forbidden in the hall.", "Smoking is not allowed in the hall."),
    ("Ada Lovelace wrote the first program.", "Lovelace wrote the first program.", "Ada Lovelace was born in 1815."),
    (
        "Guests wear an orange lanyard.",
        "Visitors wear an orange lanyard.",
        "Other guests may wait. Some visitors stay.",
    ),
    ("The shop opens at nine.", "The shop opens at nine."),
    ("Each sensor is tested before delivery.", "All sensors are tested before delivery."),
    ("Ein Hund darf nicht an Bord.", "Kein Hund darf an Bord."),
    ("It is not true that the shop never closes.", "It is true that the shop closes."),
    ("The archive lends plates to schools.", "Schools can borrow plates from the archive."),
    (
        "Order tickets nine or more days before departure.",
        "Tickets must be ordered at least nine days before departure.",
    ),
    ("The Norwegian coast is long.", "Norway has a long coast."),
]


def found_in(sentence: str, passage: str, *others: str) -> tuple[Contradiction, ...]:
    return contradictions(sentence, passage, Surroundings((passage, *others)))


@pytest.mark.parametrize(("kind", "sentence", "passage", "stated", "found"), DIFFERENT)
def test_a_difference_is_found_and_named(kind, sentence, passage, stated, found):
    assert found_in(sentence, passage) == (Contradiction(kind, stated, found),)


@pytest.mark.parametrize("texts", SAME, ids=lambda texts: texts[0])
def test_the_same_in_other_words_is_no_difference(texts):
    assert found_in(*texts) == ()


@pytest.mark.parametrize(("kind", "sentence", "passage", "stated", "found"), DIFFERENT)
def test_a_copy_does_not_differ_from_itself(kind, sentence, passage, stated, found):
    assert found_in(sentence, sentence) == found_in(passage, f"Before. {passage} After.") == ()


def test_what_the_passage_says_elsewhere_does_not_count():
    passage = "The shop is open on Sundays, but the café does not open before noon."
    assert found_in("The shop is open on Sundays.", passage) == ()
    [found] = found_in("The shop is not open on Sundays.", passage)
    assert (found.kind, found.stated) == ("negation", "not")


def test_a_name_in_place_of_another_counts_even_if_the_text_around_has_it():
    around = "Oda Renwick gives the training. Tomasz Birkeli owns the calendar."
    [found] = found_in("Tomasz Birkeli gives the training.", "Oda Renwick gives the training.", around)
    assert found == Contradiction("name", "Tomasz Birkeli", "Oda Renwick")


def test_several_differences_are_all_named():
    found = found_in("The Lagos office pays 20 dollars.", "The Ghent office pays 20 euros.")
    assert {one.kind for one in found} == {"name", "unit"}
