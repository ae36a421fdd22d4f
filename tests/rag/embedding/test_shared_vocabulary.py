"""A tokenizer that shares another's vocabulary counts as the other would without its limits."""

from __future__ import annotations

import pytest
from tokenizers import AddedToken, Tokenizer

from rag.embedding.shared_vocabulary import without_limits
from rag.runtime.model_wheels import MINILM, find_wheel
from rag.text.tokens import SubwordTokenizer
from tests.support.e5.texts import TEXTS

ALL = [text for texts in TEXTS.values() for text in texts]


@pytest.fixture
def limited() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(find_wheel(MINILM) / "tokenizer.json"))
    tokenizer.add_tokens([AddedToken("Eule", normalized=False), AddedToken("owl hoot", single_word=True)])
    tokenizer.add_special_tokens(["<new>"])
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=4)
    return tokenizer


def test_it_is_the_same_without_limits(limited):
    shared = SubwordTokenizer(without_limits(limited))
    copied = SubwordTokenizer.from_json(limited.to_str())
    texts = [*ALL, " ".join(ALL), "", "[SEP] an owl hoot, a Eule <new> [unused7]"]
    assert shared.count(texts) == copied.count(texts)
    assert shared.adds_up == copied.adds_up
    for text in texts:
        assert shared.spans(text).tolist() == copied.spans(text).tolist()
    ids = [without_limits(limited).encode(text).ids for text in texts]
    limited.no_truncation()
    limited.no_padding()
    assert ids == [limited.encode(text).ids for text in texts]


def test_the_given_one_keeps_its_limits(limited):
    without_limits(limited)
    assert len(limited.encode("an owl flies over the sea at night").ids) == len(limited.encode("").ids) == 4
