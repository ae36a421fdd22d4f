"""Chat within the chunks selected on the map, and how often each chunk was used for an answer."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rag.conversations.store import Conversations
from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.sqlite.collection import SqliteCollection
from rag.types import ChunkingSpec
from tests.pages.support.app import answer_texts, button, labelled, start, texts
from tests.support.scripted_ollama import HEALTHY, scripted_ollama

QUESTION = "How many days of paid leave do full-time staff have?"
WRITTEN = "The otters wrote this."


@pytest.fixture
def model(monkeypatch):
    """An Ollama server whose model always writes the same."""
    answer = {"model": "scripted:latest", "message": {"role": "assistant", "content": WRITTEN}, "done": True}
    with scripted_ollama({**HEALTHY, "/api/chat": (200, answer)}) as address:
        monkeypatch.setenv("OLLAMA_HOST", address)
        yield


def chat_about(collection: Collection, chunk_ids: list[int]) -> AppTest:
    """The Chat page with these chunks selected on the map."""
    app = start("chat.py")
    app.session_state["workspace"].ask_only(collection, chunk_ids)
    app.run()
    assert not app.exception
    return app


def ask(app: AppTest) -> list[int]:
    """The ids of the chunks behind the answer to the question."""
    app.chat_input[0].set_value(QUESTION).run()
    assert not app.exception
    assert WRITTEN in answer_texts(app)
    conversations = Conversations(app.session_state["workspace"].collection)
    answer = conversations.turns(conversations.list()[0].conversation_id)[-1].answers[0].answer
    return [hit.chunk.chunk_id for hit in answer.hits]


def chunks_of(collection: Collection, name: str) -> list[int]:
    (document,) = [summary for summary in collection.documents() if summary.name == name]
    return [chunk.chunk_id for chunk in collection.chunks_of(document.document_id)]


def has_button(app: AppTest) -> bool:
    return any(item.label == "Use all chunks" for item in app.button)


def test_answers_come_from_the_selected_chunks_until_all_are_used(sample, model):
    chosen = chunks_of(sample, "topics.csv")[:37]
    app = chat_about(sample, chosen)
    assert "Passages come from the 37 chunks selected on the map." in texts(app)
    within = ask(app)
    assert len(within) == 5
    assert set(within) <= set(chosen)
    button(app, "Use all chunks").click().run()
    assert "selected on the map" not in texts(app)
    assert not has_button(app)
    assert not set(ask(app)) & set(chosen)


def test_one_chunk_is_one_chunk(sample, model):
    chosen = chunks_of(sample, "topics.csv")[:1]
    app = chat_about(sample, chosen)
    assert "Passages come from the 1 chunk selected on the map." in texts(app)
    assert ask(app) == chosen


def test_without_a_selection_there_is_no_note_about_it(sample, model):
    app = start("chat.py")
    assert "selected on the map" not in texts(app)
    assert not has_button(app)


def test_a_selection_never_applies_to_another_collection(sample, model, data_dir, embedder):
    chosen = sample.chunk_ids()[:3].tolist()
    app = chat_about(sample, chosen)
    assert "3 chunks selected" in texts(app)
    other = Collection.create(data_dir, "Other", embedder.spec, ChunkingSpec())
    document = sample.document(sample.documents()[0].document_id)
    chunks = sample.chunks_of(document.document_id)
    other.put_document(document, chunks, embedder.encode_documents([chunk.text for chunk in chunks]), embedder.spec)
    app.session_state["workspace"].collection = other
    app.run()
    assert not app.exception
    assert "selected on the map" not in texts(app)
    assert len(ask(app)) == min(5, other.n_chunks())
    app.session_state["workspace"].collection = sample
    app.run()
    assert "3 chunks selected" in texts(app)


def test_chunks_that_are_gone_are_not_counted(sample, model):
    chosen = [*chunks_of(sample, "topics.csv")[:3], *sample.chunk_ids()[-2:].tolist()]
    gone = sample.chunks(chosen[-1:])[0].document_id
    app = chat_about(sample, chosen)
    assert "the 5 chunks selected" in texts(app)
    sample.delete_document(gone)
    left = len(sample.chunks(chosen))
    app.run()
    assert f"the {left} chunks selected" in texts(app)
    assert sorted(ask(app)) == [chunk.chunk_id for chunk in sample.chunks(chosen)]


def test_a_selection_whose_chunks_are_all_deleted_is_a_warning_with_a_way_to_use_all(sample, model):
    app = chat_about(sample, [10**9])
    assert "The chunks selected on the map no longer exist." in texts(app)
    assert app.chat_input[0].disabled
    button(app, "Use all chunks").click().run()
    assert not app.chat_input[0].disabled
    assert len(ask(app)) == 5


def test_chunks_in_the_prompt_are_counted_each_time(sample, model):
    generation = sample.generation()
    app = start("chat.py")
    first = ask(app)
    assert sample.retrieved_counts() == dict.fromkeys(sorted(first), 1)
    app.run()
    ask(app)
    assert sample.retrieved_counts() == dict.fromkeys(sorted(first), 2)
    assert sample.generation() == generation


def test_an_answer_is_kept_where_its_chunks_cannot_be_counted(sample, model, monkeypatch):
    def refuse(self, chunk_ids):
        raise CollectionError("Collection 'Sample' could not be read or written: database is locked.")

    monkeypatch.setattr(SqliteCollection, "count_retrieved", refuse)
    app = start("chat.py")
    ask(app)
    assert "database is locked" in texts(app)
    app.run()
    assert WRITTEN in answer_texts(app)
    assert "database is locked" not in texts(app)


def test_below_the_minimum_similarity_no_model_is_asked_until_answer_anyway(sample, model):
    app = start("chat.py")
    labelled(app.slider, "Minimum similarity").set_value(0.9).run()
    app.chat_input[0].set_value("What is the airspeed of a swallow?").run()
    assert not app.exception
    assert "The documents do not seem to cover this" in texts(app)
    assert WRITTEN not in answer_texts(app)
    button(app, "Answer anyway").click().run()
    assert WRITTEN in answer_texts(app)
    app.run()
    assert WRITTEN in answer_texts(app)


def test_words_documents_and_number_are_kept_to(sample, model):
    app = start("chat.py")
    labelled(app.get("button_group"), "Search by").set_value("hybrid").run()
    labelled(app.slider, "Passages").set_value(3).run()
    labelled(app.multiselect, "Documents").select("error-codes.csv").run()
    found = ask(app)
    assert len(found) == 3
    assert set(found) <= set(chunks_of(sample, "error-codes.csv"))
    assert f"Only 3 of {sample.n_chunks()} passages were read, so totals and lists may be incomplete." in texts(app)
    labelled(app.get("button_group"), "Search by").set_value("keyword").run()
    labelled(app.multiselect, "Documents").unselect("error-codes.csv").run()
    assert ask(app)
