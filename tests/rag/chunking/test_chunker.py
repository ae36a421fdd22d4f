"""Documents -> chunks: what each strategy keeps whole, shares and refuses, on texts that can be counted by hand."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from rag import config
from rag.chunking.chunker import chunk_document, chunk_prepared, prepare, with_likeness
from rag.documents.loading import load_document
from rag.errors import DocumentError
from rag.text.sentences import sentence_starts
from rag.text.tokens import ByteTokenizer
from rag.types import ChunkingSpec, Heading
from tests.support.chunk_cases import MODEL, STRATEGIES, TOKENIZERS, as_document, letters, split

# Fixed


def test_fixed_counts_tokens_and_shares_the_overlap():
    assert split("a b c d e f g h", strategy="fixed", max_tokens=4, overlap=1) == ["a b c d", "d e f g", "g h"]
    assert split("a b c d e f g h", strategy="fixed", max_tokens=4) == ["a b c d", "e f g h"]


def test_a_text_without_spaces_overlaps_and_keeps_letters_whole():
    chinese = chunk_document(as_document("今天天气很好我们去公园走走"), ChunkingSpec(6, 2, "fixed"), 254, MODEL)
    assert [chunk.text for chunk in chinese] == ["今天天气很好", "很好我们去公", "去公园走走"]
    family = "👩‍👩‍👧‍👦"
    assert split(family * 9, strategy="fixed", max_tokens=1) == [family * 9]  # one word that the model does not know
    chunks = chunk_document(as_document(family * 9), ChunkingSpec(60), 254, ByteTokenizer())
    assert {chunk.text for chunk in chunks} == {family * 2, family}


def test_a_long_word_is_cut():
    chunks = split("so " + "internationalisation" * 4, strategy="fixed", max_tokens=5)
    assert len(chunks) > 2
    assert "".join(chunks) == "so" + "internationalisation" * 4
    assert len("".join(split("so " + "internationalisation" * 4, strategy="fixed", max_tokens=5, overlap=1))) > 82


class LettersInOne:
    """Counts letters, but takes any text for one token: every chunk must be counted again."""

    adds_up = False

    def count(self, texts):
        return [len(text) for text in texts]

    def spans(self, text):
        return np.array([[0, len(text)]])


def test_what_is_cut_again_keeps_its_letters_whole():
    text = "e\u0301e\u0301e\u0301e\u0301e\u0301"
    chunks = chunk_document(as_document(text), ChunkingSpec(3), 254, LettersInOne())
    assert {chunk.text for chunk in chunks} == {"e\u0301"}


def test_chunks_are_full_though_words_weigh_differently_alone():
    text = (config.SAMPLES / "handbook" / "support-faq.md").read_text("utf-8")
    chunks = chunk_document(as_document(text), ChunkingSpec(24, 0, "fixed"), 254, TOKENIZERS["pairs"])
    assert min(chunk.n_tokens for chunk in chunks[:-1]) > 12


def test_a_file_of_one_unknown_word_is_cut():
    chunks = chunk_document(as_document("x" * 200_000), ChunkingSpec(), 254, MODEL)
    assert max(len(chunk.text) for chunk in chunks) <= 160 * 32


def test_a_chunk_never_exceeds_the_window():
    document = as_document("word " * 5000 + "x" * 5000)
    assert max(chunk.n_tokens for chunk in chunk_document(document, ChunkingSpec(10_000), 254, MODEL)) == 254


def test_a_letter_that_fits_nowhere_is_named():
    with pytest.raises(DocumentError, match=r"any.txt.*1 tokens.*각.*alone has 3"):
        chunk_document(as_document("a 각 b"), ChunkingSpec(1), 254, MODEL)


# Recursive

SECTIONS = "# Guide\n\n## Start\n\nPlug it in. Wait.\n\n## Use\n\nPress the button.\n\nHold it."


def test_recursive_keeps_sections_paragraphs_and_sentences_whole():
    assert split(SECTIONS) == ["# Guide\n\n## Start\n\nPlug it in. Wait.", "## Use\n\nPress the button.\n\nHold it."]
    assert split("One two three. Four five.\n\nSix seven.", max_tokens=8) == ["One two three. Four five.", "Six seven."]
    assert split("One two three. Four five.\n\nSix seven.", max_tokens=4) == [
        "One two three.",
        "Four five.",
        "Six seven.",
    ]
    assert split("one two\nthree four", max_tokens=3) == ["one two", "three four"]


def test_recursive_merges_what_is_small_under_the_same_heading():
    assert split(SECTIONS, min_tokens=30) == [SECTIONS]
    assert split(SECTIONS, min_tokens=30, max_tokens=20) == split(SECTIONS, max_tokens=20)  # both do not fit in one
    document = as_document("# One\n\nfirst\n\n# Two\n\nsecond\n\n# Three\n\nthird")
    places = [document.text.index(word) - 2 for word in ("One", "Two", "Three")]
    paths = ("A > One", "A > Two", "B > Three")
    document = replace(document, headings=tuple(map(Heading, places, paths)))
    chunks = chunk_document(document, ChunkingSpec(min_tokens=50), 254, MODEL)
    assert [(chunk.heading, chunk.text[-6:]) for chunk in chunks] == [("A > One", "second"), ("B > Three", "\nthird")]
    tail = "One two three four five six seven. Yes.\n\nEight nine. Ten eleven twelve."
    assert split(tail, max_tokens=8)[1:] == ["Yes.", "Eight nine. Ten eleven twelve."]
    assert split(tail, max_tokens=8, min_tokens=4)[1:] == ["Yes.\n\nEight nine.", "Ten eleven twelve."]


def test_recursive_overlap_makes_way_for_a_sentence():
    text = "One two. Three four five six seven. Eight."
    assert split(text, max_tokens=8, overlap=2) == ["One two.", "two. Three four five six seven.", "seven. Eight."]
    assert split(text, max_tokens=6, overlap=2) == ["One two.", "Three four five six seven.", "seven. Eight."]


def test_a_heading_is_not_left_alone():
    assert split("# Title\n\nOne two three. Four five six.", max_tokens=8) == [
        "# Title\n\nOne two three.",
        "Four five six.",
    ]


def test_pages_headings_and_rows_are_kept():
    path = config.SAMPLES / "handbook" / "workshop-manual.pdf"
    chunks = chunk_document(load_document(path.name, path.read_bytes()), ChunkingSpec(), 254, MODEL)
    assert {chunk.page for chunk in chunks} == {1, 2}
    chunks = chunk_document(as_document(SECTIONS), ChunkingSpec(), 254, MODEL)
    assert [chunk.heading for chunk in chunks] == ["Start", "Use"]
    table = load_document("t.csv", b"topic,text\nA," + b"first passage " * 8 + b"\nB," + b"second one " * 8 + b"\n")
    for strategy in STRATEGIES:
        chunks = chunk_document(table, ChunkingSpec(strategy=strategy), 254, MODEL, letters)
        assert [chunk.fields for chunk in chunks] == [(("topic", "A"),), (("topic", "B"),)]


# Sentences


def test_sentences_begin_where_a_reader_thinks():
    text = "Dr. Smith left. He came!\nMenu\n1. Tea. Hot.\n- Cake\n\nEnd"
    places = sentence_starts(text)
    starts = {text[place:].lstrip()[:5] for place in places}
    assert starts == {"Dr. S", "He ca", "Menu\n", "1. Te", "Hot.\n", "- Cak", "End"}
    wrapped = "This line is as long as lines are in a letter that has been\nwrapped at sixty columns. Next."
    assert sentence_starts(wrapped) == [0, wrapped.index("Next")]


def test_a_window_of_sentences_slides():
    text = "A one. B two. C three. D four."
    assert split(text, strategy="sentences", sentences=2, shared=1) == [
        "A one. B two.",
        "B two. C three.",
        "C three. D four.",
    ]
    assert split(text, strategy="sentences", sentences=2, shared=0) == ["A one. B two.", "C three. D four."]
    assert split(text, strategy="sentences", sentences=9, shared=3) == [text]


def test_a_window_shrinks_to_what_fits():
    text = "One hen. Two cats. Three dogs have very many words. Four owls."
    assert MODEL.count(re.findall(r"[^.]+\.", text)) == [3, 3, 7, 3]
    assert split(text, strategy="sentences", sentences=3, shared=1, max_tokens=8) == [
        "One hen. Two cats.",
        "Three dogs have very many words.",
        "Four owls.",
    ]
    assert split(text, strategy="sentences", sentences=3, shared=1, max_tokens=10) == [
        "One hen. Two cats.",
        "Two cats. Three dogs have very many words.",
        "Three dogs have very many words. Four owls.",
    ]
    assert split(text, strategy="sentences", sentences=3, shared=1, max_tokens=5)[2:4] == [
        "Three dogs have very many",
        "words.",
    ]


# Semantic


def test_semantic_breaks_where_the_topic_changes():
    topics = {"Cats": [1.0, 0.0], "Dogs": [0.8, 0.6], "Tax": [0.0, 1.0]}
    text = "Cats purr. Cats sleep. Dogs bark. Tax rises. Tax falls."
    asked: list[str] = []

    def encode(texts):
        asked.extend(texts)
        return np.array([topics[text.split()[0]] for text in texts], dtype=np.float32)

    spec = ChunkingSpec(strategy="semantic", percentile=30)
    chunks = chunk_document(as_document(text), spec, 254, MODEL, encode)
    assert asked == ["Cats purr.", "Cats sleep.", "Dogs bark.", "Tax rises.", "Tax falls."]
    assert [chunk.text for chunk in chunks] == ["Cats purr. Cats sleep. Dogs bark.", "Tax rises. Tax falls."]


def test_semantic_cuts_a_long_group_at_the_weakest_link_of_its_later_half():
    likeness = [1, 0.5, 0.9, 0.6, 0.9, 0.8]
    vectors = np.cumsum(np.arccos(likeness))
    encode = lambda texts: np.column_stack((np.cos(vectors), np.sin(vectors))).astype(np.float32)  # noqa: E731
    text = "Ann ran. Bob sat. Cal hid. Dan dug. Eve won. Fay fed."
    prepared = with_likeness(prepare(as_document(text), MODEL), encode)
    assert prepared.likeness.tolist() == pytest.approx(likeness, abs=1e-6)
    spec = ChunkingSpec(12, strategy="semantic", percentile=0)
    (chunks,) = chunk_prepared(prepared.document, [(0, prepared)], spec, 254)
    assert [chunk.text for chunk in chunks] == ["Ann ran. Bob sat. Cal hid.", "Dan dug. Eve won. Fay fed."]


def test_specs_that_contradict_themselves_are_refused():
    document = as_document("text")
    for spec in (
        ChunkingSpec(5, 5),
        ChunkingSpec(0),
        ChunkingSpec(sentences=2, shared=2),
        ChunkingSpec(strategy="semantic"),
        ChunkingSpec(percentile=101),
    ):
        with pytest.raises(ValueError, match=r"must be|needs"):
            chunk_document(document, spec, 254, MODEL)
    with pytest.raises(DocumentError, match=r"overlap is 90 .* only 80"):
        chunk_document(document, ChunkingSpec(120, 90), 80, MODEL)
