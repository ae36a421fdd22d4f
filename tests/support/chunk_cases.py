"""Shared by the chunking tests: three kinds of tokenizer, documents from plain strings, a fake model."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import settings

from rag import config
from rag.chunking.chunker import chunk_document
from rag.runtime.model_wheels import MINILM, find_wheel
from rag.text.tokens import ByteTokenizer, SubwordTokenizer
from rag.types import ChunkingSpec, Document, Heading, Row

HANDBOOK = sorted((config.SAMPLES / "handbook").iterdir())
STRATEGIES = ("recursive", "fixed", "sentences", "semantic")
bounded = settings(max_examples=150, deadline=None, derandomize=True)


def read_minilm() -> SubwordTokenizer:
    return SubwordTokenizer.from_json((find_wheel(MINILM) / "tokenizer.json").read_text("utf-8"))


def train_byte_pairs() -> SubwordTokenizer:
    """A tokenizer of another kind, in which a word is encoded together with the space before it."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([path.read_text("utf-8") for path in HANDBOOK if path.suffix == ".md"], trainer)
    return SubwordTokenizer(tokenizer)


TOKENIZERS = {"words": read_minilm(), "bytes": ByteTokenizer(), "pairs": train_byte_pairs()}
MODEL = TOKENIZERS["words"]


def as_document(text: str, rows: tuple[Row, ...] = ()) -> Document:
    headings = () if rows else tuple(Heading(m.start(), m[1]) for m in re.finditer(r"^#+ (.*)$", text, re.MULTILINE))
    return Document("d", "any.txt", "text/plain", text, "0", headings=headings, rows=rows)


def letters(texts) -> np.ndarray:
    """A fake embedding: how often each letter occurs, as unit vectors."""
    counts = np.array([[1 + text.count(letter) for letter in "etaoinshr"] for text in texts], dtype=np.float32)
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def split(text: str, **spec) -> list[str]:
    chunks = chunk_document(as_document(text), ChunkingSpec(**spec), 254, MODEL, letters)
    return [chunk.text for chunk in chunks]
