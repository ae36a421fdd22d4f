"""A collection embedded again: by whichever model, once, stopped or cut with notice, and kept until it changes."""

from __future__ import annotations

import numpy as np
import pytest

from rag.errors import ExplorerError, ModelError
from rag.map.model_comparison import compare, embed_again, layout_of
from rag.map.projection import ProjectionParameters
from rag.map.word_count_model import WORD_MODEL, embed_words
from rag.store.collection import Collection
from tests.support.fakes import WordEmbedder
from tests.support.two_models import collection_of, layout, must_not_load, plane, some_texts

PARAMETERS = ProjectionParameters()


def test_the_second_vectors_are_the_models_by_ascending_id(data_dir):
    texts = some_texts(700)
    collection, other, shares = collection_of(data_dir, texts), WordEmbedder(24), []
    second = embed_again(collection, "test/other", lambda name: other, shares.append)
    assert second.chunk_ids.tolist() == collection.chunk_ids().tolist()
    np.testing.assert_allclose(second.vectors, other.encode_documents(texts), atol=1e-6)
    assert second.n_cut == 0
    assert shares == sorted(shares)
    assert (shares[0], shares[-1], len(set(shares))) == (0.0, 1.0, 4)


def test_equal_texts_are_embedded_once(data_dir):
    collection, other = collection_of(data_dir, ["an owl", "a ship"] * 300), WordEmbedder()
    second = embed_again(collection, "other", lambda name: other, lambda share: None)
    assert other.embedded == 2
    assert len(np.unique(second.vectors, axis=0)) == 2
    np.testing.assert_array_equal(second.vectors[::2], np.repeat(second.vectors[:1], 300, axis=0))


@pytest.mark.parametrize("name", [WORD_MODEL, "test/other"])
def test_a_second_look_loads_no_model(data_dir, name):
    collection, shares = collection_of(data_dir, some_texts(8)), []
    first = embed_again(collection, name, lambda name: WordEmbedder(24), lambda share: None)
    again = embed_again(Collection.open(data_dir, "Two"), name, must_not_load, shares.append)
    np.testing.assert_array_equal(again.vectors, first.vectors)
    np.testing.assert_array_equal(again.chunk_ids, first.chunk_ids)
    assert (again.n_cut, again.kept_at, shares) == (first.n_cut, first.kept_at, [1.0])


def test_models_are_kept_apart_and_old_generations_dropped(data_dir):
    collection = collection_of(data_dir, some_texts(8))
    words = embed_again(collection, WORD_MODEL, must_not_load, lambda share: None)
    layout_of(words, PARAMETERS)
    other = embed_again(collection, "other", lambda name: WordEmbedder(24), lambda share: None)
    assert words.vectors.shape[1] != other.vectors.shape[1]
    assert len(list(collection.cache_folder.iterdir())) == 3
    collection.delete_document("id of kept")
    again = embed_again(collection, WORD_MODEL, must_not_load, lambda share: None)
    assert again.vectors.shape == (0, 256)
    assert sorted(collection.cache_folder.iterdir()) == sorted([again.kept_at, other.kept_at])


def test_a_damaged_cache_is_made_again(data_dir):
    collection = collection_of(data_dir, some_texts(8))
    second = embed_again(collection, WORD_MODEL, must_not_load, lambda share: None)
    drawn = layout_of(second, PARAMETERS)
    for path in list(collection.cache_folder.iterdir()):
        path.write_bytes(path.read_bytes()[:-9] + b"otherwise")
    again = embed_again(collection, WORD_MODEL, must_not_load, lambda share: None)
    np.testing.assert_array_equal(again.vectors, second.vectors)
    np.testing.assert_array_equal(layout_of(again, PARAMETERS).xy, drawn.xy)


def test_what_report_raises_stops_it_and_nothing_is_kept(data_dir):
    collection, other = collection_of(data_dir, [f"text{i}" for i in range(600)]), WordEmbedder()

    class Enough(Exception):
        pass

    def stop_soon(share):
        if share > 0.4:
            raise Enough

    with pytest.raises(Enough):
        embed_again(collection, "other", lambda name: other, stop_soon)
    assert other.embedded == 256
    assert not collection.cache_folder.exists() or not list(collection.cache_folder.iterdir())


class ShortSighted(WordEmbedder):
    """Reads so many bytes, and like Ollama's server refuses a text that is longer."""

    def __init__(self, window):
        super().__init__()
        self.window = window
        self.read = []

    def encode_documents(self, texts):
        assert max(self.count_tokens(texts)) <= self.window
        self.read += texts
        return super().encode_documents(texts)


def test_what_the_model_does_not_read_is_cut_and_counted(data_dir):
    texts = ["owl at night", "owl", "owl at night", "\u05d0\u05d1\u05d2", "ship"]
    collection, other = collection_of(data_dir, texts), ShortSighted(5)
    second = embed_again(collection, "other", lambda name: other, lambda share: None)
    assert other.read == ["owl a", "owl", "\u05d0\u05d1", "ship"]
    assert second.n_cut == 3
    np.testing.assert_allclose(second.vectors[0], other.encode_documents(["owl a"])[0], atol=1e-6)
    assert embed_again(collection, "other", must_not_load, lambda share: None).n_cut == 3


def test_the_real_model_is_given_what_it_would_read_itself(data_dir, embedder):
    long = "The owl hunts at night. " * 80
    assert embedder.count_tokens([long])[0] > embedder.window
    collection = collection_of(data_dir, [long, "An owl.", "A ship."])
    second = embed_again(collection, "real", lambda name: embedder, lambda share: None)
    assert second.n_cut == 1
    np.testing.assert_allclose(
        (second.vectors * embedder.encode_documents([long, "An owl.", "A ship."])).sum(axis=1), 1, atol=2e-3
    )


def test_vectors_that_are_not_unit_are_refused(data_dir):
    class Long(WordEmbedder):
        def encode_documents(self, texts):
            return 2 * super().encode_documents(texts)

    collection = collection_of(data_dir, some_texts(3))
    with pytest.raises(ModelError, match="'long' produces embeddings that are not unit vectors"):
        embed_again(collection, "long", lambda name: Long(), lambda share: None)


@pytest.mark.parametrize("texts", [[], ["an owl"], ["an owl", "a ship"], some_texts(5), ["the same owl"] * 30])
@pytest.mark.parametrize("name", [WORD_MODEL, "other"])
def test_the_whole_way_with_few_or_identical_chunks(data_dir, name, texts):
    collection = collection_of(data_dir, texts)
    second = embed_again(collection, name, lambda name: WordEmbedder(24), lambda share: None)
    drawn = layout_of(second, PARAMETERS)
    assert drawn.xy.shape == (len(texts), 2)
    comparison = compare(collection, second, drawn, drawn)
    assert comparison.second_xy.shape == (len(texts), 2)
    assert (comparison.chunk_overlap >= 0).all()
    assert comparison.mean_overlap == (1.0 if len(texts) > 1 else None)


def test_a_layout_is_kept_by_what_its_method_uses_and_not_when_stopped(data_dir):
    collection = collection_of(data_dir, some_texts(40))
    second = embed_again(collection, WORD_MODEL, must_not_load, lambda share: None)
    flat = ProjectionParameters(method="pca", n_components=3)

    def stop(share):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        layout_of(second, flat, stop)
    shares = []
    assert layout_of(second, flat, shares.append).xy.shape == (40, 3)
    assert (shares[-1], shares) == (1.0, sorted(shares))
    layout_of(second, ProjectionParameters(method="pca", n_components=3, n_neighbors=5), stop)
    with pytest.raises(ExplorerError, match="only in 2D"):
        layout_of(second, ProjectionParameters(method="tsne", n_components=3))


def test_the_sample_under_word_counts(sample):
    """MiniLM and word counts agree more than by chance, and far from wholly."""
    second = embed_again(sample, WORD_MODEL, must_not_load, lambda share: None)
    np.testing.assert_array_equal(second.vectors, embed_words([chunk.text for chunk in sample.chunks()]))
    drawn = layout_of(second, PARAMETERS)
    assert drawn.method == "umap"
    np.testing.assert_array_equal(layout_of(second, PARAMETERS).xy, drawn.xy)
    comparison = compare(sample, second, layout(second.chunk_ids, plane(len(second.vectors))), drawn)
    assert 3 * comparison.chance_overlap < comparison.mean_overlap < 0.8
