"""The picture: principal components as scikit-learn finds them, turned towards the picture before."""

from __future__ import annotations

import numpy as np
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA

from rag.anatomy.training.picture import principal_view

VECTORS = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32) * np.float32([5, 3, 1, 1, 1, 1])


def test_it_is_the_plane_of_pca():
    xy = principal_view(VECTORS).of(VECTORS)
    np.testing.assert_allclose(np.abs(xy), np.abs(PCA(2).fit_transform(VECTORS)), atol=1e-4)


def test_a_turned_and_mirrored_picture_is_turned_back():
    view = principal_view(VECTORS)
    xy = view.of(VECTORS)
    angle = 2.0
    turned = xy @ np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]], dtype=np.float32) + 7
    again = principal_view(VECTORS, turned).of(VECTORS)
    np.testing.assert_allclose(again, turned - turned.mean(axis=0), atol=1e-4)


def test_the_turn_is_the_orthogonal_procrustes_one():
    random = np.random.default_rng(1)
    near = random.normal(size=(50, 2)).astype(np.float32)
    plain = principal_view(VECTORS).of(VECTORS)
    rotation, _ = orthogonal_procrustes(plain, near - near.mean(axis=0))
    np.testing.assert_allclose(principal_view(VECTORS, near).of(VECTORS), plain @ rotation, atol=1e-4)
