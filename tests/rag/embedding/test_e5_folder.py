"""multilingual-e5-small, unpacked from 4-bit blocks, is what the engine of its package computes."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reference import RETRIEVAL, read_test_collection
from bench.retrieval.quality import mean_by_meaning
from rag.embedding.e5_blocks import E5File, decode_blocks
from rag.embedding.e5_tokenizer import e5_tokenizer
from rag.runtime.model_wheels import E5_SMALL
from tests.support.e5.engine import Engine
from tests.support.e5.texts import TEXTS

ALL = [text for texts in TEXTS.values() for text in texts]


@pytest.fixture(scope="module")
def engine(e5_package, tmp_path_factory):
    return Engine(e5_package, tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def weights(e5_package) -> E5File:
    return E5File(e5_package / E5_SMALL.file)


# The file


def test_blocks_are_decoded_by_hand():
    pairs = np.zeros((2, 16), dtype=np.uint8)
    pairs[0, 0] = 0x8F  # number 0 is 15 - 8, number 16 is 8 - 8
    pairs[1, 15] = 0xA0  # number 15 is 0 - 8, number 31 is 10 - 8
    first, second = decode_blocks(np.array([0.5, -2.0], dtype=np.float16), pairs)
    assert first.tolist() == [3.5, *[-4.0] * 15, 0.0, *[-4.0] * 15]
    assert second.tolist() == [16.0] * 31 + [-4.0]


def test_another_file_is_refused(tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"E5S2" + bytes(100))
    with pytest.raises(ValueError, match=r"'weights.bin' is not in the expected format"):
        E5File(tmp_path / "weights.bin")


def test_the_file_holds_the_sizes_of_the_model_card(weights):
    assert (weights.shape.layers, weights.shape.dimension, weights.shape.positions) == (12, 384, 512)
    assert weights.matrix("l11.fo.w").shape == (384, 1536)
    assert weights.numbers("l0.fi.b").shape == (1536,)
    with pytest.raises(KeyError):
        weights.matrix("l12.fo.w")


# The tokenizer


@pytest.mark.slow
def test_the_normalizer_makes_of_every_character_what_the_file_says(weights):
    normalizer = e5_tokenizer(weights.vocabulary).normalizer
    replaced = weights.vocabulary.replaced
    characters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    # Private use: what stands for two characters while others are normalized.
    known = (character for character in characters if unicodedata.category(character) not in ("Co", "Cn"))
    assert [c for c in known if normalizer.normalize_str(c) != replaced.get(c, c)] == []


@pytest.mark.slow
def test_token_ids_are_those_of_the_engine(e5, engine):
    tokenizer = e5._model.tokenizer
    for text in ["passage: " + ALL[0], *ALL, "a\tb\n c", "① ﬁ ㈱ ½ 10～20", "query: <3 :-) 👍"]:
        assert tokenizer(text)["input_ids"] == [0, *engine.token_ids(text), 2], text
        assert e5.count_tokens([text]) == [len(engine.token_ids(text))]


def test_letters_with_their_accents_apart_are_composed_and_white_space_at_the_ends_is_no_token(e5):
    """As SentencePiece does, unlike the engine."""
    tokenizer = e5._model.tokenizer
    assert tokenizer("caf\u0065\u0301 Br\u006f\u0308tchen") == tokenizer("café Brötchen")
    assert tokenizer("  an owl \n") == tokenizer("an owl")


@given(text=st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_text_with_its_prefix_has_the_tokens_of_both(e5, text):
    alone, prefix, both = e5.count_tokens([text, "passage: ", "passage: " + text])
    assert both == alone + prefix


# The vectors


@pytest.mark.slow
@pytest.mark.parametrize("as_queries", [False, True])
def test_vectors_are_those_of_the_engine(e5, engine, as_queries):
    vectors = e5.encode_queries(ALL) if as_queries else e5.encode_documents(ALL)
    cosines = (vectors * engine.embed(ALL, as_queries=as_queries)).sum(axis=1)
    assert len(cosines) == 50
    # The engine rounds what goes into each matrix to 8 bits.
    assert cosines.min() >= 0.999


def test_the_model_is_what_its_model_card_says(e5):
    assert e5.spec.model_id == "intfloat/multilingual-e5-small"
    assert e5.spec.revision == E5_SMALL.sha256[:12]
    assert (e5.spec.dimension, e5.spec.query_prefix, e5.spec.document_prefix) == (384, "query: ", "passage: ")
    assert e5.pooling == "mean"
    # <s>, </s>, and the prefix: "▁que", "ry", ":".
    assert e5.window == 512 - 2 - 3


@pytest.mark.parametrize("as_queries", [False, True])
def test_token_vectors_are_pooled_to_the_embedding(e5, as_queries):
    texts = [texts[0] for texts in TEXTS.values()]
    expected = e5.encode_queries(texts) if as_queries else e5.encode_documents(texts)
    for text, vector, tokens in zip(texts, expected, e5.token_vectors(texts, as_queries=as_queries), strict=True):
        mean = tokens.vectors.mean(axis=0)
        np.testing.assert_allclose(mean / np.linalg.norm(mean), vector, atol=1e-4)
        covered = {place for start, end in tokens.spans.tolist() for place in range(start, end) if start >= 0}
        assert covered == {place for place, character in enumerate(text) if not character.isspace()}


def test_a_sentence_is_nearest_to_its_translations(e5):
    vectors = {language: e5.encode_documents(texts) for language, texts in TEXTS.items()}
    for language, others in vectors.items():
        assert (vectors["en"] @ others.T).argmax(axis=1).tolist() == [0, 1, 2, 3, 4], language


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("xquad_de", 0.94), ("xquad_ru", 0.90)])
def test_questions_find_their_paragraphs(e5, data_dir, name, least):
    """Every sixth question; `python -m bench.retrieval.quality --languages` asks all."""
    if not (RETRIEVAL / name).is_dir():
        pytest.skip(f"there is no test collection {name}")
    collection = read_test_collection(RETRIEVAL / name)
    asked = list(collection.queries)[::6]
    grades = {query: collection.qrels[query] for query in asked}
    sample = replace(collection, queries={query: collection.queries[query] for query in asked}, qrels=grades)
    assert mean_by_meaning(data_dir, sample, e5) >= least
