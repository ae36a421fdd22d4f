"""The gallery: nine settings, each computed once, all in the frame of the map that is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.map.alignment import align
from rag.map.forming import gallery
from rag.map.forming.gallery import gallery_parameters, load_gallery, make_gallery
from rag.map.layout import load_layout
from rag.map.projection import ProjectionParameters
from rag.runtime.background import Stopped

NOW = ProjectionParameters(seed=7, metric="euclidean")


@pytest.fixture
def shown(sample):
    layout = load_layout(sample, ProjectionParameters())
    assert layout is not None
    return layout


def test_the_settings_are_each_number_of_neighbors_with_each_distance():
    wanted = gallery_parameters(replace(NOW, method="tsne", n_components=2))
    assert [(one.n_neighbors, one.min_dist) for one in wanted] == [
        (5, 0.0), (5, 0.1), (5, 0.5), (15, 0.0), (15, 0.1), (15, 0.5), (50, 0.0), (50, 0.1), (50, 0.5),
    ]  # fmt: skip
    assert {(one.method, one.metric, one.seed) for one in wanted} == {("umap", "euclidean", 7)}


def test_the_layouts_are_those_of_the_map_page_turned_to_the_map_shown(sample, shown):
    wanted = gallery_parameters(ProjectionParameters())[3:5]
    assert load_gallery(sample, wanted, shown) is None
    shares: list[float] = []
    make_gallery(sample, wanted, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    found = load_gallery(sample, wanted, shown)
    assert found is not None
    for one, parameters in zip(found, wanted, strict=True):
        layout = load_layout(sample, parameters)
        assert layout is not None
        assert (one.parameters, one.trustworthiness) == (parameters, layout.trustworthiness)
        assert align(one.xy, layout.xy).disparity < 1e-6, "only turned, mirrored, scaled and moved"
        fit = align(one.xy, shown.xy)
        np.testing.assert_allclose(fit.rotation, np.eye(2), atol=1e-3)
        assert fit.scale == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(found[1].xy, shown.xy, atol=1e-3), "the map itself is one of them"


def test_what_is_there_is_not_computed_again_and_a_stop_keeps_what_is_finished(sample, monkeypatch):
    wanted = [replace(ProjectionParameters(), n_neighbors=n, n_epochs=20) for n in (5, 6, 7)]
    make_gallery(sample, wanted[:1])
    computed = []
    make = gallery.make_layout

    def counted(collection, parameters, report):
        computed.append(parameters.n_neighbors)
        return make(collection, parameters, report)

    def stop(share: float) -> None:
        if share >= 2 / 3:
            raise Stopped("stop")

    monkeypatch.setattr(gallery, "make_layout", counted)
    with pytest.raises(Stopped):
        make_gallery(sample, wanted, stop)
    make_gallery(sample, wanted)
    assert computed[0] == 6
    assert computed[-1] == 7
    assert computed.count(7) <= 2


def test_only_the_chunks_that_are_shown_are_drawn(sample, shown):
    wanted = [ProjectionParameters()]
    fewer = replace(shown, chunk_ids=shown.chunk_ids[5:40], xy=shown.xy[5:40])
    (one,) = load_gallery(sample, wanted, fewer) or ()
    np.testing.assert_allclose(one.xy, fewer.xy, atol=1e-3)
