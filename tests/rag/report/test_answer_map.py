"""An answer on the map: hits have their chunks' coordinates, and a note says what cannot be drawn."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from rag.index.loading import load_index
from rag.map.clusters.finding import Clusters, find_clusters
from rag.map.layout import make_layout
from rag.map.points import MapLabel
from rag.map.projection_settings import ProjectionParameters
from rag.report.answer_map import MOST_POINTS, map_of_answer, to_svg
from rag.report.answer_svg import MarkedHit, question_svg
from rag.retrieval.retrievers import DenseRetriever
from tests.support.answers import made_answer

SVG = "{http://www.w3.org/2000/svg}"
PCA = ProjectionParameters("pca")


@pytest.fixture
def layout(sample):
    return make_layout(sample, PCA)


@pytest.fixture
def answer(sample, embedder):
    """Real hits; the first two were shown to the model."""
    query = "How many days of paid leave do full-time staff have?"
    hits = DenseRetriever(sample, load_index(sample), embedder).retrieve(query, 4)
    prompt = replace(made_answer().prompt, hits=hits[:2], left_out=hits[2:])
    vector = tuple(embedder.encode_queries([query])[0].tolist())
    return made_answer(query=query, hits=hits, prompt=prompt, query_vector=vector)


def drawn(answer, sample, layout):
    return map_of_answer(answer, sample, load_index(sample), layout, find_clusters(sample, layout))


def test_hits_lie_on_their_chunks_and_the_star_among_the_nearest(answer, sample, layout):
    found = drawn(answer, sample, layout)
    rows = np.searchsorted(layout.chunk_ids, [hit.chunk.chunk_id for hit in answer.hits])
    assert [(hit.x, hit.y) for hit in found.hits] == [tuple(xy) for xy in layout.xy[rows].tolist()]
    assert [hit.number for hit in found.hits] == [1, 2, 0, 0]
    assert (layout.xy.min(axis=0) <= found.star).all()
    assert (found.star <= layout.xy.max(axis=0)).all()
    assert found.notes() == ()


def test_hits_that_are_gone_are_not_drawn(answer, sample, layout):
    other = replace(answer.hits[1], chunk=replace(answer.hits[1].chunk, text="Another text has this id now."))
    gone = replace(answer.hits[2], chunk=replace(answer.hits[2].chunk, chunk_id=987_654))
    answer = replace(answer, hits=(answer.hits[0], other, gone), prompt=replace(answer.prompt, hits=answer.hits[:1]))
    found = drawn(answer, sample, layout)
    assert [hit.number for hit in found.hits] == [1]
    assert found.notes() == ("2 passages are not drawn: not in the collection any more, or not on its map.",)


@pytest.mark.parametrize(
    ("vector", "why"), [((), "no embedding of it was stored"), ((1.0, 0.0), "is from another model")]
)
def test_a_question_without_a_place_says_why(answer, sample, layout, vector, why):
    found = drawn(replace(answer, query_vector=vector), sample, layout)
    assert found.star is None
    assert why in found.notes()[0]
    assert len(found.hits) == 4


def test_many_chunks_are_sampled_and_the_hits_always_drawn(answer, sample, layout):
    n = MOST_POINTS + 1
    ids = np.concatenate([layout.chunk_ids, np.arange(n, dtype=np.int64) + 1_000_000])
    many = replace(layout, chunk_ids=ids, xy=np.concatenate([layout.xy, np.zeros((n, 2), dtype=np.float32)]))
    nowhere = Clusters(np.full(len(ids), -1, dtype=np.int64), ())
    found = map_of_answer(answer, sample, load_index(sample), many, nowhere)
    assert found.xy.shape == (MOST_POINTS, 2)
    assert len(found.hits) == 4
    assert found.notes() == (f"A random sample of {MOST_POINTS:,} of {len(ids):,} chunks is drawn.",)


def test_a_3d_projection_is_refused(answer, sample, layout):
    solid = replace(layout, xy=np.zeros((len(layout.chunk_ids), 3), dtype=np.float32))
    with pytest.raises(ValueError, match="projection to 2D"):
        map_of_answer(answer, sample, load_index(sample), solid, Clusters(layout.chunk_ids, ()))


def test_the_image_has_every_chunk_a_star_and_its_hits(answer, sample, layout):
    drawing = ElementTree.fromstring(to_svg(drawn(answer, sample, layout)))
    dots, *_ = drawing.findall(f"{SVG}g")
    assert len(dots) == sample.n_chunks()
    assert len(drawing.findall(f"{SVG}circle")) == 4
    assert len(drawing.findall(f"{SVG}path")) == 1
    badges = drawing.findall(f".//{SVG}g[@class='number']")
    assert [badge.find(f"{SVG}text").text for badge in badges] == ["1", "2"]
    assert len(drawing.findall(f"{SVG}line")) == 4 + len(badges)


def test_a_drawing_of_hostile_names_few_points_and_one_place_is_sound():
    one_place = np.full((3, 2), 5, dtype=np.float32)
    names = [MapLabel(0, "</text><script>\x00", 5, 5)]
    drawing = ElementTree.fromstring(question_svg(one_place, names, (5.0, 5.0), [MarkedHit(5, 5, 1, "<b>&\x0b")]))
    assert drawing.find(f"{SVG}g[@class='names']/{SVG}text").text == "</text><script>"
    assert drawing.find(f"{SVG}circle/{SVG}title").text == "<b>&"
    nothing = question_svg(np.empty((0, 2), dtype=np.float32), [], None, [])
    assert "nan" not in nothing
    assert ElementTree.fromstring(nothing).findall(f"{SVG}circle") == []
