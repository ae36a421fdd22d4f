"""BM25 from postings is BM25 from texts: with deleted chunks, in any segments, however they were joined."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import bm25s
import numpy as np
import pytest
import scipy.sparse as sp

from rag.index.words.postings import Postings, postings_of, term_hash
from rag.index.words.scores import Part, WordIndex
from rag.index.words.segment import Segment, joined
from rag.retrieval.word_query import read_query
from rag.text.search_terms import search_words, stem
from rag.text.stems import is_common
from tests.support.words.bm25 import bm25

VOCABULARY = (
    "owl", "owls", "hunting", "hunts", "ship", "ships", "sailing", "harbour", "E-58", "1,000", "the", "and", "a",
    "Größe", "naïve", "猫头鹰", "フクロウ", "сова", "совы", "state-of-the-art", "don't",
    "pump", "pumps", "pumping", "xylophone",
)  # fmt: skip
QUERIES = (
    "owl", "the owls hunt", "ships sail, ships sail", "E58", "1000", "grosse naive", "头鹰", "совы", "pump xylophone",
    "the and", "zebra", "zebra owl", "",
)  # fmt: skip
KINDS = ("words", "pieces")


def some_texts(n: int, seed: int = 3) -> list[str]:
    """Texts of up to forty words, some of them empty."""
    chosen = random.Random(seed)
    return [" ".join(chosen.choices(VOCABULARY, k=chosen.choice((0, 1, 5, 40)))) for _ in range(n)]


def digests_of(ids: np.ndarray) -> np.ndarray:
    return np.zeros((len(ids), 16), dtype=np.uint8)


def segment_of(ids: Sequence[int], texts: Sequence[str]) -> Segment:
    numbers = np.array(ids, dtype=np.int64)
    return Segment.of(numbers, digests_of(numbers), texts)


def whole(segment: Segment) -> tuple[Segment, np.ndarray]:
    """A segment, all of which is kept."""
    return segment, np.full(len(segment.ids), True)


def part_of(segment: Segment, ids: np.ndarray) -> Part:
    """The part of a segment in a collection with these ids: chunks with other ids were deleted."""
    rows = ids.searchsorted(segment.ids).clip(max=max(len(ids) - 1, 0))
    return Part(segment, np.isin(segment.ids, ids), rows)


def index_of(ids: Sequence[int], *segments: Segment) -> WordIndex:
    left = np.array(ids, dtype=np.int64)
    return WordIndex(left, [part_of(segment, left) for segment in segments])


def require_same(index: WordIndex, texts: Sequence[str]) -> None:
    """The index scores its chunks as plain Python scores their texts."""
    assert len(index.ids) == len(texts)
    for query in QUERIES:
        terms = read_query(query)
        for kind in KINDS:
            wanted = bm25(texts, getattr(terms, kind), kind)
            np.testing.assert_allclose(index.scores(getattr(terms, kind), kind), wanted, rtol=2e-6, err_msg=query)
        stems = list(terms.words)
        holding = [row for row, text in enumerate(texts) if set(stems) <= set(map(stem, search_words(text)))]
        assert index.rows_with_all(stems).tolist() == holding


def test_one_segment():
    texts = some_texts(60)
    require_same(index_of(range(60), segment_of(range(60), texts)), texts)


def test_pieces_in_most_chunks_count_only_in_a_small_collection():
    for n in (10, 60):
        texts = ["station" if row % 2 else "nation heron" for row in range(n)]
        index = index_of(range(n), segment_of(range(n), texts))
        assert index.scores({"tion": 1}, "pieces").any() == (n == 10)
        assert index.scores({stem("station"): 1}, "words").any()


def test_no_chunks_and_chunks_without_words():
    require_same(index_of([]), [])
    require_same(index_of([4, 9], segment_of([4, 9], ["", "..."])), ["", "..."])
    require_same(index_of([4, 9], segment_of([4, 9], ["the", "the and"])), ["the", "the and"])


@pytest.mark.parametrize("seed", range(5))
def test_deleted_chunks_count_no_more(seed):
    texts = some_texts(60)
    left = sorted(random.Random(seed).sample(range(60), 35))
    require_same(index_of(left, segment_of(range(60), texts)), [texts[row] for row in left])


@pytest.mark.parametrize("n_deleted", [1, 5, 59])
def test_the_last_chunks_are_deleted(n_deleted):
    """Deleted chunks that all chunks follow have no row near them in the collection."""
    texts = ["owl " * (row + 1) for row in range(60)]
    left = 60 - n_deleted
    require_same(index_of(range(left), segment_of(range(60), texts)), texts[:left])


@pytest.mark.parametrize("seed", range(5))
def test_several_segments_with_deleted_chunks(seed):
    """Their chunks lie among each other, as after many changes of a collection."""
    texts, chosen = some_texts(90), random.Random(seed)
    owner = [chosen.randrange(4) for _ in texts]
    groups = [[row for row, one in enumerate(owner) if one == number] for number in range(4)]
    segments = [segment_of(rows, [texts[row] for row in rows]) for rows in groups if rows]
    left = sorted(chosen.sample(range(90), 70))
    require_same(index_of(left, *segments), [texts[row] for row in left])


@pytest.mark.parametrize("seed", range(5))
def test_joined_segments_score_as_one_made_of_all_texts(seed):
    texts, chosen = some_texts(90), random.Random(seed)
    cuts = [0, *sorted(chosen.sample(range(1, 90), 4)), 90]
    blocks = [list(range(start, end)) for start, end in pairwise(cuts)]
    chosen.shuffle(blocks)
    left = sorted(chosen.sample(range(90), 60))
    segments = [segment_of(rows, [texts[row] for row in rows]) for rows in blocks]
    one = joined([(segment, np.isin(segment.ids, left)) for segment in segments])
    assert sorted(one.ids.tolist()) == left
    require_same(index_of(left, one), [texts[row] for row in left])


def test_chunks_that_only_seem_to_follow_each_other():
    """First and last row are as far apart as in a block, but two chunks between them are in another segment."""
    texts = some_texts(10)
    order = [2, 3, 4, 5, 0, 1, 8, 9]
    one = segment_of(order, [texts[row] for row in order])
    require_same(index_of(range(10), one, segment_of([6, 7], texts[6:8])), texts)


def test_a_term_in_very_many_chunks_with_rare_ones():
    """More postings than are added at once."""
    texts = [f"owl owl{row % 5000} {'ship ' * (row % 3)}" for row in range(20_000)]
    left = [row for row in range(20_000) if row % 7 or row > 19_000]
    index = index_of(left, segment_of(range(9_000), texts[:9_000]), segment_of(range(9_000, 20_000), texts[9_000:]))
    for query in ("owl", "ship owl77 owl", "owl77 owl78"):
        terms = read_query(query).words
        wanted = bm25([texts[row] for row in left], terms)
        np.testing.assert_allclose(index.scores(terms, "words"), wanted, rtol=2e-6)


def test_words_that_occur_hundreds_of_times_in_a_chunk():
    texts = ["owl " * 255, "owl " * 256, "owl " * 70_000 + "ship", "ship"]
    index = index_of(range(4), segment_of(range(4), texts))
    np.testing.assert_allclose(index.scores({"owl": 1}, "words"), bm25(texts, {"owl": 1}), rtol=1e-4)
    one = joined([whole(segment_of(range(2), texts[:2])), whole(segment_of([3], texts[3:]))])
    require_same(index_of([0, 1, 3], one), [*texts[:2], texts[3]])


def test_the_scores_are_those_of_bm25s():
    """The package leaves out the factor k1 + 1, and is given the same terms."""
    texts = some_texts(200)
    terms = [[stem(word) for word in search_words(text) if not is_common(word)] for text in texts]
    vocabulary = {term: number for number, term in enumerate(dict.fromkeys(term for one in terms for term in one))}
    reference = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    reference.index(([[vocabulary[term] for term in one] for one in terms], vocabulary), show_progress=False)
    index = index_of(range(200), segment_of(range(200), texts))
    for query in ("owl", "ships sailing", "E58", "猫头", "совы pump"):
        asked = list(read_query(query).words)
        wanted = 2.2 * reference.get_scores([vocabulary[term] for term in asked])
        np.testing.assert_allclose(index.scores(dict.fromkeys(asked, 1), "words"), wanted, rtol=1e-4, atol=1e-5)


def matrix(postings: Postings) -> np.ndarray:
    """How often each text has each term: texts in order, terms by their hashes."""
    shape = (len(postings.lengths), len(postings.terms))
    return sp.csc_array((postings.counts, postings.rows, postings.starts), shape=shape).toarray()


def test_joining_all_chunks_gives_the_postings_of_all_texts():
    texts = some_texts(50)
    one = joined([whole(segment_of(range(25), texts[:25])), whole(segment_of(range(25, 50), texts[25:]))])
    all_at_once = segment_of(range(50), texts)
    for kind in KINDS:
        ours, wanted = getattr(one.terms, kind), getattr(all_at_once.terms, kind)
        assert ours.terms.tolist() == wanted.terms.tolist()
        np.testing.assert_array_equal(matrix(ours), matrix(wanted))
        assert ours.lengths.tolist() == wanted.lengths.tolist()


def test_terms_of_deleted_chunks_are_not_kept():
    segment = segment_of([1, 2], ["owl and xylophone", "owl"])
    one = joined([(segment, np.array([False, True]))])
    assert one.terms.words.terms.tolist() == [term_hash("owl")]
    (where,) = one.terms.words.find(np.array([term_hash("xylophon")], np.uint64))
    assert where.start == where.stop


def test_a_saved_segment_comes_back(tmp_path):
    segment = segment_of(range(30), some_texts(30))
    segment.save(tmp_path / "words-1")
    again = Segment.load(tmp_path / "words-1")
    assert again.ids.tolist() == segment.ids.tolist()
    for kind in KINDS:
        for field in Postings.__slots__:
            ours, wanted = getattr(getattr(again.terms, kind), field), getattr(getattr(segment.terms, kind), field)
            assert ours.dtype == wanted.dtype
            np.testing.assert_array_equal(ours, wanted)


def test_no_texts_have_no_postings():
    for postings in postings_of([]):
        assert len(postings.terms) == len(postings.lengths) == 0
        assert postings.find(np.array([term_hash("owl")], np.uint64)) == [slice(0, 0)]
