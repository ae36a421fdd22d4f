"""An index's settings: what is chosen for a size, what is refused, and the memory that they take by formula."""

from __future__ import annotations

import numpy as np
import pytest

from rag.errors import ExplorerError
from rag.index.kinds import build, bytes_per_vector
from rag.index.spec import KINDS, IndexSpec, completed, default_spec, expected_bytes
from tests.rag.index.test_kinds import built, unit_vectors


@pytest.mark.parametrize("dimension", [7, 40])
@pytest.mark.parametrize("n", [300, 1_200])
@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_as_written(kind, n, dimension):
    """A file has a header of some 200 bytes and 8 bytes for the length of each list; HNSW's levels are drawn: 2%."""
    index = built(kind, unit_vectors(n, dimension))
    expected = expected_bytes(index.spec, n, dimension)
    allowed = 250 + 8 * index.spec.nlist + (0.02 * expected if kind == "hnsw" else 0)
    assert abs(index.serialized_bytes() - expected) <= allowed
    assert bytes_per_vector(index) == expected / n


@pytest.mark.parametrize("n_bits", range(1, 9))
@pytest.mark.parametrize("kind", ["ivf_pq", "rabitq"])
def test_memory_of_other_bits_is_as_written(kind, n_bits):
    index = built(kind, unit_vectors(700, 20), n_bits=n_bits)
    assert 0 <= index.serialized_bytes() - expected_bytes(index.spec, 700, 20) <= 250 + 8 * index.spec.nlist


def test_memory_of_no_vectors_is_none():
    assert bytes_per_vector(built("flat", unit_vectors(0))) == 0.0


@pytest.mark.parametrize(
    ("kind", "n", "dimension", "nlist", "pq_m", "n_bits"),
    [
        ("ivf_flat", 0, 384, 1, 48, 1),
        ("ivf_flat", 39, 384, 1, 48, 1),
        ("ivf_flat", 400, 384, 10, 48, 1),
        ("ivf_flat", 10_000, 384, 100, 48, 1),
        ("ivf_pq", 1_000_000, 384, 1_000, 48, 8),
        ("ivf_pq", 256, 10, 6, 1, 6),
        ("ivf_pq", 1_024, 768, 26, 96, 8),
        ("rabitq", 2_000, 7, 45, 1, 1),
    ],
)
def test_what_is_chosen_for_a_size(kind, n, dimension, nlist, pq_m, n_bits):
    spec = default_spec(kind, n, dimension)
    assert (spec.nlist, spec.pq_m, spec.n_bits, spec.nprobe) == (nlist, pq_m, n_bits, min(8, nlist))
    assert completed(spec, n, dimension) == spec


@pytest.mark.parametrize(
    "spec",
    [
        IndexSpec("ivf_pq", pq_m=5),
        IndexSpec("ivf_pq", n_bits=9),
        IndexSpec("rabitq", n_bits=-1),
        IndexSpec("hnsw", m=1),
        IndexSpec("hnsw", ef_search=0),
        IndexSpec("ivf_flat", nlist=-2),
        IndexSpec("ivf_flat", nprobe=0),
        IndexSpec("sq8", depth=-1),
    ],
)
def test_settings_out_of_range_are_refused(spec):
    with pytest.raises(ValueError, match="must"):
        build(spec, np.arange(50), unit_vectors(50))


def test_more_lists_than_chunks_are_refused_with_a_way_out():
    with pytest.raises(ExplorerError, match=r"'ivf_flat'.* needs 51 chunks or more; there are 50\. Pick 'flat'"):
        build(IndexSpec("ivf_flat", nlist=51), np.arange(50), unit_vectors(50))
