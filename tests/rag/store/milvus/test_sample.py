"""A collection for pages: of a large one, what reads all reads a sample; every other read knows all chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.errors import CollectionError
from rag.store.collection import Collection
from rag.store.sampling import sample_of
from rag.store.search import SearchFilter
from tests.support.collections import CHUNKING, plain_document, put
from tests.support.fakes import WordEmbedder

pytestmark = pytest.mark.usefixtures("milvus")
WORDS = WordEmbedder()
MOST = 20


@pytest.fixture
def whole(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """A collection with about 60 chunks in three documents."""
    monkeypatch.setenv("EXPLORER_MAP_POINTS", str(MOST))
    made = Collection.create(data_dir, "c", WORDS.spec, CHUNKING)
    for name, animal in (("a.txt", "owl"), ("b.txt", "mole"), ("c.txt", "whale")):
        text = "\n\n".join(f"Paragraph {i} tells of the {animal}. " * 7 for i in range(20))
        put(made, WORDS, plain_document(name, text))
    return made


def test_what_reads_all_reads_the_sample(whole: Collection):
    sampled, all_ids = whole.sampled(), whole.chunk_ids()
    expected = sample_of(all_ids, MOST).tolist()
    assert (whole.n_chunks(), whole.n_sampled()) == (len(all_ids), len(all_ids))
    assert (sampled.n_chunks(), sampled.n_sampled()) == (len(all_ids), MOST)
    assert sampled.chunk_ids().tolist() == expected
    assert [chunk.chunk_id for chunk in sampled.chunks()] == expected
    assert [row[-1] for row in sampled.chunk_properties()] == expected
    assert sampled.chunk_digests()[0].tolist() == expected
    assert sampled.ids_of_texts(lambda text: True) == frozenset(expected)
    generation, ids, vectors = sampled.stored_vectors()
    assert (generation, ids.tolist()) == (whole.generation(), expected)
    np.testing.assert_array_equal(vectors, whole.embeddings()[1][np.isin(all_ids, expected)])


def test_other_reads_know_every_chunk(whole: Collection):
    sampled, all_ids = whole.sampled(), whole.chunk_ids().tolist()
    assert [chunk.chunk_id for chunk in sampled.chunks(all_ids)] == all_ids
    assert len(sampled.documents()) == 3
    assert sum(len(sampled.chunks_of(one.document_id)) for one in sampled.documents()) == len(all_ids)
    assert sampled.vectors_with(all_ids)[0].tolist() == all_ids
    assert set(sampled.engine().matching("owl mole whale", 1000, SearchFilter()).ids.tolist()) == set(all_ids)


def test_caches_of_the_sample_are_apart(whole: Collection, monkeypatch: pytest.MonkeyPatch):
    assert whole.sampled().cache_folder.parent == whole.cache_folder
    monkeypatch.setenv("EXPLORER_MAP_POINTS", "30")
    assert whole.sampled().n_sampled() == 30
    monkeypatch.setenv("EXPLORER_MAP_POINTS", "1000")
    assert whole.sampled().cache_folder == whole.cache_folder
    assert whole.sampled().chunk_ids().tolist() == whole.chunk_ids().tolist()


def test_the_sample_follows_the_documents(whole: Collection):
    sampled = whole.sampled()
    before = set(sampled.chunk_ids().tolist())
    put(whole, WORDS, plain_document("d.txt", "A short note on newts."))
    assert len(before.symmetric_difference(sampled.chunk_ids().tolist())) <= 2
    for document in whole.documents()[:3]:
        whole.delete_document(document.document_id)
    assert sampled.n_sampled() == whole.n_chunks() == 1
    assert [chunk.text for chunk in sampled.chunks()] == ["A short note on newts."]


def test_a_limit_that_is_no_number_is_an_error(whole: Collection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPLORER_MAP_POINTS", "many")
    with pytest.raises(Exception, match="EXPLORER_MAP_POINTS is 'many'") as raised:
        whole.sampled()
    assert not isinstance(raised.value, CollectionError)
