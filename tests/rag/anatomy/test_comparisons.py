"""Translations, contrasts and the token cloud: the figures of the chapters against plain computations."""

from __future__ import annotations

import numpy as np
import pytest

from rag.anatomy.blind_spots import measure_contrasts
from rag.anatomy.examples import examples
from rag.anatomy.token_cloud import TokenCloud, TokenPoint, draw_cloud, senses, token_cloud
from rag.anatomy.translations import language_costs, meet
from rag.map.projection_settings import ProjectionParameters
from rag.runtime.background import Stopped


def test_every_language_has_the_same_sentences():
    translations = examples().translations
    assert len(translations) == 10
    assert {len(sentences) for sentences in translations.values()} == {5}


def test_tokens_of_languages_are_counted_by_the_tokenizer(embedder):
    costs = {one.language: one for one in language_costs(embedder.tokenizer, examples().translations)}
    for language, sentences in examples().translations.items():
        ids = [embedder._model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in sentences]
        assert costs[language].n_tokens == sum(map(len, ids))
        assert costs[language].characters_per_token == pytest.approx(sum(map(len, sentences)) / sum(map(len, ids)))


def test_translations_meet_under_the_multilingual_model_alone(embedder, e5):
    found = {model: meet(model, examples().translations) for model in (embedder, e5)}
    for model, meeting in found.items():
        english = model.encode_documents(list(examples().translations["en"]))
        hits = 0
        for language, sentences in examples().translations.items():
            if language != "en":
                hits += sum(
                    (model.encode_documents([text]) @ english.T).argmax() == i for i, text in enumerate(sentences)
                )
        assert meeting.found == pytest.approx(hits / 45)
    assert found[e5].found >= 0.95
    assert found[embedder].found <= 0.75


def test_contrasts_are_measured_as_cosines(embedder):
    contrasts = list(examples().contrasts)
    for one in measure_contrasts(embedder, contrasts):
        text, other, same = embedder.encode_documents(
            [one.contrast.text, one.contrast.other_meaning, one.contrast.same_meaning]
        )
        # In bfloat16, the last digits depend on the other texts of the batch.
        assert one.to_other_meaning == pytest.approx(float(text @ other), abs=2e-3)
        assert one.to_same_meaning == pytest.approx(float(text @ same), abs=2e-3)
        assert one.is_missed == (one.to_other_meaning >= one.to_same_meaning)
    assert measure_contrasts(embedder, []) == []


def test_words_of_the_cloud_have_the_vectors_of_their_tokens(embedder, sample):
    cloud = token_cloud(embedder.inside, sample.chunks(), 300)
    assert 300 <= len(cloud.points) < 600
    assert (cloud.n_all_chunks, cloud.vectors.shape) == (303, (len(cloud.points), 384))
    texts = {chunk.chunk_id: chunk.text for chunk in sample.chunks()}
    for row in (0, 50, len(cloud.points) - 1):
        point = cloud.points[row]
        text = texts[point.chunk_id]
        assert text[point.start : point.end].strip() == point.word
        (tokens,) = embedder.token_vectors([text])
        rows = [i for i, (start, end) in enumerate(tokens.spans.tolist()) if point.start <= start < end <= point.end]
        mean = tokens.vectors[rows].mean(axis=0)
        np.testing.assert_allclose(cloud.vectors[row], mean / np.linalg.norm(mean), atol=1e-4)
    again = token_cloud(embedder.inside, sample.chunks(), 300)
    assert again.points == cloud.points


def test_the_cloud_is_drawn_and_can_be_stopped(embedder, sample):
    cloud = token_cloud(embedder.inside, sample.chunks()[:3], 1000)
    assert cloud.n_chunks == 3
    layout = draw_cloud(cloud)
    assert layout.method == ProjectionParameters().method
    assert layout.xy.shape == (len(cloud.points), 2)

    def stop(share: float) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        token_cloud(embedder.inside, sample.chunks(), 10, report=stop)


def test_chunks_with_the_word_come_first_and_every_occurrence_is_there(embedder, sample):
    cloud = token_cloud(embedder.inside, sample.chunks(), 3_000, word="bank")
    holding = {chunk.chunk_id for chunk in sample.chunks() if "bank" in chunk.text.lower().replace("banks", "").split()}
    assert holding <= {point.chunk_id for point in cloud.points}
    few = token_cloud(embedder.inside, sample.chunks(), 90, word="bank")
    assert "bank" in {point.word.casefold() for point in few.points if point.chunk_id == few.points[0].chunk_id}


def cloud_of(vectors: list[tuple[float, float]]) -> TokenCloud:
    points = tuple(TokenPoint(row, "Bank", 0, 4) for row in range(len(vectors)))
    return TokenCloud(points, np.array(vectors, dtype=np.float32), len(points), len(points))


def test_a_sense_is_that_of_the_nearest_examples():
    cloud = cloud_of([(1, 0), (0.8, 0.6), (0, 1)])
    known = {"money": np.array([[1, 0]], dtype=np.float32), "river": np.array([[0, 1]], dtype=np.float32)}
    assert senses(cloud, "bank ", known) == {0: "money", 1: "money", 2: "river"}
    assert senses(cloud, "boat", known) == {}


def test_without_examples_uses_are_grouped_if_they_are_apart():
    apart = cloud_of([(1, 0), (0.99, 0.14), (0.98, 0.2), (0, 1), (0.14, 0.99), (0.2, 0.98)])
    named = senses(apart, "bank")
    assert len(set(named.values())) == 2
    assert named[0] == named[1] == named[2] != named[3] == named[4] == named[5]
    assert set(senses(cloud_of([(1, 0)] * 5), "bank").values()) == {""}
    assert senses(cloud_of([]), "bank") == {}
