"""The map page, as far as it can be driven without a browser: every colour, every layout, every size, every state."""

from __future__ import annotations

import threading

import pytest

from pages.shared.map import layouts
from pages.shared.session.resources import task_board
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.map_state import MapState
from rag.documents.sources import SourceFile
from rag.ingest.pipeline import ingest
from rag.map.projection import ProjectionParameters
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.pages.support.app import button, labelled, start, texts


def filled(data_dir, embedder, sentences: list[str]) -> Collection:
    """A collection with one short document for each sentence, and no sample collection."""
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    collection = Collection.create(data_dir, "Small", embedder.spec, ChunkingSpec())
    files = [SourceFile(f"{i}.txt", f"{i}.txt", text.encode) for i, text in enumerate(sentences)]
    assert [one.outcome for one in ingest(collection, files, embedder, ReadHere())] == ["added"] * len(files)
    return collection


def colour(app):
    return labelled(app.selectbox, "Colour by")


@pytest.mark.slow
def test_every_colour_is_drawn_and_says_what_it_means(sample):
    sample.count_retrieved(sample.chunk_ids().tolist()[:3])
    app = start()
    assert colour(app).value == "topic"
    for choice in list(colour(app).options):
        colour(app).select(choice).run()
        assert not app.exception, choice
    assert "10 nearest neighbors that are" in texts(app)
    colour(app).select("Similarity to the question").run()
    assert "Type a question" in texts(app)
    labelled(app.text_input, "Search the map").input("planets around the sun").run()
    assert "Yellow: most similar" in texts(app)


def test_a_question_is_answered_with_its_nearest_chunks(sample):
    app = start(query="planets around the sun")
    assert "5 nearest to “planets around the sun”" in texts(app)
    labelled(app.selectbox, "Results").select(2).run()
    assert "2 nearest to" in texts(app)
    similarities = [bar.proto.text for bar in app.get("progress")]
    assert len(similarities) == 2
    assert similarities == sorted(similarities, reverse=True)
    assert all(text.startswith("similarity 0.") for text in similarities)
    labelled(app.text_input, "Search the map").input("").run()
    assert "nearest to" not in texts(app)
    assert "query" not in app.query_params


def test_a_clicked_chunk_is_shown_with_its_true_neighbors_and_closed(sample):
    chunk = sample.chunks()[20]
    app = start(chunk=str(chunk.chunk_id))
    assert "selected chunk" in texts(app)
    assert chunk.text in texts(app)
    assert "Its nearest neighbors by embedding" in texts(app)
    _, vectors = sample.embeddings()
    cosines = sorted((vectors @ vectors[20]).tolist(), reverse=True)
    shown = [bar.proto.text for bar in app.get("progress")]
    assert shown == [f"similarity {cosine:.2f}" for cosine in cosines[1:6]], "the first is the chunk itself"
    button(app, "Close").click().run()
    assert "selected chunk" not in texts(app)
    gone = texts(start(chunk="999999"))
    assert "This chunk no longer exists" in gone


def test_marked_chunks_are_a_table_of_just_these(sample):
    app = start()
    ids = sample.chunk_ids().tolist()[10:14]
    app.session_state[f"map-state-{sample.uid}"] = MapState(selected=tuple(ids))
    app.run()
    assert "4 selected" in texts(app)
    shown = next(frame.value for frame in app.dataframe if "chunk_id" in frame.value)
    assert shown["chunk_id"].tolist() == ids
    assert shown["text"].tolist() == [chunk.text for chunk in sample.chunks(ids)]
    colour(app).select("Document").run()
    assert "4 selected" in texts(app)
    button(app, "Clear selection").click().run()
    assert "selected" not in texts(app)


def test_chat_is_about_the_marked_chunks(sample):
    app = start()
    app.session_state[f"map-state-{sample.uid}"] = MapState(selected=tuple(sample.chunk_ids().tolist()[:4]))
    app.run()
    button(app, "Chat about these").click().run()
    assert app.title[0].value == "Chat"
    assert "4 chunks selected on the map" in texts(app)


def test_filters_say_what_they_keep_and_can_be_undone(sample):
    app = start()
    labelled(app.text_input, "Text contains").input("telescope").run()
    assert not app.exception
    labelled(app.multiselect, "topic").select("Astronomy").run()
    labelled(app.multiselect, "Document").select("topics.csv").run()
    assert not app.exception
    button(app, "Clear filters").click().run()
    assert labelled(app.text_input, "Text contains").value == ""
    assert labelled(app.multiselect, "topic").value == []


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_another_layout_is_drawn_when_it_is_asked_for(sample, method):
    app = start()
    assert f"UMAP: {help_for('UMAP')}" in texts(app)
    labelled(app.get("button_group"), "Method").set_value(method).run()
    button(app, "Recompute map").click().run()
    assert not app.exception
    assert app.session_state[f"map-state-{sample.uid}"].shown.method == method


def test_three_dimensions(sample):
    app = start()
    labelled(app.get("button_group"), "Dimensions").set_value("3D").run()
    button(app, "Recompute map").click().run()
    assert not app.exception
    assert app.session_state[f"map-state-{sample.uid}"].shown.n_components == 3
    app.query_params["query"] = "planets around the sun"
    app.run()
    assert not app.exception


def test_quality_details_show_three_measures_and_colour_by_distortion(sample):
    app = start()
    labelled(app.toggle, "Show quality details").set_value(True).run()
    assert [metric.label for metric in app.metric] == ["Trustworthiness", "Continuity", "Neighbors preserved"]
    assert all(0 <= float(metric.value) <= 1 for metric in app.metric)
    assert "How to read this map" in texts(app)
    button(app, "Show distortion per point").click().run()
    assert colour(app).value == "Local distortion"


def test_clusters_are_named_counted_and_made_finer(sample):
    app = start()
    labelled(app.get("button_group"), "View of the topics").set_value("Table").run()
    table = next(frame.value for frame in app.dataframe if "key terms" in frame.value)
    assert len(table) > 3
    assert table["chunks"].is_monotonic_decreasing
    slider = labelled(app.select_slider, "Cluster granularity (coarse – fine)")
    slider.set_value(len(slider.options) - 1).run()
    finer = next(frame.value for frame in app.dataframe if "key terms" in frame.value)
    assert len(finer) > len(table)
    assert str(slider.options[-1]) == f"{len(finer)} clusters"
    # Which topics get a cluster of their own depends on the layout, which is not the same on each processor.
    topics = sorted(set(ChunkTable.of(sample).columns["topic"]) - {""})
    assert sum(finer["cluster"].str.startswith(topic).any() for topic in topics) >= 3
    for row in finer.to_dict("records"):
        assert row["nearest cluster"] in set(finer["cluster"]) - {row["cluster"]}
    assert (finer["terms that set it apart"] != "").all()
    assert finer["typical chunk 3"].str.len().min() > 0
    assert button(app, "Name clusters").disabled


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 5, 25])
def test_few_chunks(data_dir, embedder, n):
    filled(data_dir, embedder, [f"The owl number {i} hunts at night near farm {i * 7}." for i in range(n)])
    app = start()
    assert not app.exception
    assert ("Drawn by PCA" in texts(app)) == (n < 10)
    assert ("Too few chunks to measure" in texts(app)) == (n < 21)
    labelled(app.text_input, "Search the map").input("owl").run()
    assert f"{min(n, 5)} nearest to “owl”" in texts(app)
    for choice in list(colour(app).options):
        colour(app).select(choice).run()
        assert not app.exception, choice


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 30])
def test_all_chunks_the_same(data_dir, embedder, n):
    filled(data_dir, embedder, ["The owl hunts at night."] * n)
    app = start(query="owl")
    choices = list(colour(app).options)
    assert {"Document", "Cluster", "Chunk length"} <= set(choices)
    for choice in choices:
        colour(app).select(choice).run()
        assert not app.exception, choice
        assert f"{min(n, 5)} nearest to “owl”" in texts(app), choice
        assert texts(app).count("The owl hunts at night.") == min(n, 5), choice


def test_two_of_the_same_among_others(data_dir, embedder):
    same = ["Rivers run to the sea.", "Rivers run to the sea."]
    filled(data_dir, embedder, [*same, *(f"A sentence about the number {i} alone." for i in range(12))])
    app = start(query="rivers")
    assert not app.exception
    assert texts(app).count("Rivers run to the sea.") == 2


def test_above_the_limit_a_sample_is_drawn_and_the_page_says_so(sample, monkeypatch):
    monkeypatch.setenv("EXPLORER_MAP_POINTS", "100")
    app = start(query="planets")
    assert "100 of 303 chunks are drawn: a random sample (seed 42)" in texts(app)
    assert not app.exception
    monkeypatch.setenv("EXPLORER_MAP_POINTS", "many")
    app.run()
    assert "EXPLORER_MAP_POINTS is 'many'" in texts(app)


def test_choices_of_one_collection_do_not_reach_another(sample, data_dir, embedder):
    other = Collection.create(data_dir, "Other", embedder.spec, ChunkingSpec())
    files = [SourceFile(f"{i}.txt", f"{i}.txt", f"The owl number {i} hunts.".encode) for i in range(12)]
    assert {one.outcome for one in ingest(other, files, embedder, ReadHere())} == {"added"}
    app = start(collection="Sample")
    labelled(app.multiselect, "Document").select("topics.csv").run()
    colour(app).select("topic").run()
    labelled(app.get("button_group"), "Method").set_value("pca").run()
    button(app, "Recompute map").click().run()
    app.session_state["workspace"].collection = other
    app.run()
    assert not app.exception
    assert labelled(app.multiselect, "Document").value == []
    assert labelled(app.get("button_group"), "Method").value == "umap"
    assert colour(app).value == "Document"


def test_a_long_layout_is_made_in_the_background_and_can_be_stopped(sample_without_caches, monkeypatch):
    monkeypatch.setattr(layouts, "is_long", lambda n_chunks, parameters: True)
    key = layouts._task_key(sample_without_caches, ProjectionParameters())
    app = start()
    assert "the layout is computed in the background" in texts(app)
    task_board().wait(key)
    app.run()
    assert "Map quality: trustworthiness" in texts(app)
    labelled(app.get("button_group"), "Method").set_value("tsne").run()
    started = threading.Event()

    def endless(collection, parameters, report):
        started.set()
        while True:
            report(0.5)

    monkeypatch.setattr(layouts, "make_layout", endless)
    button(app, "Recompute map").click().run()
    assert started.wait(60)
    app.run()
    assert "Map quality: trustworthiness" in texts(app)
    button(app, "Stop").click().run()
    task_board().wait(layouts._task_key(sample_without_caches, ProjectionParameters(method="tsne")))
    app.run()
    assert "The layout was interrupted" in texts(app)
    assert button(app, "Try again")
