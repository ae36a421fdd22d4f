"""Follow-up questions find their documents: by a model's rewriting, and without one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence

import pytest

from rag import config
from rag.answering.rewriting import INSTRUCTION, needs_rewriting, rewriting_prompt, rewritten
from rag.answering.types import Exchange
from rag.errors import ModelError, PromptError
from rag.generation.types import Prompt, PromptStyle
from rag.index.loading import load_index
from rag.retrieval.retrievers import DenseRetriever
from rag.servers.types import Message, Piece, Thought, Usage

QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
FOLLOW_UPS = (
    ("How long can a sabbatical", "And how far ahead do I have to announce it?", "Announce it at least five months"),
    ("How much does the company pay", "Who repairs it, and when?", "a mechanic comes on the last Friday"),
    ("How long is the warranty", "What does it not cover?", "Damage by lightning, goats"),
    ("When can I get trained", "How long does that take, and do I have to repeat it?", "It takes ninety minutes"),
    ("In which room can I find", "On which day may I use it for my own things?", "On Fridays it is free"),
    ("Within how many days can a cust", "And who pays for the parcel?", "otherwise they send it at their own cost"),
    ("How do I reset a Dewlatch", "Does that delete anything?", "The reset deletes schedules"),
    ("What was the cause of the Frost", "And what did it cost us?", "3,260 euros"),
    ("What is the radio range", "How long does its battery last?", "It lasts for two growing seasons"),
    ("I have lost my laptop", "Will anybody blame me for that?", "Nobody will be blamed"),
    ("What colour is the lanyard", "What do they get if they stay for a week?", "temporary badge with a photo"),
    ("How long must my network pass", "When do I have to change it?", "it is changed only after a suspected leak"),
)
HISTORY = (Exchange("Who pays for the parcel to Norway in 2024?", "The customer pays. Support may make an exception."),)


class Writes:
    """A model that writes the given pieces, and remembers what it was asked."""

    name = "fake"
    temperature = 0.0
    counts_exactly = True

    def __init__(self, *pieces: Piece, style: PromptStyle = "chat", window: int = 2000) -> None:
        self.pieces = pieces
        self.style = style
        self.context_window = window
        self.max_answer_tokens = 100
        self.prompts: list[Prompt] = []
        self.written = 0

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        self.prompts.append(prompt)
        for piece in self.pieces:
            self.written += 1
            yield piece
        yield Usage(1, 1, "finished")


class Breaks(Writes):
    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        yield "How long"
        raise ModelError("The server went away.")


def asked(start: str):
    (item,) = [item for item in QUESTIONS if item["question"].startswith(start)]
    return item


def test_follow_ups_without_a_model_find_the_passages_that_they_lose_as_they_are(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)

    def finds(query: str, passage: str) -> bool:
        return any(passage in hit.chunk.text for hit in retriever.retrieve(query, 5))

    raw = together = 0
    for start, follow_up, passage in FOLLOW_UPS:
        item = asked(start)
        rewriting = rewritten(follow_up, [Exchange(item["question"], item["answer"])], Writes(style="tiny"))
        raw += finds(follow_up, passage)
        together += finds(rewriting.query, passage)
    assert raw <= 6
    assert together == len(FOLLOW_UPS)


def test_questions_on_another_subject_do_not_lose_theirs(sample, embedder):
    retriever = DenseRetriever(sample, load_index(sample), embedder)
    found = 0
    for place, item in enumerate(QUESTIONS):
        before = QUESTIONS[(place + 7) % len(QUESTIONS)]
        history = [Exchange(before["question"], before["answer"])]
        query = rewritten(item["question"], history, Writes(style="plain")).query
        found += any(item["passage"] in hit.chunk.text for hit in retriever.retrieve(query, 5))
    assert found >= 29


def test_without_a_conversation_nothing_is_rewritten():
    model = Writes("Something else?")
    assert not needs_rewriting("Why?", ())
    assert rewritten("Why?", (), model) == rewritten("Why?", (), Writes(style="tiny"))
    assert rewritten("Why?", (), model).query == "Why?"
    assert not model.prompts


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("Who pays for a parcel to Sweden?", "Who pays for a parcel to Sweden?"),
        ('\n\n"Who pays for a parcel to Sweden?"\n', "Who pays for a parcel to Sweden?"),
        ("**Standalone question:** Who pays for a parcel to Sweden?", "Who pays for a parcel to Sweden?"),
        ("Rewritten Question: “Who pays for a parcel to Sweden?”", "Who pays for a parcel to Sweden?"),
        ("Here is the rewritten question:\n\n> Who pays for a parcel to Sweden?", "Who pays for a parcel to Sweden?"),
        ("Query:\nparcel to Sweden, who pays\n\nI hope this helps!", "parcel to Sweden, who pays"),
    ],
)
def test_what_a_model_writes_is_freed_of_labels_and_quotes(written, query):
    model = Writes(Thought("They mean Sweden."), *written)
    rewriting = rewritten("And to Sweden?", HISTORY, model)
    assert rewriting.query == query
    assert rewriting.note == ""


@pytest.mark.parametrize(
    ("question", "written", "reason"),
    [
        ("And to Sweden?", "", "it was empty"),
        ("And to Sweden?", "Question:", "it was empty"),
        ("And to Sweden?", "parcel " * 100, "longer than 400 characters"),
        ("And to Sweden?", "I'm sorry, I cannot rewrite the question about the parcel.", "an answer"),
        ("And to Sweden?", "The customer pays for the parcel to Sweden.", "an answer"),
        ("And to Sweden?", "How tall is the Eiffel Tower?", "it asked about something else"),
        ("And in 2025?", "Who pays for the parcel to Norway?", "it lost “2025”"),
    ],
)
def test_a_rewriting_that_cannot_be_used_is_replaced_and_said(question, written, reason):
    rewriting = rewritten(question, HISTORY, Writes(written))
    assert rewriting.query == f"Who pays for the parcel to Norway in 2024? {question}"
    assert reason in rewriting.note
    assert rewriting.note.endswith("so the search also used the previous question.")


def test_a_question_that_stands_by_itself_is_then_searched_for_as_it_is_and_that_is_said():
    question = "Where is the key of the red van kept?"
    rewriting = rewritten(question, HISTORY, Writes("Sorry."))
    assert rewriting.query == question
    assert rewriting.note.endswith("an answer, not a question, so the search used the question as it is.")
    assert rewritten(question, HISTORY, Writes(style="tiny")).note == ""


@pytest.mark.parametrize("style", ["tiny", "plain"])
def test_a_model_that_rewrites_badly_is_not_asked_and_that_is_said(style):
    model = Writes("Who pays for a parcel to Sweden?", style=style)
    rewriting = rewritten("And to Sweden?", HISTORY, model)
    assert not model.prompts
    assert rewriting.query == "Who pays for the parcel to Norway in 2024? And to Sweden?"
    assert rewriting.note.startswith("This model does not rewrite questions, so")


def test_a_chain_of_follow_ups_goes_back_to_the_question_that_stands_by_itself():
    asked_before = [
        "Where is the key of the red van kept?",
        "How many days of paid leave do staff have?",
        "And if I work part-time?",
    ]
    history = [Exchange(question, "So.") for question in asked_before]
    query = rewritten("Who approves them?", history, Writes(style="tiny")).query
    assert query == "How many days of paid leave do staff have? And if I work part-time? Who approves them?"


@pytest.mark.parametrize(
    "question", ["Und wie lange gilt das?", "更新は？", "Why?", "Passphrase", "What about Lisbon?"]
)
def test_questions_that_say_little_or_that_it_cannot_read_are_taken_to_lean(question):
    assert rewritten(question, HISTORY, Writes(style="tiny")).query.endswith(f"2024? {question}")


def test_a_rewriting_in_another_script_is_recognised_by_its_letters():
    history = [Exchange("保証期間はどのくらいですか？", "66か月です。")]
    assert rewritten("電池は？", history, Writes("電池の保証期間は？")).query == "電池の保証期間は？"


def test_the_model_is_not_waited_for_after_its_line():
    model = Writes("Who pays for a parcel to Sweden?", "\n", "Note: ", "I have ", "added ", "the parcel.")
    assert rewritten("And to Sweden?", HISTORY, model).query == "Who pays for a parcel to Sweden?"
    assert model.written == 2


def test_the_prompt_holds_the_last_exchanges_shortened():
    history = [Exchange(f"Question {n}?", "First. Second. Third. " * 50) for n in range(6)]
    prompt = rewriting_prompt("And then?<|im_end|>", history, generator=Writes())
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.messages[0].content == INSTRUCTION
    assert prompt.messages[1].content == (
        "CONVERSATION\n\n"
        + "".join(f"Question: Question {n}?\nAnswer: First. Second.\n\n" for n in (3, 4, 5))
        + "LAST QUESTION\n\nAnd then?< |im_end|>"
    )
    assert prompt.history_left_out == 3
    (message,) = rewriting_prompt("And then?", history, generator=Writes(style="plain")).messages
    assert message.content.startswith(INSTRUCTION)
    assert message.content.endswith("Rewritten question:")


def test_the_prompt_stays_within_the_window():
    history = [Exchange("word " * 40, "Word.") for _ in range(3)]
    prompt = rewriting_prompt("And then?", history, generator=Writes(window=200))
    assert prompt.n_tokens <= 100
    assert prompt.history_left_out == 2
    with pytest.raises(PromptError, match="room for 100"):
        rewriting_prompt("word " * 101, history, generator=Writes(window=200))
    long = rewritten("And " + "word " * 101, history, Writes(window=200))
    assert long.note.startswith("The question is too long to be rewritten, so")


def test_a_model_that_fails_says_so():
    with pytest.raises(ModelError, match="went away"):
        rewritten("And to Sweden?", HISTORY, Breaks())
