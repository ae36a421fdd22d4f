"""Chapters that take longer: the token map, the answer, the training, languages, and choosing a model."""

from __future__ import annotations

import re
import time

import pytest

from pages.shared.how_it_works.chapters import CHAPTERS
from pages.shared.session.resources import task_board
from rag.anatomy.advice import Situation, advise
from rag.anatomy.compression import compressions
from rag.anatomy.examples import examples
from rag.anatomy.translations import meet
from rag.embedding.embedder import local_models
from tests.pages.support.app import button, labelled, start, texts

PAGE = "how_it_works.py"
PATIENCE = 120.0


def open_chapter(name: str, **query: str):
    return start(PAGE, chapter=str(1 + [one.name for one in CHAPTERS].index(name)), **query)


def wait_for_tasks(app):
    """Run the page again until no task is shown as running."""
    deadline = time.monotonic() + PATIENCE
    while [bar for bar in app.get("progress") if "left" in bar.text or "Reading" in bar.text or "Step" in bar.text]:
        assert time.monotonic() < deadline
        time.sleep(0.3)
        app.run(timeout=PATIENCE)
    return app


@pytest.mark.slow
def test_words_of_the_collection_are_drawn_and_counted(sample):
    app = wait_for_tasks(open_chapter("Token map"))
    found = re.search(r"([\d,]+) words from (\d+) of 303 chunks.*'bank' occurs (\d+) times", texts(app))
    assert found
    assert 3_000 <= int(found[1].replace(",", "")) < 3_300
    in_text = sum(len(re.findall(r"\bbank\b", chunk.text, re.IGNORECASE)) for chunk in sample.chunks())
    assert int(found[3]) == in_text
    assert "money" in texts(app)
    labelled(app.text_input, "Colour the occurrences of").set_value("leave").run(timeout=PATIENCE)
    wait_for_tasks(app)
    assert "'leave' occurs" in texts(app)
    assert not app.exception


@pytest.mark.slow
def test_the_passages_raise_the_probability_of_the_answer(sample):
    app = open_chapter("Answer", collection="Sample")
    found = re.search(r"The largest change is at '29': ([\d.]+)% without the passages, ([\d.]+)% with them", texts(app))
    assert found
    assert float(found[1]) < 5
    assert float(found[2]) > 50
    assert "leave-and-benefits.html" in texts(app)
    labelled(app.text_input, "Question").set_value(" ").run()
    assert "Type a question about your documents" in texts(app)


@pytest.mark.slow
def test_a_small_model_is_trained_stopped_and_continued(sample):
    app = open_chapter("Training", collection="Sample")
    assert "After 0 steps nothing is learned yet" in texts(app)
    labelled(app.select_slider, "Steps").set_value(100).run(timeout=PATIENCE)
    button(app, "Start training").click().run(timeout=PATIENCE)
    wait_for_tasks(app).run(timeout=PATIENCE)
    assert "After 100 steps the loss is" in texts(app)
    assert "Words that moved together" in texts(app)
    button(app, "Continue").click().run(timeout=PATIENCE)
    wait_for_tasks(app).run(timeout=PATIENCE)
    assert "After 200 steps" in texts(app)
    button(app, "Again").click().run(timeout=PATIENCE)
    assert "After 0 steps" in texts(app)
    assert not app.exception


@pytest.mark.slow
def test_a_training_that_is_stopped_keeps_its_steps(sample):
    app = open_chapter("Training", collection="Sample")
    labelled(app.select_slider, "Steps").set_value(800).run(timeout=PATIENCE)
    button(app, "Start training").click().run(timeout=PATIENCE)
    run = app.session_state["anatomy-training"]
    deadline = time.monotonic() + PATIENCE
    while run.snapshots[-1].step < 20:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    task_board().stop(run.key)
    while task_board().view(run.key).is_active:
        time.sleep(0.05)
    app.run(timeout=PATIENCE)
    step = run.snapshots[-1].step
    assert 20 <= step < 800
    assert f"After {step} steps" in texts(app)
    assert [item.label for item in app.button if item.label == "Continue"]


@pytest.mark.slow
def test_a_collection_that_is_too_small_to_learn_from_says_so(data_dir, embedder):
    from rag.store.collection import Collection
    from rag.types import ChunkingSpec

    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    collection = Collection.create(data_dir, "Few", embedder.spec, ChunkingSpec())
    app = open_chapter("Training", collection="Few")
    assert "needs a collection with documents" in texts(app)
    from tests.support.collections import plain_document, put

    put(collection, embedder, plain_document("a.txt", "The ferry leaves at seven. It returns before dark."))
    app = open_chapter("Training", collection="Few")
    assert "at least 20" in " ".join(error.value for error in app.error)


@pytest.mark.slow
def test_languages_are_measured_on_both_models(sample, embedder):
    app = open_chapter("Languages")
    shares = [one.value for one in app.metric if one.label == "Translations that find their original"]
    assert shares[0] == f"{meet(embedder, examples().translations).found:.0%}"
    if "intfloat/multilingual-e5-small" in local_models():
        assert shares[1] == "100%"
    assert not app.error


def test_the_adviser_says_what_its_function_says(sample):
    app = open_chapter("Models")
    lengths = [chunk.n_tokens for chunk in sample.chunks()]
    languages: dict[str, int] = {}
    for document in sample.documents():
        languages[document.language] = languages.get(document.language, 0) + 1
    expected = advise(Situation(languages, max(lengths), has_hub=False, installed=local_models()))
    assert " ".join(expected.sentences) in texts(app)
    labelled(app.toggle, "Downloads are possible").set_value(True).run()
    assert "snowflake-arctic-embed" in texts(app)


def test_costs_and_smaller_vectors_are_of_this_collection(sample):
    app = open_chapter("Models")
    int8 = next(one for one in compressions(sample.embeddings()[1]) if one.method == "int8")
    assert f"{int8.recall:.1%} of the true 10 nearest neighbors" in texts(app)
    button(app, "Measure").click().run(timeout=PATIENCE)
    assert re.search(r"[\d,]+ chunks a second", texts(app))
    costs = next(one.value for one in app.dataframe if "time is" in one.value)
    assert costs["time is"].tolist()[0] == "measured"
    assert set(costs["time is"].tolist()[1:]) <= {"estimated", "measured"}
