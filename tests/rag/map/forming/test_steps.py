"""The steps of a layout end in the map that is shown, and all lie in its frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.map.alignment import align
from rag.map.forming import steps as steps_module
from rag.map.forming.steps import N_STEPS, can_be_watched, load_steps, make_steps, step_epochs
from rag.map.layout import lay_out, load_layout
from rag.map.projection import ProjectionParameters
from rag.runtime.background import Stopped

PARAMETERS = ProjectionParameters()


@pytest.fixture
def shown(sample):
    layout = load_layout(sample, PARAMETERS)
    assert layout is not None
    return layout


def test_the_last_step_is_the_map_and_the_steps_come_nearer_to_it(sample, shown):
    found = make_steps(sample, PARAMETERS, shown)
    np.testing.assert_array_equal(found.chunk_ids, shown.chunk_ids)
    assert found.xy.shape == (len(found.epochs), len(shown.xy), 2)
    assert found.xy.dtype == np.float32
    np.testing.assert_allclose(found.xy[-1], shown.xy, atol=0.01)
    away = np.linalg.norm(found.xy - shown.xy, axis=2).mean(axis=1)
    assert away[0] > away[len(away) // 2] > away[-1]


@pytest.mark.parametrize("changes", [{}, {"metric": "euclidean"}, {"metric": "correlation", "n_neighbors": 5}])
def test_the_steps_are_those_of_the_layout_itself(sample, changes):
    parameters = replace(PARAMETERS, **changes)
    plain = lay_out(*sample.embeddings(), parameters)
    np.testing.assert_allclose(make_steps(sample, parameters, plain).xy[-1], plain.xy, atol=0.01)


def test_a_map_that_was_turned_and_mirrored_is_met_by_one_transform_for_all_steps(sample, shown):
    turn = np.array([[0.0, 2.0], [2.0, 0.0]], dtype=np.float32)
    other = replace(shown, xy=shown.xy @ turn + 7)
    straight, turned = make_steps(sample, PARAMETERS, shown), make_steps(sample, PARAMETERS, other)
    np.testing.assert_allclose(turned.xy[-1], other.xy, atol=0.05)
    for one, also in zip(straight.xy, turned.xy, strict=True):
        np.testing.assert_allclose(one @ turn + 7, also, atol=0.05)
    assert align(turned.xy[0], straight.xy[0]).disparity < 1e-6


def test_steps_are_kept_for_their_map(sample, shown):
    assert load_steps(sample, PARAMETERS, shown) is None
    made = make_steps(sample, PARAMETERS, shown)
    kept = load_steps(sample, PARAMETERS, shown)
    assert kept is not None
    np.testing.assert_array_equal(kept.xy, made.xy)
    np.testing.assert_array_equal(kept.epochs, made.epochs)
    assert load_steps(sample, PARAMETERS, replace(shown, xy=shown.xy + 1)) is None
    assert load_steps(sample, replace(PARAMETERS, n_neighbors=5), shown) is None


def test_the_share_grows_and_a_stop_leaves_nothing(sample, shown):
    shares: list[float] = []
    make_steps(sample, replace(PARAMETERS, seed=1), shown, shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1

    def stop(_share: float) -> None:
        raise Stopped("stop")

    with pytest.raises(Stopped):
        make_steps(sample, PARAMETERS, shown, stop)
    assert load_steps(sample, PARAMETERS, shown) is None


def test_epochs_go_from_the_first_to_the_last_and_are_closer_at_first():
    epochs = step_epochs(200)
    assert (epochs[0], epochs[-1], len(epochs)) == (1, 200, N_STEPS)
    gaps = np.diff(epochs)
    assert (gaps > 0).all()
    assert gaps[:5].max() <= gaps[-5:].min()
    assert step_epochs(3).tolist() == [1, 2, 3]


def test_only_umap_in_2d_of_not_too_many_chunks_is_watched(sample, shown, monkeypatch):
    assert can_be_watched(shown, PARAMETERS)
    assert not can_be_watched(replace(shown, method="pca"), PARAMETERS), "drawn by PCA: too few different chunks"
    assert not can_be_watched(shown, ProjectionParameters("tsne"))
    assert not can_be_watched(replace(shown, xy=np.zeros((len(shown.xy), 3), np.float32)), PARAMETERS)
    monkeypatch.setattr(steps_module, "MOST_CHUNKS", 10)
    assert not can_be_watched(shown, PARAMETERS)
    with pytest.raises(ValueError, match="up to 10 chunks"):
        make_steps(sample, PARAMETERS, shown)
