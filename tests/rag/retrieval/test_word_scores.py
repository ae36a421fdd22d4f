"""Words and phrases in a collection: a phrase counts where it stands, and its words only where it stands nowhere."""

from __future__ import annotations

import math

import pytest

from rag.index.words.loading import load_word_index, searched_text
from rag.retrieval.retrievers import KeywordRetriever
from rag.retrieval.word_query import read_query
from rag.retrieval.word_scores import word_scores
from rag.store.collection import Collection
from rag.types import Chunk, Document
from tests.support.collections import CHUNKING, QuickEmbedder
from tests.support.words.bm25 import bm25

TEXTS = (
    "The barn owl hunts at night.",
    "An owl in a barn. A barn owl, and another Barn-Owl!",
    "The owl left the barn.",
    "Bârn\nOWL",
    "Ships sail by day.",
    "我们看见猫头鹰在飞。",
    "To be or not to be: that is the question.",
    "Is it to be?",
    "He said: don’t feed the 1,000 owls.",
)


@pytest.fixture
def collection(data_dir) -> Collection:
    """Each text is a chunk; the last one has a heading."""
    words = QuickEmbedder()
    made = Collection.create(data_dir, "Birds", words.spec, CHUNKING)
    text, chunks = "\n".join(TEXTS), []
    for one in TEXTS:
        start = text.index(one)
        heading = "Feeding > Barn owls" if one is TEXTS[-1] else ""
        chunks.append(Chunk("d", start, start + len(one), one, 5, None, heading))
    document = Document("d", "birds.txt", "text/plain", text, "s")
    made.put_document(document, chunks, words.encode_documents(list(TEXTS)), words.spec)
    return made


def found(collection: Collection, query: str) -> tuple[list[int], str]:
    """The numbers of the texts with a score, and the note."""
    scores, note = word_scores(collection, load_word_index(collection), read_query(query))
    return scores.nonzero()[0].tolist(), note


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ('"barn owl"', [0, 1, 3]),
        ('"BARN OWL"', [0, 1, 3]),
        ("“bärn owl”", [0, 1, 3]),
        ('"owl barn"', []),
        ('"owls hunt"', []),
        ('"barn owls"', [8]),
        ('"the barn"', [0, 2]),
        ("「猫头鹰」", [5]),
        ("「头鹰」 ships", [4, 5]),
        ('"1,000 owls"', [8]),
        ('"don\'t feed"', [8]),
        ('"to be"', [6, 7]),
        ('"not to be"', [6]),
        ('"barn owl" ships', [0, 1, 3, 4]),
        ('"barn owl" "ships sail"', [0, 1, 3, 4]),
        ('"ba.n owl"', []),
    ],
)
def test_chunks_with_the_phrase(collection, query, wanted):
    """Where it is in none, each chunk with one of its words is found instead."""
    rows, note = found(collection, query)
    if wanted:
        assert (rows, note) == (wanted, "")
    else:
        assert rows == found(collection, query.replace('"', ""))[0]
        assert note.startswith("No chunk contains the phrase “")


def test_a_phrase_counts_like_one_more_word_with_its_words(collection):
    index = load_word_index(collection)
    texts = [searched_text(chunk) for chunk in collection.chunks()]
    by_words = bm25(texts, {"barn": 1, "owl": 1})
    scores = word_scores(collection, index, read_query('"barn owl"')).scores
    idf = math.log(1 + (len(texts) - 3 + 0.5) / (3 + 0.5))
    penalties = index.length_penalties(range(len(texts)))
    for row, times in ((0, 1), (1, 2), (3, 1)):
        wanted = by_words[row] + 2.2 * idf * times / (times + penalties[row])
        assert scores[row] == pytest.approx(wanted, rel=1e-5)
    assert scores[2] == 0.0 < by_words[2]


def test_a_phrase_is_added_to_the_other_words(collection):
    index = load_word_index(collection)
    one, other, both = (
        word_scores(collection, index, read_query(query)).scores
        for query in ('"barn owl"', "night ships", '"barn owl" night ships')
    )
    assert both == pytest.approx(one + other)


def test_a_missing_phrase_is_named_and_its_words_count_everywhere(collection):
    index = load_word_index(collection)
    scores, note = word_scores(collection, index, read_query('"owl  barns" night'))
    assert note == "No chunk contains the phrase “owl barns”, so its words were looked for one by one."
    assert scores == pytest.approx(word_scores(collection, index, read_query("owl barns night")).scores)
    _, note = word_scores(collection, index, read_query('"owl barns" "ships owl" "barn owl"'))
    assert note == (
        "No chunk contains the phrases “owl barns”, “ships owl”, so their words were looked for one by one."
    )


def test_a_missing_phrase_of_stop_words_finds_their_chunks_if_there_is_nothing_else(collection):
    rows, note = found(collection, '"be to"')
    assert (rows, note[:29]) == ([6, 7], "No chunk contains the phrase ")
    assert found(collection, '"be to" ships')[0] == [4]


def test_one_word_in_quotation_marks_is_a_word(collection):
    assert found(collection, '"owls"') == found(collection, "owl") == ([0, 1, 2, 3, 8], "")


def test_stop_words_are_found_only_if_there_is_nothing_else(collection):
    assert found(collection, "to be")[0] == [6, 7]
    assert found(collection, "to be ships")[0] == [4]
    assert found(collection, "zebra to be")[0] == []


def test_headings_are_searched_with_the_text(collection):
    assert found(collection, "feeding barn")[0] == [0, 1, 2, 3, 8]
    assert found(collection, '"feeding barn owls"') == ([8], "")
    assert found(collection, '"owls he said"') == ([8], "")


def test_a_deleted_chunk_has_no_phrase(collection):
    index = load_word_index(collection)
    collection.delete_document("d")
    scores, _ = word_scores(collection, index, read_query('"barn owl"'))
    assert KeywordRetriever(collection, index).retrieve('"barn owl"') == ()
    assert len(scores) == len(TEXTS)
    assert found(collection, '"barn owl"')[0] == []
