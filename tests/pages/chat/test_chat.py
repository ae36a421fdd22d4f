"""Conversations on the Chat page: ask, regenerate, edit, compare, rename, delete, and open again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.chat.state import SHOWN
from rag.answer import Request, unanswered
from rag.answering.types import LabelledAnswer, Turn
from rag.conversations.store import Conversations
from rag.store.collection import Collection
from tests.pages.support.app import answer_texts, button, labelled, start, texts
from tests.pages.support.chat_page import GOLD, QUESTION, ask, kept
from tests.support.scripted_ollama import Stream, streamed


def test_an_answer_is_streamed_cited_and_stored_for_the_next_visit(sample, saying):
    saying(streamed(f"{GOLD} The moon is made of green cheese.", prompt_tokens=900))
    app = ask(start("chat.py"), QUESTION)
    assert answer_texts(app) == [f"{GOLD} The moon is made of green cheese."]
    assert "1 of 2 sentences backed by sources" in texts(app)
    assert "900 tokens read" in texts(app)
    number = app.query_params["conversation"][0]
    again = start("chat.py", conversation=number)
    assert answer_texts(again) == answer_texts(app)
    assert texts(again).count(QUESTION) == texts(app).count(QUESTION) == 1
    assert answer_texts(start("chat.py")) == []


def test_a_follow_up_is_rewritten_before_it_is_searched_for(sample, server):
    app = ask(start("chat.py"), QUESTION)
    ask(app, "And when must it be taken?")
    first, rewriting, second = server.sent_to("/api/chat")
    assert len(first["messages"]) == 2
    assert "Rewrite" in rewriting["messages"][0]["content"]
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    assert kept(sample)[1].question == "And when must it be taken?"
    labelled(app.toggle, "Rewrite follow-up questions").set_value(False).run()
    ask(app, "And for part-time staff?")
    assert len(server.sent_to("/api/chat")) == 4
    assert kept(sample)[2].answers[0].answer.query == "And for part-time staff?"


def test_the_recorded_prompt_is_what_the_server_received(sample, server):
    app = ask(start("chat.py"), QUESTION)
    (body,) = server.sent_to("/api/chat")
    prompt = kept(sample)[0].answers[0].answer.prompt
    assert [(one["role"], one["content"].encode()) for one in body["messages"]] == [
        (one.role, one.content.encode()) for one in prompt.messages
    ]
    assert body["options"]["num_ctx"] == prompt.context_window
    assert body["options"]["num_predict"] == prompt.max_answer_tokens
    button(app, "Show how this was answered").click().run()
    assert not app.exception
    shown = [element.value for element in [*app.code, *app.text]]
    for message in prompt.messages:
        assert message.content in shown


def test_a_regenerated_answer_is_a_new_version_and_the_old_one_is_kept(sample, server):
    app = ask(start("chat.py"), QUESTION)
    button(app, "Regenerate").click().run()
    assert "2 of 2" in texts(app)
    button(app, "Previous version").click().run()
    assert "1 of 2" in texts(app)
    assert len(kept(sample)) == 1
    assert Conversations(sample).versions(1, 0)[0].turn_id == kept(sample)[0].turn_id


def edit(app: AppTest, text: str, place: int = 0) -> None:
    app.text_area[place].set_value(text).run()
    [one for one in app.button if one.label == "Ask"][place].click().run()
    assert not app.exception


def test_editing_the_last_question_makes_a_version_of_it(sample, server):
    app = ask(start("chat.py"), QUESTION)
    edit(app, "What does a lockkeeper do?")
    assert "2 of 2" in texts(app)
    assert [turn.question for turn in kept(sample)] == ["What does a lockkeeper do?"]
    assert len(Conversations(sample).list()) == 1


@pytest.mark.slow
def test_editing_an_earlier_question_starts_a_new_branch(sample, server):
    app = ask(start("chat.py"), QUESTION)
    labelled(app.toggle, "Rewrite follow-up questions").set_value(False).run()
    for question in ("What does a lockkeeper do?", "And after that?"):
        ask(app, question)
    [one for one in app.button if one.label == "More"][1].click().run()
    assert "Editing starts a new branch" in texts(app)
    edit(app, "What is a lockkeeper?")
    conversations = Conversations(sample)
    new, old = (conversations.turns(one.conversation_id) for one in conversations.list())
    assert [turn.question for turn in old] == [QUESTION, "What does a lockkeeper do?", "And after that?"]
    assert [turn.question for turn in new] == [QUESTION, "What is a lockkeeper?"]


def test_other_words_can_be_searched_for(sample, server):
    app = ask(start("chat.py"), QUESTION)
    labelled(app.text_input, "Searched for").set_value("door code of the main entrance").run()
    button(app, "Search for this").click().run()
    answer = kept(sample)[0].answers[0].answer
    assert (answer.question, answer.query) == (QUESTION, "door code of the main entrance")
    assert "Searched for: door code" in texts(app)
    assert "main entrance" in answer.hits[0].chunk.text


def test_side_by_side(sample, server):
    app = ask(start("chat.py"), QUESTION)
    ways = labelled(app.get("button_group"), "Answers")
    ways.set_value(["Without documents", "With the documents", "With the wrong documents"]).run()
    button(app, "Answer side by side").click().run()
    assert not app.exception
    turn = kept(sample)[1]
    without, right, wrong = (one.answer for one in turn.answers)
    assert [one.label for one in turn.answers] == ["Without documents", *ways.value[1:]]
    assert (without.hits, len(right.hits), len(wrong.hits)) == ((), 5, 5)
    assert not {hit.chunk.chunk_id for hit in right.hits} & {hit.chunk.chunk_id for hit in wrong.hits}
    assert max(hit.score for hit in wrong.hits) < min(hit.score for hit in right.hits)
    assert len(answer_texts(app)) == 4


def test_one_click_shows_the_answer_next_to_one_without_documents_and_one_more_the_wrong_ones(sample, server):
    app = ask(start("chat.py"), QUESTION)
    first = kept(sample)[0].answers[0].answer
    button(app, "Without documents").click().run()
    assert not app.exception
    turn = kept(sample)[1]
    assert [one.label for one in turn.answers] == ["Without documents", "With the documents"]
    without, right = (one.answer for one in turn.answers)
    assert (without.hits, right) == ((), first)
    button(app, "Add the wrong documents").click().run()
    assert not app.exception
    turn = kept(sample)[2]
    assert [one.label for one in turn.answers][2] == "With the wrong documents"
    assert [one.answer for one in turn.answers[:2]] == [without, right]
    wrong = turn.answers[2].answer
    assert not {hit.chunk.chunk_id for hit in right.hits} & {hit.chunk.chunk_id for hit in wrong.hits}
    # The answers that were there are not made again, and their passages not counted again.
    assert len(server.sent_to("/api/chat")) == 3
    counts = sample.retrieved_counts()
    assert {counts[hit.chunk.chunk_id] for hit in first.prompt.hits} == {1}


def test_with_another_setting_both_answers_are_made_again(sample, server):
    app = ask(start("chat.py"), QUESTION)
    labelled(app.slider, "Temperature").set_value(0.9).run()
    button(app, "Without documents").click().run()
    assert not app.exception
    assert len(server.sent_to("/api/chat")) == 3
    assert {one.answer.temperature for one in kept(sample)[1].answers} == {0.9}


def test_source_impact_finds_the_passage_that_an_answer_depends_on(sample, saying):
    def depends(body: dict) -> Stream:
        knows = "29" in body["messages"][-1]["content"]
        return streamed(GOLD if knows else "The passages do not say how many days there are.", prompt_tokens=500)

    server = saying(depends)
    app = start("chat.py")
    labelled(app.slider, "Passages").set_value(3).run()
    ask(app, QUESTION)
    labelled(app.slider, "Temperature").set_value(0.9).run()
    button(app, "Source impact (leave-one-out)").click().run()
    for _ in range(200):
        if kept(sample)[0].answers[0].answer.dependences:
            break
        app.run()
    answer = kept(sample)[0].answers[0].answer
    holders = {number for number, hit in enumerate(answer.prompt.hits, 1) if "29" in hit.chunk.text}
    assert len(holders) == 1
    assert {one.number for one in answer.dependences if one.changed} == holders
    assert [body["options"]["temperature"] for body in server.sent_to("/api/chat")] == [0.0] * 5


def test_a_conversation_is_renamed_and_deleted(sample, server):
    app = ask(start("chat.py"), QUESTION)
    labelled(app.text_input, "Name").set_value("Leave").run()
    button(app, "Rename").click().run()
    assert [one.title for one in Conversations(sample).list()] == ["Leave"]
    button(app, "New").click().run()
    assert answer_texts(app) == []
    labelled(app.selectbox, "Conversation").set_value(1).run()
    assert len(answer_texts(app)) == 1
    labelled(app.checkbox, "Delete conversation").check().run()
    button(app, "Delete").click().run()
    assert Conversations(sample).list() == []
    assert answer_texts(app) == []


def long_conversation(collection: Collection, n: int, answer: str) -> int:
    conversations = Conversations(collection)
    conversation_id = conversations.create("Long")
    for number in range(n):
        made = replace(unanswered(Request(f"Question {number}?"), "made up", ""), text=answer)
        conversations.add(conversation_id, Turn(f"Question {number}?", (LabelledAnswer("", made),)))
    return conversation_id


@pytest.mark.slow
def test_a_conversation_of_200000_tokens_still_answers(sample, server):
    words = "Otters hold hands while they sleep, as far as anyone knows. " * 160
    conversation_id = long_conversation(sample, 100, words)
    assert 100 * len(words.split()) > 150_000
    app = start("chat.py", conversation=str(conversation_id))
    assert texts(app).count("Question ") == SHOWN
    labelled(app.toggle, "Rewrite follow-up questions").set_value(False).run()
    ask(app, QUESTION)
    assert answer_texts(app)[-1] == f"Echo: {QUESTION}"
    answer = kept(sample)[-1].answers[0].answer
    assert answer.prompt.history_left_out >= 99
    assert answer.prompt.n_tokens + answer.prompt.max_answer_tokens <= answer.prompt.context_window
    button(app, "Show earlier questions").click().run()
    assert not app.exception
    assert texts(app).count("Question ") > SHOWN


def test_a_damaged_record_is_a_message_and_the_page_still_works(sample, server):
    app = ask(start("chat.py"), QUESTION)
    with sqlite3.connect(sample.path) as connection:
        connection.execute("UPDATE turns SET record = '{'")
    connection.close()
    app.run()
    assert not app.exception
    assert "A stored answer is damaged" in texts(app)
    button(app, "New").click().run()
    ask(app, QUESTION)
    assert len(answer_texts(app)) == 1


def test_the_examples_of_the_sample_can_be_clicked(sample, server):
    app = start("chat.py")
    # Signs of Markdown have a backslash before them in a label.
    button(app, QUESTION.partition("-")[0]).click().run()
    assert answer_texts(app) == [f"Echo: {QUESTION}"]
