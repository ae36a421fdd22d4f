"""The Neighbors, Vector arithmetic, Data quality and Index benchmark pages, as far as a test without a browser can."""

from __future__ import annotations

import pytest

from pages.shared.index_benchmark.results import last_run
from pages.shared.session.resources import task_board
from rag.documents.sources import SourceFile
from rag.embedding.cached import CachedEmbedder
from rag.index.loading import chosen_index
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.pages.support.app import button, labelled, start, texts


def filled(data_dir, embedder, sentences: list[str]) -> Collection:
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    collection = Collection.create(data_dir, "Small", embedder.spec, ChunkingSpec())
    files = [SourceFile(f"{i}.txt", f"{i}.txt", text.encode) for i, text in enumerate(sentences)]
    assert {one.outcome for one in ingest(collection, files, embedder, ReadHere())} == {"added"}
    return collection


def metric(app, label: str) -> float:
    return float(labelled(app.metric, label).value)


def test_a_typed_text_has_neighbors_a_verdict_and_contributions_that_add_up(sample):
    app = start("neighbors.py", query="interest rates at the bank")
    assert not app.exception
    assert "in this collection" in texts(app)
    assert metric(app, "Sum of all token pairs") == pytest.approx(metric(app, "Similarity shown above"), abs=0.02)
    labelled(app.selectbox, "Result").select_index(2).run()
    assert not app.exception
    assert metric(app, "Sum of all token pairs") == pytest.approx(metric(app, "Similarity shown above"), abs=0.02)
    assert "pairs** of these neighbors are mutual" in texts(app)


class WithoutTokenVectors:
    """The model with nothing but what every embedding model gives, as those of Ollama do."""

    def __init__(self, embedder) -> None:
        self.spec, self.window, self.tokenizer = embedder.spec, embedder.window, embedder.tokenizer
        self.encode_queries, self.encode_documents = embedder.encode_queries, embedder.encode_documents
        self.count_tokens = embedder.count_tokens


@pytest.mark.parametrize("page", ["neighbors.py", ""])
def test_a_model_without_token_vectors_costs_only_the_tokens(sample, embedder, monkeypatch, page):
    monkeypatch.setattr(CachedEmbedder, "model", property(lambda self: WithoutTokenVectors(embedder)))
    first, second = sample.chunk_ids().tolist()[:2]
    # A text that no other test asks for: what was computed for one is kept.
    query = {"query": "warm boots for a walk in deep snow"} if page else {"chunk": str(first), "with": str(second)}
    app = start(page, **query)
    assert not app.exception
    assert not app.error
    assert "provides one vector for a whole text and none for its tokens" in texts(app)
    n_similarities = sum("similarity 0." in bar.proto.text for bar in app.get("progress"))
    assert n_similarities >= (5 if page else 2), "what comes after the tokens is there"


def test_a_random_chunk_and_only_other_documents(sample):
    app = start("neighbors.py")
    button(app, "Random chunk").click().run()
    assert "Selected chunk" in texts(app)
    document = texts(app).partition("Selected chunk** · ")[2].splitlines()[0].split(",")[0].split(" ·")[0]
    labelled(app.toggle, "Exclude the same document").set_value(True).run()
    assert not app.exception
    listed = texts(app).partition("Selected chunk")[2].splitlines()[1:]
    assert not [line for line in listed if line.startswith("**") and document in line]


def test_the_page_opens_with_an_example_and_offers_three_more(shipped_sample):
    app = start("neighbors.py")
    assert "Example:** This passage on health is nearest to one on an animal" in texts(app)
    assert metric(app, "Sum of all token pairs") == pytest.approx(metric(app, "Similarity shown above"), abs=0.02)
    button(app, "Bats at dusk").click().run()
    assert not app.exception
    assert "Example:** The animal comes first" in texts(app)
    assert labelled(app.text_input, "Find texts similar to").value == "a bat flew out of the cave at dusk"
    button(app, "Moles on the skin").click().run()
    assert "Selected chunk" in texts(app)
    assert "Example:** This passage on health" in texts(app)
    labelled(app.text_input, "Find texts similar to").input("interest rates").run()
    assert "Example:" not in texts(app).replace("Examples:", "")


def test_another_collection_opens_with_an_example_of_its_own(data_dir, embedder):
    same = ["The owl hunts at night in the old barn.", "The owl hunts at night in the old red barn."]
    filled(data_dir, embedder, [*same, *(f"A sentence about the number {i} alone." for i in range(12))])
    app = start("neighbors.py")
    assert "more similar than any other two chunks of different documents" in texts(app)
    button(app, "The largest hub").click().run()
    assert not app.exception
    assert "A hub: this chunk is among the 10 nearest of" in texts(app)


def test_choices_and_variety_are_kept_to(sample):
    app = start("neighbors.py", query="a meal with friends")
    labelled(app.multiselect, "topic").select("Music").run()
    assert not app.exception
    assert "**1** &nbsp; topics.csv" in texts(app)
    labelled(app.slider, "Variety (MMR)").set_value(0.7).run()
    assert not app.exception
    labelled(app.multiselect, "Document").select("error-codes.csv").run()
    assert "No results with these filters" in texts(app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("the of and", "only very common words"),
        ("word " * 10_000, "only the first"),
        ("Как вернуть деньги за билет", "Latin|language|Russian"),
        ("\U0001f989\U0001f30a", "no letter"),
    ],
)
def test_odd_queries_are_answered_with_a_word_of_warning(sample, query, said):
    app = start("neighbors.py")
    labelled(app.text_input, "Find texts similar to").input(query).run()
    assert not app.exception
    assert any(part in texts(app) for part in said.split("|"))
    assert "similarity" in str([bar.proto.text for bar in app.get("progress")]) or "**1**" in texts(app)


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2])
def test_one_chunk_or_two(data_dir, embedder, n):
    collection = filled(data_dir, embedder, ["The owl hunts at night.", "Ships sail by day."][:n])
    app = start("neighbors.py", query="owl")
    assert not app.exception
    app = start("neighbors.py", chunk=str(collection.chunk_ids()[0]))
    assert not app.exception
    assert ("No results with these filters" in texts(app)) == (n == 1)
    for page in ("data_quality.py", "index_benchmark.py", "vector_arithmetic.py"):
        assert not start(page).exception


def test_vector_arithmetic_and_interpolation(sample):
    app = start("vector_arithmetic.py")
    labelled(app.text_input, "Text A").input("a loan from the bank").run()
    labelled(app.text_input, "− B").input("money").run()
    labelled(app.text_input, "\\+ C").input("books").run()
    assert "a loan from the bank − money + books" in texts(app)
    labelled(app.text_input, "− B").input("a loan from the bank").run()
    labelled(app.text_input, "\\+ C").input("").run()
    assert "cancel each other out" in texts(app)
    app.get("button_group")[0].set_value("Interpolate A to B").run()
    labelled(app.text_input, "Text A").input("planets and stars").run()
    labelled(app.text_input, "Text B").input("cooking dinner").run()
    assert "different chunks are nearest along the way" in texts(app)
    first = texts(app)
    labelled(app.slider, "Position between A and B").set_value(100).run()
    assert not app.exception
    assert texts(app) != first


def test_vector_arithmetic_opens_with_a_sum_and_offers_three_more(shipped_sample):
    app = start("vector_arithmetic.py")
    assert "Example:** Without 'machine' and with 'bird'" in texts(app)
    button(app, "a jaguar hunts at night").click().run()
    assert not app.exception
    assert "Example:** Without 'animal' and with 'car'" in texts(app)
    assert labelled(app.text_input, "\\+ C").value == "car"
    labelled(app.text_input, "\\+ C").input("river").run()
    assert "Example:" not in texts(app).replace("Examples:", "")


def test_vector_arithmetic_of_another_collection_uses_its_own_groups(data_dir, embedder):
    filled(data_dir, embedder, ["Owls hunt mice at night. They are silent.", "Ships sail by day.", "Bread is baked."])
    app = start("vector_arithmetic.py")
    assert labelled(app.text_input, "Text A").value == "Owls hunt mice at night."
    assert "chunks of '1' among the 3 nearest: 1. For text A alone: 1." in texts(app)
    app.get("button_group")[0].set_value("Interpolate A to B").run()
    assert not app.exception
    assert "different chunks are nearest along the way" in texts(app)


def test_data_quality_without_duplicates_shows_the_most_similar_pair(sample):
    app = start("data_quality.py")
    assert "Example:** the most similar pair has a similarity of 0." in texts(app)


def test_the_index_benchmark_opens_with_a_question(shipped_sample):
    app = start("index_benchmark.py")
    assert labelled(app.text_input, "Question or phrase").value == "planets around the sun"
    assert "**Flat (exact)** found all 10." in texts(app)


def test_data_quality_lists_duplicates_hubs_and_outliers(data_dir, embedder):
    same = ["The owl hunts at night in the old barn."] * 2
    filled(data_dir, embedder, [*same, *(f"A sentence about the number {i} alone." for i in range(12))])
    app = start("data_quality.py")
    assert "1 pairs" in texts(app) or "pairs** of chunks" in texts(app)
    assert "the largest hub is among the top" in texts(app)
    labelled(app.slider, "Duplicate threshold (cosine)").set_value(1.0).run()
    assert "**1 pairs** of chunks have a similarity of 1.00 or more" in texts(app)
    pairs = next(frame.value for frame in app.dataframe if "other chunk" in frame.value)
    assert set(pairs[["text", "other text"]].to_numpy().ravel()) == {same[0]}


@pytest.mark.slow
def test_the_benchmark_measures_shows_missed_neighbors_and_saves_the_choice(sample):
    app = start("index_benchmark.py")
    assert "With 303 chunks, Flat is best" in texts(app)
    app.get("button_group")[0].set_value(303).run()
    labelled(app.multiselect, "Index types").set_value(["flat", "hnsw"]).run()
    button(app, "Run benchmark").click().run()
    task_board().wait(last_run(sample.uid, sample.generation()).task)
    app.run()
    assert not app.exception
    table = next(frame.value for frame in app.dataframe if "recall" in frame.value)
    assert table["index"].tolist() == ["Flat (exact)", "HNSW"]
    assert table["recall"][0] == 1.0
    assert table["bytes per vector"][0] == 384 * 4
    labelled(app.text_input, "Question or phrase").input("planets around the sun").run()
    assert "**Flat (exact)** found all 10" in texts(app)
    labelled(app.selectbox, "Search this collection with").select("hnsw").run()
    button(app, "Use this index").click().run()
    assert chosen_index(sample).kind == "hnsw"
    assert "Now: HNSW" in texts(app)
    # A reload is a new session, which finds the measurements again.
    again = start("index_benchmark.py")
    assert any("recall" in frame.value for frame in again.dataframe)
    again = start("index_benchmark.py")
    assert "Now: HNSW" in texts(again)
