"""Sentences supported by what the model was shown above a passage: its context line and the labels of its row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering.grounding import nearest_sentences, support
from rag.text.labels import context_of
from rag.types import Chunk, Hit

TEXTS = (
    "Two lamps in the corridor flicker all day and one of them smells burnt since Monday.",
    "The pump in the yard does not start after the frost and hums loudly when switched on.",
    "The fridge door does not close by itself any more and the milk gets warm overnight.",
)
FIELDS = (
    (("ticket", "T-902"), ("owner", "Hill School"), ("city", "York"), ("opened", "2025-02-03"), ("cost", "45.50 €")),
    (("ticket", "T-901"), ("owner", "Moor Farm"), ("city", "Leeds"), ("opened", "2025-02-01"), ("cost", "310.00 €")),
    (("ticket", "T-903"), ("owner", "Dock Cafe"), ("city", "Hull"), ("opened", "2025-02-07"), ("cost", "12.00 €")),
)
HITS = tuple(
    Hit(
        Chunk("d", 0, len(text), text, 20, fields=fields, context=f"owner: {fields[1][1]}; city: {fields[2][1]}"),
        "tickets.csv",
        0.4,
        rank,
        (),
    )
    for rank, (text, fields) in enumerate(zip(TEXTS, FIELDS, strict=True), start=1)
)


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("T-902 is owned by Hill School.", 1),
        ("The owner of ticket T-901 is Moor Farm.", 2),
        ("Ticket T-903 was opened on 7 February 2025.", 3),
        ("The Dock Cafe in Hull owns T-903.", 3),
        ("T-902 costs 45.50 €.", 1),
        ("Ticket T-902 says that two lamps in the corridor flicker all day.", 1),
        ("At Moor Farm, the pump in the yard does not start after the frost.", 2),
    ],
)
def test_what_is_said_in_a_label_is_supported_by_its_row(sentence, number, embedder):
    (found,) = support(sentence, HITS, embedder, "Who owns it?")
    assert (found.verdict, found.number) == ("supported", number)


@pytest.mark.parametrize(
    "sentence",
    [
        "T-902 is owned by Moor Farm.",
        "The owner of ticket T-901 is Dock Cafe.",
        "Ticket T-903 was opened on 9 March 2025.",
        "T-902 costs 310.00 €.",
        "Ticket T-907 belongs to Hill School.",
        "Ticket T-903 says that two lamps in the corridor flicker all day.",
        "The mayor of York opens the new museum next summer.",
    ],
)
def test_the_labels_of_another_row_do_not_support_it(sentence, embedder):
    (found,) = support(sentence, HITS, embedder, "Who owns it?")
    assert found.verdict in ("unsupported", "altered")


def test_the_citation_shows_the_labels_and_a_sentence_of_the_text_stays_as_it_is(embedder):
    in_label, in_text = support(f"T-902 is owned by Hill School. {TEXTS[1]}", HITS, embedder)
    assert (in_label.context, in_label.passage) == (context_of(HITS[0].chunk), (0, 0))
    assert in_label.context == "owner: Hill School; city: York; ticket: T-902; opened: 2025-02-03; cost: 45.50 €"
    assert in_text.context == ""
    assert in_text.cited(TEXTS[1]) == TEXTS[1]
    assert in_label.cited(TEXTS[0]) == in_label.context


def test_without_context_nothing_changes(embedder):
    bare = [replace(hit, chunk=replace(hit.chunk, fields=(), context="")) for hit in HITS]
    for sentence, verdict in ((TEXTS[0], "supported"), ("T-902 is owned by Hill School.", "unsupported")):
        (found,) = support(sentence, bare, embedder)
        assert (found.verdict, found.context) == (verdict, "")


def test_a_heading_above_the_text_counts_with_its_sentence(embedder):
    text = "Switch the dryer off and clean the filter under the door before the next wash."
    shown = [Hit(Chunk("d", 0, len(text), text, 20, context="Workshop manual > Error E-58"), "manual.md", 0.4, 1, ())]
    for sentence, verdict in (
        ("For error E-58, switch the dryer off and clean the filter under the door.", "supported"),
        ("For error E-62, switch the dryer off and clean the filter under the door.", "unsupported"),
    ):
        (found,) = support(sentence, shown, embedder)
        assert found.verdict == verdict


def test_a_tiny_model_is_shown_the_labels_that_answer_the_question(embedder):
    shown = nearest_sentences("Who owns T-903?", HITS, embedder)
    assert any("owner: Dock Cafe" in hit.excerpt for hit in shown)
    asked_for_text = nearest_sentences("What is wrong with the pump in the yard after the frost?", HITS, embedder, 1)
    assert asked_for_text[0].excerpt == TEXTS[1]
