"""The word index of a collection: it lies in cache files, and only new chunks are read to bring it up to date."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rag.index.words.postings import MOST_ROWS
from rag.index.words.scores import Part, WordIndex
from rag.index.words.segment import Segment, joined
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.store.digests import is_of_text
from rag.text.labels import searched_text
from rag.text.search_terms import TERMS_VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import IntArray

    Digests = NDArray[np.uint8]

Report = Callable[[int, int], None]
_READ_AT_ONCE = 2_048


class _Kept(NamedTuple):
    """A segment in use, and its file; None if it is not saved yet."""

    part: Part
    path: Path | None


def load_word_index(collection: Collection, report: Report | None = None) -> WordIndex:
    """The words of all chunks in the collection's present state.

    Chunks that are in no saved segment are read and become new segments. Small segments are joined, so that there are
    few. A file that is damaged, or does not fit the chunks any more, is made again.

    Args:
        report: called with how many of the new chunks are read, and how many there are; an exception from it ends
            the work.

    Raises:
        CollectionError: the collection cannot be read.
    """
    import numpy as np

    with artifacts.exclusive(collection.cache_folder / "words"):
        ids, digests = collection.chunk_digests()
        saved = _saved(collection, ids, digests)
        is_missing = np.full(len(ids), True)
        for kept in saved:
            is_missing[kept.part.row_of[kept.part.is_live]] = False
        added = _added(collection, ids, digests, np.flatnonzero(is_missing), report or _ignore)
        parts = _saved_now(collection, _compacted([*saved, *added], ids))
    return WordIndex(ids, parts)


def _saved(collection: Collection, ids: IntArray, digests: Digests) -> list[_Kept]:
    """The saved segments with any chunk that still exists; the larger ones come first, and no two share a chunk."""
    import numpy as np

    is_free, found = np.full(len(ids), True), []
    paths = artifacts.cached_paths(collection.cache_folder, _pattern(collection))
    segments = [(path, Segment.load(path)) for path in paths]
    for path, segment in sorted(segments, key=lambda item: -len(item[1].ids) if item[1] else 0):
        if segment is None or not len(ids):
            continue
        rows = ids.searchsorted(segment.ids).clip(max=len(ids) - 1)
        is_live = (ids[rows] == segment.ids) & (digests[rows] == segment.digests).all(axis=1) & is_free[rows]
        if is_live.any():
            is_free[rows[is_live]] = False
            found.append(_Kept(Part(segment, is_live, rows), path))
    return found


def _added(collection: Collection, ids: IntArray, digests: Digests, rows: IntArray, report: Report) -> Iterator[_Kept]:
    """New segments of the chunks in these rows of the collection."""
    import numpy as np

    for start in range(0, len(rows), MOST_ROWS):
        block = rows[start : start + MOST_ROWS]
        known = digests[block]
        texts = _texts(collection, ids[block], known, partial(_report_more, report, start, len(rows)))
        segment = Segment.of(ids[block], known, texts)
        yield _Kept(Part(segment, np.full(len(block), True), block), None)


def _texts(collection: Collection, ids: IntArray, known: Digests, report: Callable[[int], None]) -> Iterator[str]:
    """What is searched of each of these chunks; nothing for one that was deleted meanwhile, or whose text is another.

    The digest of such a chunk in `known` becomes 0, so that nothing of it is used when it exists as before again.
    """
    for start in range(0, len(ids), _READ_AT_ONCE):
        wanted = ids[start : start + _READ_AT_ONCE].tolist()
        chunks = {chunk.chunk_id: chunk for chunk in collection.chunks(wanted)}
        for row, chunk_id in enumerate(wanted, start=start):
            chunk = chunks.get(chunk_id)
            if chunk and is_of_text(known[row].tobytes(), chunk.text):
                yield searched_text(chunk)
            else:
                known[row] = 0
                yield ""
        report(start + len(wanted))


def _report_more(report: Report, done: int, total: int, n: int) -> None:
    report(done + n, total)


def _compacted(segments: list[_Kept], ids: IntArray) -> list[_Kept]:
    """The segments, joined where neighbors in size are alike, so that there are about log2(n) of them.

    Adding one chunk after the other then joins each chunk with others about log2(n) times (Bentley and Saxe,
    "Decomposable searching problems", 1980).
    """
    compact: list[list[_Kept]] = []
    for kept in sorted(segments, key=lambda kept: -_size([kept])):
        compact.append([kept])
        while len(compact) > 1 and _size(compact[-2]) < 2 * _size(compact[-1]) and _fits(compact[-2] + compact[-1]):
            compact[-2:] = [compact[-2] + compact[-1]]
    return [group[0] if len(group) == 1 and not _is_mostly_gone(group[0]) else _one(group, ids) for group in compact]


def _size(group: list[_Kept]) -> int:
    return sum(int(kept.part.is_live.sum()) for kept in group)


def _fits(group: list[_Kept]) -> bool:
    return _size(group) <= MOST_ROWS


def _is_mostly_gone(kept: _Kept) -> bool:
    return 2 * _size([kept]) < len(kept.part.is_live)


def _one(group: list[_Kept], ids: IntArray) -> _Kept:
    """One segment with the chunks of several that still exist."""
    import numpy as np

    segment = joined([(kept.part.segment, kept.part.is_live) for kept in group])
    return _Kept(Part(segment, np.full(len(segment.ids), True), ids.searchsorted(segment.ids)), None)


def _saved_now(collection: Collection, segments: list[_Kept]) -> list[Part]:
    """Save what is not saved, delete the files of other segments, and return the parts."""
    used = {kept.path for kept in segments if kept.path}
    for kept in segments:
        if kept.path is None:
            segment = kept.part.segment
            key = hashlib.sha256(segment.ids.tobytes() + segment.digests.tobytes()).hexdigest()[:16]
            path = collection.cache_folder / _pattern(collection).replace("*", key)
            segment.save(path)
            used.add(path)
    artifacts.drop_except(used, collection.cache_folder, "words-*")
    return [kept.part for kept in segments]


def _pattern(collection: Collection) -> str:
    """The names of the files of the collection's segments."""
    return f"words-{TERMS_VERSION}-*.{collection.uid[:12]}"


def _ignore(done: int, total: int) -> None:
    """Default progress report: does nothing."""
