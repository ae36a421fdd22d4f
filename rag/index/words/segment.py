"""Segment: the postings of up to 65,536 chunks, with what shows whether they still fit the collection, and its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.index.words.postings import Postings, TermPostings, merged, postings_of
from rag.runtime import artifacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import IntArray

    Digests = NDArray[np.uint8]

_FIELDS = ("terms", "starts", "rows", "counts", "lengths")


@dataclass(frozen=True, slots=True)
class Segment:
    """The word index of some chunks.

    Attributes:
        ids: the chunks' ids, int64 (n,).
        digests: the chunks' digests when the segment was made, uint8 (n, 16).
        terms: their postings, by words and by pieces.
    """

    ids: IntArray
    digests: Digests
    terms: TermPostings

    @classmethod
    def of(cls, ids: IntArray, digests: Digests, texts: Iterable[str]) -> Segment:
        """Make the segment of at most 65,536 chunks from their texts."""
        return cls(ids, digests, postings_of(texts))

    def save(self, path: Path) -> None:
        """Save the segment as a cache file."""
        from safetensors.numpy import save

        arrays: dict[str, NDArray[np.generic]] = {"ids": self.ids, "digests": self.digests}
        for name, postings in self.terms._asdict().items():
            arrays |= {f"{name}-{field}": getattr(postings, field) for field in _FIELDS}
        artifacts.write_cached(path, save(arrays))

    @classmethod
    def load(cls, path: Path) -> Segment | None:
        """Load a saved segment; None if the file is missing, damaged, or something else."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        content = artifacts.read_cached(path)
        if content is None:
            return None
        try:
            arrays = load(content)
            words, pieces = (Postings(*(arrays[f"{name}-{one}"] for one in _FIELDS)) for name in TermPostings._fields)
            return cls(arrays["ids"], arrays["digests"], TermPostings(words, pieces))
        except (SafetensorError, KeyError):
            return None


def joined(parts: Sequence[tuple[Segment, NDArray[np.bool_]]]) -> Segment:
    """One segment of the marked chunks of several, at most 65,536 together."""
    import numpy as np

    ids = np.concatenate([segment.ids[is_kept] for segment, is_kept in parts])
    digests = np.concatenate([segment.digests[is_kept] for segment, is_kept in parts])
    words = merged((segment.terms.words, is_kept) for segment, is_kept in parts)
    pieces = merged((segment.terms.pieces, is_kept) for segment, is_kept in parts)
    return Segment(ids, digests, TermPostings(words, pieces))
