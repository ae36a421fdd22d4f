"""The preview of chunks: every character in one stretch, and sizes that add up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.chunking.preview import SizeBin, Stretch, overlay, size_summary
from rag.types import Chunk
from tests.support.chunk_cases import bounded


def chunk(start: int, end: int) -> Chunk:
    return Chunk("d", start, end, "x" * (end - start), end - start)


def test_an_overlay_shows_boundaries_and_overlaps():
    chunks = [chunk(2, 10), chunk(8, 15), chunk(15, 20)]
    assert overlay(chunks, 0, 17) == [
        Stretch(0, 2, ()),
        Stretch(2, 8, (0,)),
        Stretch(8, 10, (0, 1)),
        Stretch(10, 15, (1,)),
        Stretch(15, 17, (2,)),
    ]
    assert overlay(chunks, 5, 5) == []
    assert overlay([], 3, 9) == [Stretch(3, 9, ())]


@bounded
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20))), st.integers(0, 60), st.integers(0, 30))
def test_an_overlay_covers_every_character_once(spans, start, length):
    chunks = [chunk(first, first + size) for first, size in spans]
    stretches = overlay(chunks, start, start + length)
    assert [place for s in stretches for place in range(s.start, s.end)] == list(range(start, start + length))
    for stretch in stretches:
        for place in range(stretch.start, stretch.end):
            assert stretch.chunks == tuple(i for i, c in enumerate(chunks) if c.start <= place < c.end)


def test_sizes_are_summed_up():
    summary = size_summary([chunk(0, 3), chunk(3, 10), chunk(10, 50)], n_bins=4)
    assert (summary.count, summary.minimum, summary.median, summary.maximum) == (3, 3, 7.0, 40)
    assert summary.bins == (SizeBin(0, 10, 2), SizeBin(11, 21, 0), SizeBin(22, 32, 0), SizeBin(33, 43, 1))
    assert size_summary([]).count == 0
