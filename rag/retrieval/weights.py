"""Weights of hybrid search: how much the similarity counts for a question, and how much its words; and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]

from rag.text.search_terms import is_unspaced, spaced_words
from rag.text.tokens import Piece, SubwordTokenizer
from rag.types import Embedder

MOST_DENSE = 0.6
"""The weight of the similarity for a question that the embedding model reads well."""
_PIECES_OF_UNREAD = 0.5
_PIECES_OF_READ = 0.2
"""The share of the words' weight that goes to pieces of words, for a question that is read badly, and well."""
_SPACED = (0.3, 0.7)
"""Words a token below which a question counts as not read, and above which as read well."""
_UNSPACED = (1.1, 1.6)
"""The same for scripts without spaces between words, in letters a token."""
_LETTER = regex.compile(r"[\p{L}\p{M}]")
_SPACE = "\u2581"
_UNKNOWN = frozenset({"[UNK]", "<unk>", "<UNK>"})


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each search counts; together 1. `reason` says why, as a sentence; empty if the person chose them."""

    dense: float
    words: float
    pieces: float
    reason: str


def weights_for(query: str, embedder: Embedder) -> Weights:
    """The weights for a question: the better the embedding model reads it, the more its similarity counts.

    A model that knows a word has one token for it; a word of a script or language that it was not trained on falls
    into parts, single letters, or the token for what is unknown. Let r be 0 up to 0.3 words a token, 1 from 0.7, and
    between them in proportion; times the share of tokens that are not unknown. The similarity's weight is then 0.6 r,
    and pieces of words get 0.5 - 0.3 r of the rest. In scripts without spaces between words, letters a token count
    instead, from 1.1 to 1.6. Chosen on nine test collections (docs/retrieval.md).
    """
    tokenizer = embedder.tokenizer
    if not isinstance(tokenizer, SubwordTokenizer):
        return _weights(1.0, "The tokens of this embedding model are not known, so the usual weights are used.")
    if not _LETTER.search(query):
        return _weights(0.0, "The question has no words, and an embedding model knows little about numbers and signs.")
    words = spaced_words(query)
    tokens = [piece for piece in tokenizer.pieces(query) if _is_counted(query, words, piece)]
    if not tokens:
        return _weights(0.0, "The embedding model knows no token for this question, so only words count.")
    n_unknown = sum(piece.token in _UNKNOWN for piece in tokens)
    n_unspaced = sum(is_unspaced(_text(query, token).lstrip()) for token in tokens)
    counts = _Counts(
        words=len(words),
        letters=sum(map(is_unspaced, query)),
        tokens_of_words=len(tokens) - n_unspaced,
        tokens_of_letters=n_unspaced,
    )
    readable = counts.readability * (1 - n_unknown / len(tokens))
    return _weights(readable, _reason(counts, n_unknown, readable))


ONLY_WORDS = Weights(0.0, 1.0, 0.0, "")
"""The weights of a search by words alone."""


def _weights(readable: float, reason: str) -> Weights:
    dense = MOST_DENSE * readable
    of_pieces = _PIECES_OF_UNREAD + (_PIECES_OF_READ - _PIECES_OF_UNREAD) * readable
    return Weights(dense, (1 - dense) * (1 - of_pieces), (1 - dense) * of_pieces, reason)


@dataclass(frozen=True, slots=True)
class _Counts:
    """The words of a question and their tokens, and the letters of scripts without spaces and their tokens."""

    words: int
    letters: int
    tokens_of_words: int
    tokens_of_letters: int

    @property
    def readability(self) -> float:
        """How well the tokens cover the question, from 0 to 1: the mean over both kinds of script, by tokens."""
        words = self.tokens_of_words * _between(self.words, self.tokens_of_words, _SPACED)
        letters = self.tokens_of_letters * _between(self.letters, self.tokens_of_letters, _UNSPACED)
        return (words + letters) / (self.tokens_of_words + self.tokens_of_letters)

    def __str__(self) -> str:
        tokens = self.tokens_of_words + self.tokens_of_letters
        units = ((self.words, "word"), (self.letters, "letter"), (tokens, "token"))
        return ", ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in units if n)


def _between(units: int, tokens: int, bounds: tuple[float, float]) -> float:
    """Where units a token lie between the bounds, from 0 to 1."""
    low, high = bounds
    return min(max((units / tokens - low) / (high - low), 0.0), 1.0) if tokens else 0.0


def _is_counted(query: str, words: Sequence[tuple[int, int]], piece: Piece) -> bool:
    """Whether a token belongs to a word with a letter; a plain number says nothing about what the model reads."""
    # A mark of a space of its own is placed over the first letter of the next token.
    if piece.is_special or piece.token == _SPACE:
        return False
    text = _text(query, piece)
    # A token may begin with the space before its word.
    start = piece.start + len(text) - len(text.lstrip())
    return is_unspaced(text.lstrip()) or any(first <= start < last for first, last in words)


def _text(query: str, piece: Piece) -> str:
    return query[piece.start : piece.end]


def _reason(counts: _Counts, n_unknown: int, readable: float) -> str:
    if n_unknown:
        n_tokens = counts.tokens_of_words + counts.tokens_of_letters
        return (
            f"{n_unknown} of the question's {n_tokens} tokens {'is' if n_unknown == 1 else 'are'} unknown to the "
            "embedding model, so its similarity counts less and the words count more."
        )
    if readable > 0.95:
        return f"The embedding model has a token of its own for most words of the question ({counts})."
    if readable > 0.05:
        return (
            f"The embedding model splits some of the question's words into parts ({counts}), so its similarity counts "
            "less and the words count more."
        )
    return (
        f"The embedding model splits the question nearly into letters ({counts}), so its similarity says little and "
        "only words count."
    )
