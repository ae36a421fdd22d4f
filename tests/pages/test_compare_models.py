"""The Compare models page: the second model is chosen, computed in the background, and compared, at every size."""

from __future__ import annotations

import pytest

from pages.shared.compare_models.view import _task_key
from pages.shared.session.resources import task_board
from rag.documents.sources import SourceFile
from rag.ingest.pipeline import ingest
from rag.map.word_count_model import WORD_MODEL
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.pages.support.app import button, labelled, start, texts


def compared(collection: Collection):
    """The page after the comparison with word counts is done."""
    app = start("compare_models.py")
    assert "Press Compare to see both maps" in texts(app)
    button(app, "Compare").click().run()
    task_board().wait(_task_key(collection, WORD_MODEL))
    app.run()
    assert not app.exception
    return app


def test_the_page_opens_with_a_chunk_and_offers_three_more(shipped_sample):
    app = start("compare_models.py")
    assert "of its 10 nearest neighbors on average" in texts(app)
    assert "My uncle took out a loan for a used Jaguar" in texts(app)
    button(app, "Get to know the moles").click().run()
    assert not app.exception
    assert "A mole is a small, nearly blind mammal" in texts(app)


@pytest.mark.slow
def test_word_counts_share_few_neighbors_with_meaning(sample):
    app = compared(sample)
    assert "of a chunk's 10 nearest neighbors on average; 0.3 would be expected by chance" in texts(app)
    changed = next(frame.value for frame in app.dataframe if "shared" in frame.value)
    assert changed["shared"].is_monotonic_increasing
    assert len(changed) == 50
    for colour in ("topic", "Document"):
        labelled(app.get("button_group"), "Colour by").set_value(colour).run()
        assert not app.exception


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_chunks(data_dir, embedder, n):
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    collection = Collection.create(data_dir, "Small", embedder.spec, ChunkingSpec())
    files = [SourceFile(f"{i}.txt", f"{i}.txt", f"The owl number {i} hunts.".encode) for i in range(n)]
    assert {one.outcome for one in ingest(collection, files, embedder, ReadHere())} == {"added"}
    app = compared(collection)
    assert ("needs at least two chunks" in texts(app)) == (n == 1)


def test_a_missing_model_is_named(sample, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    app = start("compare_models.py")
    app.session_state[f"compare-model-{sample.uid}"] = "no/such-model"
    app.run()
    task_board().wait(_task_key(sample, "no/such-model"))
    app.run()
    assert "no/such-model" in " ".join(error.value.replace("\\", "") for error in app.error)
