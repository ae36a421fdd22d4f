"""Numbers and sentences about an answer: shares add up, and what the model did not see or read is stated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering.types import Contradiction, Timings
from rag.report.figures import (
    all_hits,
    dependence_sentence,
    ending_sentence,
    finding,
    format_seconds,
    found_by,
    found_sentence,
    left_out_sentences,
    prompt_position,
    query_sentence,
    reading_sentence,
    retrievers,
    similarity,
    time_shares,
    tokens_per_second,
    verdict_sentences,
    window_sentence,
    window_shares,
)
from rag.servers.types import Usage
from rag.types import Finding
from tests.support.answers import made_answer, made_hits


def test_the_parts_of_the_window_are_the_window():
    prompt = made_answer().prompt
    assert sum(part.amount for part in window_shares(prompt)) == prompt.context_window
    assert sum(part.amount for part in window_shares(prompt)[:4]) == prompt.n_tokens
    full = replace(prompt, context_window=400)
    assert window_shares(full)[-1].amount == 0


def test_the_parts_of_the_time_are_the_time():
    answer = made_answer()
    assert sum(part.amount for part in time_shares(answer.timings)) == pytest.approx(answer.timings.total)
    assert sum(part.amount for part in time_shares(Timings())) == 0


def test_every_hit_has_its_number_in_the_prompt_or_why_it_has_none():
    answer = made_answer()
    assert [prompt_position(answer, hit) for hit in answer.hits] == ["[1]", "[2]", "did not fit"]
    tiny = replace(answer, prompt=replace(answer.prompt, left_out=()))
    assert prompt_position(tiny, tiny.hits[2]) == "not shown"


def test_chunks_that_no_collection_holds_are_distinguished():
    hits = tuple(replace(hit, chunk=replace(hit.chunk, chunk_id=0)) for hit in made_hits())
    prompt = replace(made_answer().prompt, hits=(hits[1],), left_out=())
    answer = made_answer(hits=hits, prompt=prompt)
    assert [prompt_position(answer, hit) for hit in hits] == ["not shown", "[1]", "not shown"]
    assert all_hits(answer) == hits


def test_hits_are_shown_as_the_model_saw_them_and_foreign_passages_come_last():
    hits, foreign = made_hits(), made_hits(["Owls hunt at night."], "birds.txt")
    part = replace(hits[0], excerpt="29 days")
    answer = made_answer(prompt=replace(made_answer().prompt, hits=(part, *foreign), left_out=()))
    assert all_hits(answer) == (part, *hits[1:], *foreign)


def test_scores_of_words_alone_are_no_similarity():
    hit = made_hits()[0]
    assert similarity(hit) == hit.score
    assert similarity(replace(hit, score=7.25, found_by=(Finding("keyword", 1, 7.25),))) is None
    assert similarity(replace(hit, score=0.4, found_by=(Finding("keyword", 1, 7.25),))) == 0.4


def test_each_search_is_named_meaning_first():
    hits = made_hits()
    assert retrievers(hits) == ("dense", "keyword")
    assert retrievers([replace(hits[0], found_by=(Finding("new", 1, 1.0), Finding("keyword", 1, 1.0)))]) == (
        "keyword",
        "new",
    )
    assert finding(hits[0], "keyword") is None
    assert finding(hits[1], "keyword") == Finding("keyword", 1, 7.25)


@pytest.mark.parametrize(
    ("findings", "weighing", "said"),
    [
        (
            (Finding("dense", 2, 0.5, 1.24), Finding("keyword", 1, 7.314, 0.6), Finding("pieces", 1, 9.0, 0.16)),
            "Meaning counts 60%.",
            "Meaning gave 62% of its score, words 38%. Rank 2 by meaning, 1 by words (BM25 7.31), 1 by parts of words.",
        ),
        (
            (Finding("dense", 1_234, 0.1, -0.2), Finding("keyword", 1, 7.0, 3.0)),
            "Meaning counts 60%.",
            "Meaning gave 0% of its score, words 100%. Rank 1,234 by meaning, 1 by words (BM25 7.00).",
        ),
        ((Finding("dense", 4, 0.5, 0.7),), "Meaning counts 60%.", "Rank 4 by meaning."),
        ((Finding("keyword", 3, 2.0, 1.0),), "", "Rank 3 by words (BM25 2.00)."),
        ((Finding("dense", 4, 0.5),), "", ""),
    ],
)
def test_what_put_a_hit_in_its_place(findings, weighing, said):
    assert found_by(replace(made_hits()[0], found_by=findings, weighing=weighing)) == said


def test_an_answer_without_documents_has_no_search():
    none_found = replace(made_answer(), hits=(), prompt=replace(made_answer().prompt, hits=(), left_out=()))
    asked_alone = replace(none_found, timings=replace(none_found.timings, retrieval=0.0))
    assert found_sentence(none_found) == "No passage was found."
    assert query_sentence(asked_alone) == found_sentence(asked_alone) == "No search was made for this answer."


def test_sentences_about_search_and_prompt():
    answer = made_answer()
    assert query_sentence(answer).startswith("The search used another text")
    assert query_sentence(replace(answer, query=answer.question)) == "The search used the question as it was asked."
    assert found_sentence(answer) == (
        "3 passages. Cosine similarity: 1 = same meaning as the question, about 0 = unrelated."
    )
    assert window_sentence(answer.prompt) == (
        "The prompt takes 310 of the context window's 1,024 tokens (counted exactly)."
    )
    assert "(estimated)" in window_sentence(replace(answer.prompt, is_exact=False))
    assert left_out_sentences(answer.prompt) == (
        "1 passage did not fit into the prompt.",
        "2 earlier exchanges did not fit into the prompt.",
    )
    assert left_out_sentences(replace(answer.prompt, left_out=(), history_left_out=0)) == ()


def test_a_prompt_that_was_cut_is_reported():
    answer = made_answer()
    assert reading_sentence(answer) == "The server reported 310 prompt tokens; 310 were counted before."
    cut = replace(answer, usage=Usage(120, 14, "finished", was_cut=True))
    assert "read only 120 of the 310 tokens sent: it cut the prompt" in reading_sentence(cut)
    assert reading_sentence(replace(answer, usage=Usage(None, None, "broken"))) == ""


def test_how_it_ended():
    answer = made_answer()
    assert ending_sentence(answer) == "The model finished its answer."
    assert "limit of 256 tokens" in ending_sentence(replace(answer, usage=Usage(1, 1, "length")))
    assert ending_sentence(replace(answer, problem="The server went away.")) == "The server went away."
    unasked = replace(answer, prompt=replace(answer.prompt, messages=()))
    assert ending_sentence(unasked) == "No model was called."
    assert window_sentence(unasked.prompt) == "No model was called, so no prompt was sent."


def test_speed_is_by_the_models_clock_where_it_has_one():
    answer = made_answer()
    assert tokens_per_second(answer) == 14 / 0.5
    assert tokens_per_second(replace(answer, usage=Usage(310, 11, "finished"))) == pytest.approx(11 / 0.55)
    assert tokens_per_second(replace(answer, usage=Usage(310, None, "broken"))) is None
    assert tokens_per_second(replace(answer, usage=Usage(310, 5, "broken"), timings=Timings())) is None


def test_sentences_about_support():
    answer = made_answer()
    assert verdict_sentences(answer) == (
        "No passage supports sentence 2.",
        "Sentence 2 states 2031, which the nearest passage does not contain.",
        "Sentence 3 states nothing that could be checked.",
    )
    assert [dependence_sentence(one) for one in answer.dependences] == [
        "Without passage 1, sentences 1 and 2 change.",
        "Without passage 2, no sentence changes.",
    ]


@pytest.mark.parametrize(
    ("kind", "stated", "found", "sentence"),
    [
        ("negation", "not", "", "The sentence says 'not', which the passage does not."),
        ("negation", "", "never", "The passage says 'never', which the sentence does not."),
        ("unit", "weeks", "days", "The sentence says 'weeks', the passage 'days'."),
        ("order", "Oslo", "Rome", "The passage has 'Oslo' and 'Rome' in each other's place."),
    ],
)
def test_what_an_altered_sentence_says_otherwise(kind, stated, found, sentence):
    answer = made_answer()
    altered = replace(answer.supports[0], verdict="altered", contradictions=(Contradiction(kind, stated, found),))
    assert verdict_sentences(replace(answer, supports=(altered,))) == (
        f"Sentence 1 may say something else than passage 1. {sentence}",
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0 ms"), (0.0324, "32 ms"), (0.1, "0.1 s"), (12.34, "12.3 s"), (125.0, "2 min 5 s")]
)
def test_durations_as_people_write_them(seconds, text):
    assert format_seconds(seconds) == text
