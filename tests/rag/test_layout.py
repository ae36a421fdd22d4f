"""A map stays put while documents come and go, and a new layout lies like the one before it."""

from __future__ import annotations

import numpy as np
import pytest

from rag.collection import Collection
from rag.ingest import ingest
from rag.layout import load_layout, make_layout
from rag.projection import ProjectionParameters
from rag.sources import SourceFile
from tests.conftest import ReadHere

PARAMETERS = ProjectionParameters()


def add(collection: Collection, embedder, name: str, text: str) -> None:
    file = SourceFile(name, name, text.encode)
    assert [one.outcome for one in ingest(collection, [file], embedder, ReadHere())] == ["added"]


@pytest.fixture
def layout(sample):
    return make_layout(sample, PARAMETERS)


def places(layout) -> dict[int, tuple[float, float]]:
    return dict(zip(layout.chunk_ids.tolist(), map(tuple, layout.xy.tolist()), strict=True))


def test_a_layout_is_kept(sample, layout):
    kept = load_layout(sample, PARAMETERS)
    np.testing.assert_array_equal(kept.xy, layout.xy)
    assert (kept.method, kept.trustworthiness, len(kept.placed_ids)) == ("umap", layout.trustworthiness, 0)
    assert load_layout(sample, ProjectionParameters(n_neighbors=5)) is None


def test_what_is_deleted_leaves_and_the_others_stay(sample, layout):
    sample.delete_document(sample.documents()[0].document_id)
    now = places(load_layout(sample, PARAMETERS))
    assert list(now) == sample.chunk_ids().tolist()
    before = places(layout)
    assert all(before[chunk_id] == xy for chunk_id, xy in now.items())


def test_a_new_chunk_is_placed_near_its_copy_and_the_others_stay(sample, layout, embedder):
    twin = sample.chunks()[40]
    add(sample, embedder, "copy.txt", twin.text)
    loaded = load_layout(sample, PARAMETERS)
    new = sample.chunk_ids().tolist()[-1]
    now, before = places(loaded), places(layout)
    assert loaded.placed_ids.tolist() == [new]
    assert np.hypot(*np.subtract(now[new], before[twin.chunk_id])) < 0.1 * np.ptp(layout.xy, axis=0).max()
    assert all(now[chunk_id] == xy for chunk_id, xy in before.items())
    add(sample, embedder, "more.txt", "A second text about astronomy and the planets comes later.")
    again = load_layout(sample, PARAMETERS)
    assert again.placed_ids.tolist() == sample.chunk_ids().tolist()[-2:]
    assert places(again)[new] == now[new]


def test_a_new_layout_lies_like_the_old_one_and_is_as_large(sample, layout, embedder):
    add(sample, embedder, "more.txt", "A text about astronomy and the planets comes later.")
    anew = make_layout(sample, PARAMETERS)
    common = anew.xy[: len(layout.xy)]
    assert len(anew.placed_ids) == 0
    np.testing.assert_allclose(common.mean(axis=0), layout.xy.mean(axis=0), atol=0.2)
    assert common.std() == pytest.approx(layout.xy.std(), rel=0.05)
    moved = np.linalg.norm(common - layout.xy, axis=1)
    mirrored = np.linalg.norm(common * [-1, 1] - layout.xy, axis=1)
    assert np.median(moved) < np.median(mirrored)


def test_a_collection_that_has_more_than_doubled_is_laid_out_anew(sample, layout, embedder):
    names = [summary.document_id for summary in sample.documents() if summary.name != "error-codes.csv"]
    sample.delete_documents(names)
    kept = load_layout(sample, PARAMETERS)
    assert len(kept.chunk_ids) == sample.n_chunks()
    add(
        sample,
        embedder,
        "long.txt",
        "\n\n".join(f"Paragraph {i} is about the number {i} alone. " * 8 for i in range(40)),
    )
    assert load_layout(sample, PARAMETERS) is None


def test_a_layout_of_other_chunks_alone_stands_for_itself(sample, layout, embedder):
    sample.delete_documents([summary.document_id for summary in sample.documents()])
    add(sample, embedder, "new.txt", "\n\n".join(f"Paragraph {i} is about number {i} alone. " * 8 for i in range(40)))
    anew = make_layout(sample, PARAMETERS)
    assert anew.method == "umap"
    assert np.isfinite(anew.xy).all()
