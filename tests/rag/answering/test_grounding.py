"""Sentences checked against passages: measured on the sample questions, and what each verdict is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.answer_checks.grounding import Remembering, read_lines, topic_sentences, with_changed_number
from rag import config
from rag.answering.claims import statements
from rag.answering.grounding import groundedness, support, supporting_words
from rag.answering.passage_match import passages_of
from rag.answering.types import Contradiction, Support
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.types import EmbeddingSpec, Hit
from tests.support.fakes import WordEmbedder
from tests.support.turns import made_hit

QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
ANSWERS = read_lines(config.ROOT / "bench" / "answer_checks" / "answers.jsonl")
LEAVE = "Full-time staff have 29 days of paid leave a year."
ROBOT = "The robot that carries parcels through the office is called Tuppence."
HOTEL = "A hotel room may cost at most 124 euros per night. Breakfast is part of that price."


class Counting(Remembering):
    """Counts the calls, and is a whole embedder."""

    def __init__(self, embedder) -> None:
        super().__init__(embedder)
        self.spec: EmbeddingSpec = embedder.spec
        self.calls = 0

    def encode_documents(self, texts: Sequence[str]):
        self.calls += 1
        return super().encode_documents(texts)


@pytest.fixture(scope="module")
def model(embedder) -> Counting:
    return Counting(embedder)


@pytest.fixture
def all_hits(sample, embedder) -> list[tuple[Hit, ...]]:
    """The five dense hits of every sample question."""
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    return [retriever.retrieve(item["question"], 5) for item in QUESTIONS]


def hits(*texts: str) -> tuple[Hit, ...]:
    """Hits without labels and context; for these see test_grounding_in_labels."""
    made = (made_hit(rank, text) for rank, text in enumerate(texts, start=1))
    return tuple(replace(hit, chunk=replace(hit.chunk, fields=())) for hit in made)


def verdicts(lines: Sequence[str], shown: Sequence[Hit], model) -> list[str]:
    """One for each line; a line is supported where one of its sentences is."""
    found = support("\n".join(lines), shown, model)
    ends = np.cumsum([len(line) + 1 for line in lines])
    by_line: list[set[str]] = [set() for _ in lines]
    for item in found:
        by_line[int(ends.searchsorted(item.start, side="right"))].add(item.verdict)
    return ["supported" if "supported" in seen else min(seen, default="unchecked") for seen in by_line]


def share_of(wanted: str, found: Sequence[str]) -> float:
    checked = [verdict for verdict in found if verdict != "unchecked"]
    assert len(checked) >= 10
    return sum(verdict == wanted for verdict in checked) / len(checked)


def test_copied_sentences_cite_the_chunk_that_holds_them(all_hits, model):
    right = 0
    for item, shown in zip(QUESTIONS, all_hits, strict=True):
        [found] = support(item["passage"], shown, model)
        right += found.number > 0 and item["passage"] in shown[found.number - 1].chunk.text
    assert right / len(QUESTIONS) >= 0.95


@pytest.mark.slow
def test_reworded_and_short_answers_cite_it_too(all_hits, model):
    right, n = 0, 0
    for item, answers, shown in zip(QUESTIONS, ANSWERS, all_hits, strict=True):
        for found in [*support(answers["close"], shown, model), *support(item["answer"], shown, model)]:
            n += found.verdict != "unchecked"
            right += found.number > 0 and item["passage"] in shown[found.number - 1].chunk.text
    assert right / n >= 0.9


def test_answers_to_other_questions_are_unsupported(all_hits, model):
    found = []
    for shown in all_hits:
        texts = "\n".join(hit.chunk.text for hit in shown)
        found += verdicts([item["passage"] for item in QUESTIONS if item["passage"] not in texts], shown, model)
    assert share_of("unsupported", found) >= 0.9


@pytest.mark.slow
def test_sentences_of_other_topics_are_unsupported(all_hits, model):
    topics, found = topic_sentences(), []
    for position, shown in enumerate(all_hits):
        texts = "\n".join(hit.chunk.text for hit in shown)
        found += verdicts([text for text in topics[position :: len(QUESTIONS)] if text not in texts], shown, model)
    assert len(found) >= 300
    assert share_of("unsupported", found) >= 0.9


@pytest.mark.slow
def test_a_changed_number_is_unsupported(all_hits, model):
    found = []
    for item, answers, shown in zip(QUESTIONS, ANSWERS, all_hits, strict=True):
        for sentence in (item["passage"], answers["close"]):
            if (changed := with_changed_number(sentence)) != sentence:
                found += verdicts([changed], shown, model)
    assert len(found) >= 40
    assert share_of("unsupported", found) >= 0.95


def test_inventions_about_the_same_subject_are_mostly_unsupported(all_hits, model):
    found = [verdicts([one["invented"]], shown, model)[0] for one, shown in zip(ANSWERS, all_hits, strict=True)]
    assert share_of("unsupported", found) >= 0.7


def test_a_sentence_that_says_something_else_names_its_passage_and_the_difference(model):
    answer = "Full-time staff do not have 29 days of paid leave a year. The robot is called Tuppence."
    found, other = support(answer, hits(ROBOT, LEAVE), model)
    assert (found.verdict, found.number, found.passage) == ("altered", 2, (0, len(LEAVE)))
    assert found.contradictions == (Contradiction("negation", "not", ""),)
    assert (other.verdict, other.contradictions) == ("supported", ())


def test_a_passage_that_says_the_same_wins_over_a_nearer_one_that_does_not(model):
    denied = "Full-time staff have no 29 days of paid leave a year."
    [found] = support(LEAVE, hits(denied, f"{LEAVE[:-1]}, as ever."), model)
    assert (found.verdict, found.number) == ("supported", 2)


def test_the_other_sentence_of_a_pair_lends_no_name(model):
    chunk = "Elinor Vance founded the observatory in 1887. Harriet Doyle was the teacher of Samuel Prior."
    [found] = support("Harriet Doyle founded the observatory in 1887.", hits(chunk), model)
    assert found.contradictions == (Contradiction("name", "Harriet Doyle", "Elinor Vance"),)


def test_a_name_of_the_question_is_no_other_name(model):
    answer, shown = "The staff of Acme have 29 days of paid leave a year.", hits(LEAVE)
    [found] = support(answer, shown, model)
    assert found.contradictions == (Contradiction("name", "Acme", ""),)
    [found] = support(answer, shown, model, question="How long is the leave at Acme?")
    assert found.verdict == "supported"


def test_the_number_that_is_missing_is_named(model):
    [found] = support("Full-time staff have 31 days of paid leave a year.", hits(ROBOT, LEAVE), model)
    assert (found.verdict, found.number, found.missing) == ("unsupported", 0, ("31",))
    assert found.passage == (0, len(LEAVE))
    assert found.scores[1] > 0.9


@pytest.mark.parametrize("number", ["29", "twenty-nine", "**29**", "29.0"])
def test_a_number_may_be_written_otherwise(model, number):
    [found] = support(f"Full-time staff have {number} days of paid leave a year [2].", hits(ROBOT, LEAVE), model)
    assert (found.verdict, found.number, found.missing) == ("supported", 2, ())


def test_a_passage_with_the_number_wins_over_a_nearer_one_without(model):
    other = LEAVE.replace("29", "25")
    [found] = support("Full-time staff have 29 days of paid leave a year.", hits(other, f"In short: {LEAVE}"), model)
    assert (found.number, found.missing) == (2, ())


def test_the_passage_of_an_unsupported_sentence_is_in_the_hit_with_the_highest_score(all_hits, model):
    n = 0
    for answers, shown in zip(ANSWERS, all_hits, strict=True):
        passages = passages_of([hit.chunk.text for hit in shown])
        for item in support(f"{answers['invented']}\n{answers['loose']}", shown, model):
            if item.verdict == "unsupported":
                spans = {(one.start, one.end) for one in passages if one.source == np.argmax(item.scores)}
                assert item.passage in spans
                n += 1
    assert n >= 30


def test_the_passage_is_the_sentence_or_two_neighbouring_ones(model):
    chunk = f"# Travel\n\n{ROBOT} {HOTEL} Nobody checks."
    answer = f"{ROBOT} A hotel room costs at most 124 euros per night, and breakfast is part of the price."
    one, two = support(answer, hits(chunk), model)
    assert chunk[slice(*one.passage)] == ROBOT
    assert chunk[slice(*two.passage)] == HOTEL


def test_a_neighbouring_sentence_lends_no_number(model):
    chunk = f"{LEAVE} Announce it at least 31 days ahead, so that the team can plan."
    [found] = support("Full-time staff have 31 days of paid leave a year.", hits(chunk), model)
    assert (found.verdict, found.missing) == ("unsupported", ("31",))


def test_the_whole_chunk_counts_where_an_excerpt_was_shown(model):
    [hit] = hits(f"{ROBOT} {LEAVE}")
    shown = Hit(hit.chunk, hit.document_name, hit.score, 1, hit.found_by, excerpt=ROBOT)
    [found] = support(LEAVE, [shown], model)
    assert hit.chunk.text[slice(*found.passage)] == LEAVE


def test_a_formatted_answer_sentence_by_sentence(model):
    answer = (
        f"# Paid leave of staff\n\nSure! Here is what I found:\n\n1. {LEAVE}\n- **{ROBOT}** [1]\n\n"
        "| Item | Price of it |\n|---|---|\n| A hotel room per night | 124 euros |\n\nIs there anything else?\n"
    )
    found = support(answer, hits(ROBOT, LEAVE, HOTEL), model)
    said = [(answer[item.start : item.end][:12], item.verdict, item.number) for item in found]
    assert said == [
        ("# Paid leave", "unchecked", 0), ("Sure!", "unchecked", 0), ("Here is what", "unchecked", 0),
        (f"1. {LEAVE}"[:12], "supported", 2), (f"- **{ROBOT}"[:12], "supported", 1),
        ("| Item | Pri", "unchecked", 0), ("| A hotel ro", "supported", 3), ("Is there any", "unchecked", 0),
    ]  # fmt: skip


def test_chinese_sentences_are_checked_against_chinese_passages(model):
    passages = hits("全职员工每年有29天带薪年假。员工必须提前申请。", "机器人名叫塔彭斯。")
    found = support("全职员工每年有29天年假。全职员工每年有31天年假。你好。", passages, model)
    assert [(item.verdict, item.number) for item in found] == [("supported", 1), ("unsupported", 0), ("unchecked", 0)]


def test_nothing_to_hold_or_to_hold_against(model):
    assert support("", hits(LEAVE), model) == ()
    [alone] = support(LEAVE, (), model)
    assert alone == Support(0, len(LEAVE), "unsupported", ())
    [blank] = support(LEAVE, hits("", " \n"), model)
    assert blank == Support(0, len(LEAVE), "unsupported", (0.0, 0.0))


def test_a_long_answer_takes_one_call(model):
    answer = " ".join(f"Sentence number {i} says that {LEAVE[:-1]} and no more." for i in range(60)) + "\n" + ROBOT
    before = model.calls
    found = support(answer, hits(LEAVE, ROBOT), model)
    assert model.calls == before + 1
    assert len(found) == 61
    assert found[-1].number == 2


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="ab 12.,|*#-[]?!\n年\u0301'", max_size=60),
    st.lists(st.text(alphabet="ab 12.\n年|", max_size=40), max_size=3),
)
def test_every_support_is_within_its_texts(answer, texts):
    shown = hits(*texts)
    found = support(answer, shown, WordEmbedder())
    assert [item.start for item in found] == sorted(item.start for item in found)
    for item in found:
        assert 0 <= item.start < item.end <= len(answer)
        assert len(item.scores) == len(texts)
        assert all(-1 <= score <= 1 for score in item.scores)
        assert (item.number > 0) == (item.verdict in ("supported", "altered"))
        assert bool(item.contradictions) == (item.verdict == "altered")
        # Who shows an unsupported sentence shows the passage in the hit with the highest score.
        source = item.number - 1 if item.number else int(np.argmax(item.scores or [0]))
        spans = {(one.start, one.end) for one in passages_of(texts) if one.source == source}
        assert item.passage in spans or not passages_of(texts)
    assert [(item.start, item.end) for item in found] == [(one.start, one.end) for one in statements(answer)]


def made(*verdicts: str) -> list[Support]:
    return [Support(0, 1, verdict, ()) for verdict in verdicts]


def test_groundedness_says_what_it_means():
    found = groundedness(made("supported", "supported", "unsupported", "supported", "unchecked"))
    assert (found.supported, found.checked, found.share) == (3, 4, 0.75)
    assert found.sentence == (
        "3 of 4 sentences are supported by a retrieved passage. "
        "This says where a sentence comes from, not that it is true."
    )
    assert groundedness(made("supported")).sentence.startswith("1 of 1 sentence is supported")
    assert found.altered == 0


def test_groundedness_counts_altered_sentences_apart():
    found = groundedness(made("supported", "altered", "altered", "unchecked"))
    assert (found.supported, found.altered, found.checked, found.share) == (1, 2, 3, 1 / 3)
    assert found.sentence.startswith(
        "1 of 3 sentences are supported by a retrieved passage. 2 may say something else than the passage cited. This"
    )


@pytest.mark.parametrize(
    ("supports", "said"),
    [([], "This answer was not checked against any source."), (made("unchecked", "unchecked"), "No sentence of this")],
)
def test_groundedness_of_what_cannot_be_checked(supports, said):
    found = groundedness(supports)
    assert (found.share, found.checked) == (None, 0)
    assert found.sentence.startswith(said)


def marked(sentence: str, passage: str) -> list[str]:
    spans = supporting_words(sentence, passage)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    return [passage[start:end] for start, end in spans]


def test_supporting_words_are_the_shared_words_and_numbers():
    assert marked("Each day of the paid leave: twenty-nine.", LEAVE) == ["29", "days", "paid", "leave"]
    assert marked("It costs 1,000 euros [2].", "The price is 1000 euros for 2.") == ["1000", "euros"]
    assert marked("员工有29天年假", "员工每年有29天带薪年假") == ["员工", "29", "年假"]
    assert marked("They are what they are.", "What they are is not known.") == ["What", "they", "are"]
    assert marked("Moles dig.", LEAVE) == []


@given(*[st.text(alphabet="ab 29,.'-年假\u0301|*[]", max_size=30)] * 2)
def test_marked_words_are_in_order_and_apart(sentence, passage):
    assert all(marked(sentence, passage))


@given(st.lists(st.from_regex("[xq]{2,4}|[29]{1,2}|x[29]", fullmatch=True), max_size=6))
def test_a_text_shares_every_word_with_itself(words):
    assert " ".join(marked(" ".join(words), " ".join(words))) == " ".join(words)
