"""The Retrieval page: its hits are the retriever's, whatever is chosen, and it says what to do where there are none."""

from __future__ import annotations

import json

from pages.shared.search.live_search import Found, left_out_sentence, search
from rag import config
from rag.index.loading import load_index
from rag.index.words.loading import load_word_index
from rag.report.figures import found_by
from rag.retrieval.hybrid import HybridRetriever
from rag.retrieval.retrievers import DenseRetriever
from rag.retrieval.search_examples import SAMPLE_SEARCHES
from rag.retrieval.settings import RetrievalSettings
from rag.transfer.files import rename_collection
from tests.pages.support.app import button, labelled, start, texts
from tests.support.answers import made_hits

QUERY = "how many days of paid leave"


def similarities(app) -> list[str]:
    return [bar.proto.text for bar in app.get("progress")]


def bodies(app) -> list[str]:
    return [block.proto.body for block in app.get("html")]


def test_a_query_in_the_address_finds_what_the_retriever_finds(sample, embedder):
    expected = HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder).retrieve(QUERY, 5)
    app = start("search.py", collection="Sample", query=QUERY)
    assert not app.exception
    assert similarities(app) == [f"similarity {hit.score:.2f}" for hit in expected]
    names = [line for line in texts(app).splitlines() if line.startswith("**")]
    assert [line.split()[2].split(",")[0] for line in names] == [hit.document_name for hit in expected]
    assert ">leave</mark>" in "".join(bodies(app))
    assert "5 passages, found in" in texts(app)
    assert json.loads(app.get("bidi_component")[0].proto.json)["text"] == QUERY


def test_the_page_opens_with_an_example_and_each_sentence_is_true_of_the_sample(shipped_sample):
    app = start("search.py", collection="Sample")
    assert f"Example: holiday** · {SAMPLE_SEARCHES[0].saying}" in texts(app)
    assert len(similarities(app)) == 5
    assert "holiday" not in bodies(app)[0].lower()
    for one in SAMPLE_SEARCHES[1:]:
        button(app, one.query).click().run()
        assert not app.exception
        assert f"Example: {one.query}** · {one.saying}" in texts(app)


def test_another_collection_opens_with_one_of_its_headings(sample):
    rename_collection(sample.path.parent, "Sample", "Handbook")
    app = start("search.py", collection="Handbook")
    assert "These words are a heading of" in texts(app)
    assert "The passage below it is" in texts(app)
    assert len(similarities(app)) == 5


def test_a_minimum_that_nothing_reaches_says_how_near_the_best_came(sample):
    app = start("search.py", collection="Sample", query=QUERY)
    best = max(float(text.split()[1]) for text in similarities(app))
    labelled(app.slider, "Minimum similarity").set_value(0.9).run()
    assert not app.exception
    assert f"similarity of {best:.2f}; the minimum is 0.90" in texts(app)
    assert similarities(app) == []


def test_words_that_no_passage_holds(sample):
    app = start("search.py", collection="Sample", query="xyzzyq")
    labelled(app.get("button_group"), "Search by").set_value("keyword").run()
    assert "No passage contains these words" in texts(app)


def test_a_search_by_meaning_finds_what_the_retriever_finds(sample, embedder):
    expected = DenseRetriever(sample, load_index(sample), embedder).retrieve(QUERY, 5)
    app = start("search.py", collection="Sample", query=QUERY)
    labelled(app.get("button_group"), "Search by").set_value("dense").run()
    assert not app.exception
    assert similarities(app) == [f"similarity {hit.score:.2f}" for hit in expected]
    assert "Rank " not in texts(app)
    assert "Meaning counts" not in texts(app)


def test_both_searches_say_how_they_count_and_what_put_each_passage_there(sample, embedder):
    expected = HybridRetriever(sample, *sample.embeddings(), load_word_index(sample), embedder).retrieve(QUERY, 5)
    app = start("search.py", collection="Sample", query=QUERY)
    assert not app.exception
    said = [line for line in texts(app).splitlines() if line.startswith(("Meaning gave", "Rank "))]
    assert said == [found_by(hit) for hit in expected]
    assert any("by words (BM25 " in line for line in said)
    assert expected[0].weighing in texts(app)


def test_a_phrase_that_no_passage_holds_is_said(sample):
    app = start("search.py", collection="Sample", query='"leave of paid pumps"')
    assert "No chunk contains the phrase “leave of paid pumps”, so its words were looked for" in texts(app)


def test_what_is_less_similar_than_the_minimum_is_left_out(sample):
    every = search(sample, QUERY, RetrievalSettings(k=10)).hits
    scores = sorted((hit.score for hit in every), reverse=True)
    minimum = (scores[3] + scores[4]) / 2
    found = search(sample, QUERY, RetrievalSettings(k=10, minimum=minimum))
    assert [hit.chunk for hit in found.hits] == [hit.chunk for hit in every if hit.score > minimum]
    assert (len(found.hits), len(found.all_hits)) == (4, 10)


def test_how_many_are_left_out_is_said(sample):
    every = [hit.score for hit in search(sample, QUERY, RetrievalSettings()).all_hits]
    minimum = 0.45
    kept = sum(score >= minimum for score in every)
    assert 0 < kept < len(every) - 1
    app = start("search.py", collection="Sample", query=QUERY)
    assert "left out" not in texts(app)
    labelled(app.slider, "Minimum similarity").set_value(minimum).run()
    assert len(similarities(app)) == kept
    assert f"{len(every) - kept} more passages are less similar than 0.45 and left out" in texts(app)


def test_one_passage_that_is_left_out_is_one():
    hits = made_hits()
    found = Found(hits[:2], hits, 0.1)
    assert left_out_sentence(found, RetrievalSettings(minimum=0.4)).startswith("1 more passage is less similar than")
    assert left_out_sentence(Found(hits, hits, 0.1), RetrievalSettings()) == ""


def test_room_for_passages_is_not_offered_where_no_model_counts_tokens(sample):
    app = start("search.py", collection="Sample")
    assert "Max. tokens of passages" not in [one.label for one in app.select_slider]
    app.switch_page(str(config.ROOT / "pages" / "chat.py")).run()
    assert "Max. tokens of passages" in [one.label for one in app.select_slider]


def test_a_selection_on_the_map_is_kept_to_until_all_are_wanted(sample):
    app = start("search.py", collection="Sample", query=QUERY)
    workspace = app.session_state["workspace"]
    workspace.ask_only(workspace.collection, sample.chunk_ids()[:3].tolist())
    app.run()
    assert "Passages come from the 3 chunks selected on the map" in texts(app)
    assert len(similarities(app)) == 3
    button(app, "Use all chunks").click().run()
    assert len(similarities(app)) == 5


def test_a_chosen_document_that_is_deleted_on_another_page_is_chosen_no_more(sample):
    app = start("search.py", collection="Sample", query=QUERY)
    gone, left = sample.documents()[:2]
    labelled(app.multiselect, "Documents").set_value([gone.name, left.name]).run()
    app.switch_page(str(config.ROOT / "pages" / "documents.py")).run()
    sample.delete_document(gone.document_id)
    app.switch_page(str(config.ROOT / "pages" / "search.py")).run()
    assert not app.exception
    assert labelled(app.multiselect, "Documents").value == [left.name]
    names = [line for line in texts(app).splitlines() if line.startswith("**")]
    assert {line.split()[2].split(",")[0] for line in names} == {left.name}
