"""Questions that need everything get a note, in each of the main languages; plain facts get none."""

from __future__ import annotations

import pytest

from rag.retrieval.counting import counting_note

NEEDS_EVERYTHING = [
    "Summarise the handbook.",
    "Can you give me a summary of all policies?",
    "List all error codes",
    "list the holidays",
    "What is the total of all travel costs?",
    "What do the trips cost on average?",
    "Give me an overview of the benefits",
    "Count the holidays",
    "Fasse das Handbuch zusammen.",
    "Was kostet das insgesamt?",
    "Wie hoch ist der Durchschnitt der Temperaturen?",
    "Liste alle Fehlercodes auf",
    "Résume le manuel.",
    "Quel est le coût au total ?",
    "Quelle est la moyenne des prix ?",
    "Haz un resumen del manual",
    "¿Cuál es el promedio de los precios?",
    "Elenca tutti i codici",
    "Qual è la media dei prezzi?",
    "Faça um resumo do manual",
    "Vat het handboek samen",
    "Wat is het gemiddelde?",
    "请总结这本手册",
    "列出所有错误代码",
    "マニュアルを要約してください",
]
ASKS_FOR_A_NUMBER = [
    "How many days of paid leave do full-time staff have?",
    "Wie viele Urlaubstage gibt es?",
    "Combien de jours de congé ?",
    "¿Cuántos días de vacaciones hay?",
]
PLAIN = [
    "Who may take leave?",
    "What does the country discount mean?",
    "What colour is the lanyard that visitors wear?",
    "Is there a waiting list?",
    "What does social media say?",
    "Which robot brings the parcels?",
    "",
]


@pytest.mark.parametrize("is_backed", [True, False])
def test_what_needs_everything_gets_a_note_unless_everything_was_read(is_backed):
    for question in NEEDS_EVERYTHING:
        note = counting_note(question, 5, 1298, is_backed=is_backed)
        assert note == "Only 5 of 1,298 passages were read, so totals and lists may be incomplete.", question
        assert counting_note(question, 1, 2).startswith("Only 1 of 2 passages was read")
        assert counting_note(question, 0, 298) == counting_note(question, 5, 5) == ""


def test_a_number_that_a_passage_backs_is_a_plain_fact():
    for question in ASKS_FOR_A_NUMBER:
        assert counting_note(question, 5, 298, is_backed=True) == ""
        assert counting_note(question, 5, 298) != ""


def test_other_questions_get_none():
    for question in PLAIN:
        assert counting_note(question, 5, 298) == "", question
