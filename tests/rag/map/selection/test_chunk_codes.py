"""Chunk ids in an address: they come back as they were, and other text is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.map.selection.chunk_codes import decode_ids, encode_ids


@given(st.sets(st.integers(0, 2**62)))
def test_ids_come_back_in_ascending_order(ids):
    text = encode_ids(ids)
    assert decode_ids(text) == tuple(sorted(ids))
    assert text.replace("-", "").replace("_", "").isalnum() or not ids


def test_a_thousand_neighbors_are_short():
    assert len(encode_ids(range(5_000, 6_000))) < 40
    assert encode_ids([]) == ""


@pytest.mark.parametrize("text", ["a", "!!!!", "äö", "AAAA", encode_ids(range(900))[:-4], encode_ids([5]) + "AAA"])
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match="not a list of chunks"):
        decode_ids(text)
