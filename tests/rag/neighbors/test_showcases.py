"""Each sentence of an example is true: of the sample by exact search, of other collections by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from rag.index.neighbor_table import NeighborTable, load_neighbors
from rag.neighbors.search import find, neighbors_of
from rag.neighbors.showcases import Showcase, computed_showcases, sample_showcases
from rag.store.collection import Collection
from rag.types import Embedder

CLEARLY = 0.03
"""By how much a similarity is larger whatever the processor: its vectors differ by about 0.001."""


def nearest(collection: Collection, embedder: Embedder, one: Showcase, k: int = 40) -> list[tuple[float, str]]:
    """Similarities and texts of the chunks nearest to an example, best first."""
    ids, unit = collection.embeddings()
    if one.chunk_id:
        found = neighbors_of(ids, unit, one.chunk_id, k)
    else:
        found = find(ids, unit, embedder.encode_queries([one.query])[0], k)
    texts = {chunk.chunk_id: chunk.text for chunk in collection.chunks(found.ids.tolist())}
    return [(score, texts[i]) for score, i in zip(found.scores.tolist(), found.ids.tolist(), strict=True)]


def similarity(found: list[tuple[float, str]], part: str) -> float:
    return next(score for score, text in found if part in text)


@pytest.fixture
def written(shipped_sample: Collection) -> dict[str, Showcase]:
    return {one.label: one for one in sample_showcases(shipped_sample.chunks())}


def test_every_sentence_of_the_sample_is_said_and_the_nearest_text_is_nearest_by_far(shipped_sample, embedder, written):
    assert list(written) == ["Moles on the skin", "A racing Jaguar", "Bats at dusk", "A python and a deer"]
    for one in written.values():
        (first, text), (second, _), *_ = nearest(shipped_sample, embedder, one)
        assert one.said_of(text) == one.saying
        assert first - second > CLEARLY
        assert not one.said_of("Another text")


def test_what_else_the_sentences_say(shipped_sample, embedder, written):
    bats = nearest(shipped_sample, embedder, written["Bats at dusk"])
    assert "A cricket bat" in "".join(text for _, text in bats[:5])
    python = nearest(shipped_sample, embedder, written["A python and a deer"])
    assert similarity(python, "Burmese python") - similarity(python, "Guido van Rossum") > CLEARLY
    racing = nearest(shipped_sample, embedder, written["A racing Jaguar"], k=200)
    assert racing[0][0] - similarity(racing, "The jaguar is the largest cat") > 5 * CLEARLY


def test_a_collection_without_these_passages_has_none_of_them(shipped_sample):
    chunks = [chunk for chunk in shipped_sample.chunks() if not chunk.text.startswith("A mole is a small")]
    assert sample_showcases(chunks) == ()


def test_computed_examples_are_those_of_brute_force(shipped_sample):
    table = load_neighbors(shipped_sample)
    document_ids = {chunk.chunk_id: chunk.document_id for chunk in shipped_sample.chunks()}
    numbers = {name: number for number, name in enumerate(sorted(set(document_ids.values())))}
    documents = np.array([numbers[document_ids[chunk_id]] for chunk_id in table.chunk_ids.tolist()])
    found = {one.label: one for one in computed_showcases(table, documents)}
    assert list(found) == ["Across documents", "The most similar pair", "The largest hub", "The largest outlier"]
    _, unit = shipped_sample.embeddings()
    scores = unit @ unit.T
    np.fill_diagonal(scores, -1.0)
    rows = {label: int(table.chunk_ids.searchsorted(one.chunk_id)) for label, one in found.items()}
    assert scores[rows["The most similar pair"]].max() == pytest.approx(scores.max(), abs=1e-5)
    apart = np.where(documents[:, None] != documents[None, :], scores, -1.0)
    assert apart[rows["Across documents"]].max() == pytest.approx(apart.max(), abs=1e-5)
    assert scores[rows["The largest outlier"]].max() == pytest.approx(scores.max(axis=1).min(), abs=1e-5)
    times = np.bincount(table.positions.ravel(), minlength=len(table.chunk_ids))
    assert times[rows["The largest hub"]] == times.max()
    assert f"the 10 nearest of {times.max():,} others" in found["The largest hub"].saying


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_chunks_have_no_examples(n):
    k = max(n - 1, 0)
    positions = np.array([[1], [0]])[:n, :k] if n == 2 else np.empty((n, k), np.int64)
    table = NeighborTable(np.arange(1, n + 1), positions, np.full((n, k), 0.5, np.float32))
    assert computed_showcases(table, np.zeros(n, np.int64)) == ()
