"""Pooling taken apart: how much of a text's embedding comes from each token, and what changes without it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.embedding.inside import ModelInside, Reading
from rag.embedding.token_vectors import NOWHERE, Pooling
from rag.text.tokens import Piece

if TYPE_CHECKING:
    from rag.types import FloatArray

_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of Thai, Lao, Japanese and Chinese."""


@dataclass(frozen=True, slots=True)
class TokenShares:
    """The parts that n tokens have in one embedding.

    `parts` float32 (n, d) add up to the embedding. `shares` float32 (n,) are the parts along the embedding: they add up
    to 1, and a token whose vector points elsewhere has a negative one.
    """

    pooling: Pooling
    parts: FloatArray
    shares: FloatArray


@dataclass(frozen=True, slots=True)
class Changed:
    """A changed text and the cosine similarity of its embedding to that of the text before."""

    text: str
    similarity: float


def token_shares(inside: ModelInside, reading: Reading) -> TokenShares | None:
    """The share of each token; None if the model pools in a way that cannot be split by tokens."""
    import numpy as np

    vectors, n = reading.layers[-1], len(reading.tokens)
    weights = np.zeros(n, dtype=np.float32)
    match inside.pooling:
        case "mean":
            weights[:] = 1 / n
        case "cls":
            weights[0] = 1
        case "last":
            weights[-1] = 1
        case "other":
            return None
    parts: FloatArray = vectors * weights[:, None]
    parts /= max(float(np.linalg.norm(parts.sum(axis=0))), float(np.finfo(np.float32).tiny))
    return TokenShares(inside.pooling, parts, parts @ reading.embedding)


def words_of(tokens: tuple[Piece, ...], text: str) -> list[tuple[int, ...]]:
    """The words of the text as positions of their tokens.

    Tokens of letters without a space between them are one word, except in scripts that use no spaces.
    """
    words: list[list[int]] = []
    last: Piece | None = None
    for position, token in enumerate(tokens):
        if token.start == NOWHERE or not text[token.start : token.end].strip():
            continue
        if last and last.end == token.start and _go_together(text[token.start - 1], text[token.start]):
            words[-1].append(position)
        else:
            words.append([position])
        last = token
    return [tuple(word) for word in words]


def _go_together(left: str, right: str) -> bool:
    return all(letter.isalnum() and not _WITHOUT_SPACES.match(letter) for letter in (left, right))


def read_without(inside: ModelInside, reading: Reading, positions: tuple[int, ...], text: str) -> Changed:
    """The text read again without these tokens, so that the others no longer know of them."""
    kept = tuple(token for position, token in enumerate(reading.tokens) if position not in positions)
    dropped = [reading.tokens[position] for position in positions]
    shown = text
    for token in sorted(dropped, key=lambda one: -one.start):
        if token.start != NOWHERE:
            shown = shown[: token.start] + shown[token.end :]
    similarity = float(inside.read_tokens(kept).embedding @ reading.embedding) if kept else 0.0
    return Changed(" ".join(shown.split()), similarity)


def shuffled(inside: ModelInside, reading: Reading, text: str, seed: int) -> Changed:
    """The same words in a random order. For a model that ignores order, the similarity would be 1.

    Args:
        reading: of the text, as a document.
    """
    words = text.split()
    random.Random(seed).shuffle(words)
    other = " ".join(words)
    return Changed(other, float(inside.read(other).embedding @ reading.embedding))
