"""Documents -> chunks: nothing lost, nothing too long, for any text, any spec and several kinds of tokenizer."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import config
from rag.chunking.chunker import chunk_document, chunk_prepared, prepare, with_likeness
from rag.chunking.table_rows import records, whole_rows
from rag.documents.loading import load_document
from rag.errors import DocumentError
from rag.types import Chunk, ChunkingSpec, Document, Heading, Row
from tests.support.chunk_cases import HANDBOOK, MODEL, STRATEGIES, TOKENIZERS, as_document, bounded, letters

pytestmark = pytest.mark.slow

SPACES = ["\x0c", "\x1c", "\x85", "\u2028", "\u00a0", "\u3000", "\n", "\n\n", "\r\n", "\t", "    ", " \u0301"]
SIGNS = [
    "\u200b",
    "\ufeff",
    "\u200d",
    "\ufe0f",
    "\ud800",
    "\x00",
    "e\u0301\u0301",
    "½",
    "ﬃ",
    "İ",
    "ß",
    "....",
    "#",
    "|",
]
FACES = ["👩‍👩‍👧‍👦", "👍🏽", "🇳🇴🇸🇪"]
SCRIPTS = ["你好。今天天气很好！", "สวัสดีครับวันนี้", "नमस्ते", "각"]
WORDS = [
    "[CLS]",
    "foo[SEP]bar",
    "x" * 150,
    "un" * 60,
    "internationalisation",
    "a.b",
    "1. ",
    "Dr. Who left. He came back! ",
]
LINES = ["\n# Title\n", "\n## Part one\n\n", "\n- item", "\n| a | b |\n", "\n```\n"]
FRAGMENTS = st.one_of(
    st.sampled_from([*SPACES, *SIGNS, *FACES, *SCRIPTS, *WORDS, *LINES]),
    st.sampled_from(["the ", "cat ", "sat on ", "a mat. ", "Nothing ", "happened.\n"]),
    st.text(st.characters(exclude_categories=()), max_size=6),
)
TEXTS = st.one_of(st.lists(FRAGMENTS, max_size=5), st.lists(FRAGMENTS, min_size=20, max_size=60)).map("".join)


@st.composite
def documents(draw) -> Document:
    """Any text; with records anywhere, with lines that are rows of a table, or with headings and pages anywhere."""
    text, kind = draw(TEXTS), draw(st.sampled_from(["plain", "rows", "table", "headings"]))
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    document = replace(as_document(text), language=draw(st.sampled_from(["", "en", "de", "zh", "xx"])))
    if kind == "rows":
        pairs = zip(edges[::2], edges[1::2], strict=False)
        return replace(document, headings=(), rows=tuple(Row(a, b, (("row", str(a)),)) for a, b in pairs))
    if kind == "table":
        ends = [place for place, letter in enumerate(text) if letter == "\n"]
        lines = zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)
        first, last = (edges or [0])[0], (edges or [0])[-1]
        return replace(document, rows=tuple(Row(a, b, ()) for a, b in lines if first <= a < b <= last))
    if kind == "headings":
        paths = draw(st.lists(st.sampled_from(["A", "A > B", "A > B > C", "D", ""]), min_size=8, max_size=8))
        return replace(document, headings=tuple(map(Heading, edges, paths)), pages=(0, *edges))
    return document


@st.composite
def specs(draw, strategy: str) -> ChunkingSpec:
    limit, sentences = draw(st.integers(1, 50)), draw(st.integers(1, 6))
    return ChunkingSpec(
        max_tokens=limit,
        overlap=draw(st.integers(0, limit - 1)),
        strategy=strategy,
        min_tokens=draw(st.integers(0, 2 * limit)),
        sentences=sentences,
        shared=draw(st.integers(0, sentences - 1)),
        percentile=draw(st.integers(0, 100)),
    )


def check(document: Document, chunks: list[Chunk], tokenizer, limit: int) -> None:
    text, covered = document.text, [False] * len(document.text)
    assert tokenizer.count([chunk.text for chunk in chunks]) == [chunk.n_tokens for chunk in chunks]
    for chunk in chunks:
        assert text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
        assert chunk.n_tokens <= limit
        covered[chunk.start : chunk.end] = [True] * len(chunk.text)
        assert all(is_inside(chunk, row) or not crosses(chunk, row) for row in records(document))
        for row in whole_rows(document):
            line = text[row.start : row.end].strip()
            is_cut = crosses(chunk, row) and line not in chunk.text
            assert not is_cut or tokenizer.count([line])[0] > limit - 2
    assert all(seen or letter.isspace() for seen, letter in zip(covered, text, strict=True))
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(chunks))


def is_inside(chunk: Chunk, row: Row) -> bool:
    return row.start <= chunk.start < chunk.end <= row.end


def crosses(chunk: Chunk, row: Row) -> bool:
    return chunk.start < row.end and chunk.end > row.start


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", TOKENIZERS)
@bounded
@given(document=documents(), window=st.integers(1, 60), drawn=st.data())
def test_any_text_is_split_exactly_wholly_and_within_limits(kind, strategy, document, window, drawn):
    spec, tokenizer = drawn.draw(specs(strategy)), TOKENIZERS[kind]
    limit = min(spec.max_tokens, window)
    try:
        chunks = chunk_document(document, spec, window, tokenizer, letters)
    except DocumentError:
        too_large = max(tokenizer.count(list(document.text)), default=0) > limit
        assert too_large or (spec.overlap >= window and spec.strategy in ("fixed", "recursive"))
        return
    check(document, chunks, tokenizer, limit)


@bounded
@given(document=documents(), drawn=st.data())
def test_a_prepared_text_is_split_again_as_a_new_one(document, drawn):
    prepared = with_likeness(prepare(document, TOKENIZERS["bytes"]), letters)
    for strategy in STRATEGIES:
        spec = replace(drawn.draw(specs(strategy)), max_tokens=60)
        (chunks,) = chunk_prepared(prepared.document, [(0, prepared)], spec, 60)
        assert chunks == chunk_document(document, spec, 60, TOKENIZERS["bytes"], letters)


@bounded
@given(text=TEXTS, repeats=st.integers(1, 60))
def test_tokens_are_those_of_the_whole_text(text, repeats):
    text = (text + " ") * repeats
    spans = MODEL.spans(text)
    assert [len(spans)] == MODEL.count([text])
    assert (np.diff(spans[:, 0]) >= 0).all()
    assert not len(spans) or (spans[0, 0] >= 0 and spans[-1, 1] <= len(text))


def test_spans_show_the_words():
    text = "Ünïcode 你好 unbelievable [SEP] 👍 end " * 300
    assert {text[a:b] for a, b in MODEL.spans(text).tolist()} >= {"Ünïcode", "你", "好", "unbelievable", "[SEP]", "end"}


@pytest.mark.parametrize("path", [*HANDBOOK, config.SAMPLES / "topics.csv"], ids=lambda path: path.name)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_samples_are_split_exactly_wholly_and_within_limits(path, strategy):
    document = load_document(path.name, path.read_bytes())
    for size, overlap, small in ((160, 0, 0), (40, 10, 20)):
        spec = ChunkingSpec(size, overlap, strategy, min_tokens=small)
        check(document, chunk_document(document, spec, 254, MODEL, letters), MODEL, size)


@bounded
@given(words=st.lists(st.sampled_from(["the", "cat", "unbelievably", "tokenization", "on"]), min_size=40), n=st.data())
def test_an_overlap_is_never_more_than_asked_and_nearly_as_much(words, n):
    text, overlap = " ".join(words), n.draw(st.integers(4, 12))
    chunks = chunk_document(as_document(text), ChunkingSpec(20, overlap, "fixed"), 254, MODEL)
    longest = max(MODEL.count(words))
    for one, two in pairwise(chunks):
        assert overlap - longest < MODEL.count([text[two.start : one.end]])[0] <= overlap
        assert text[two.start - 1] == " "


@bounded
@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 6), st.integers(0, 10))
def test_recursive_never_cuts_a_sentence_that_fits(lengths, overlap, small):
    text = " ".join("The " + "cat " * length + "sat." for length in lengths)
    document = as_document(text)
    chunks = chunk_document(document, ChunkingSpec(12, overlap, min_tokens=small), 254, MODEL)
    for sentence in re.finditer(r"The [^.]*\.", text):
        assert any(chunk.start <= sentence.start() and sentence.end() <= chunk.end for chunk in chunks)
