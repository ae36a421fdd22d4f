"""Weights of hybrid search: how much the similarity counts for a question, and how much its words; and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]

from rag.text.search_terms import is_unspaced
from rag.text.tokens import Piece, SubwordTokenizer
from rag.types import Embedder

MOST_DENSE = 0.6
"""The weight of the similarity for a question that the embedding model reads well."""
_PIECES_OF_UNREAD = 0.5
_PIECES_OF_READ = 0.2
"""The share of the words' weight that goes to pieces of words, for a question that is read badly, and well."""
_SPACED = (1.5, 3.8)
_UNSPACED = (1.1, 1.6)
"""Letters a token below which a script counts as not read, and above which as read well; without spaces, words are
shorter."""
_LETTER = regex.compile(r"[\p{L}\p{M}]")
_SPACE = "\u2581"
_UNKNOWN = frozenset({"[UNK]", "<unk>", "<UNK>"})


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each search counts; together 1. `reason` says why, as a sentence."""

    dense: float
    words: float
    pieces: float
    reason: str


def weights_for(query: str, embedder: Embedder) -> Weights:
    """The weights for a question: the better the embedding model reads it, the more its similarity counts.

    A model that knows a word has one token for it; a word of a script or language that it was not trained on falls
    into single letters, or into the token for what is unknown. Let r be 0 up to 1.5 letters a token, 1 from 3.8, and
    between them in proportion; times the share of tokens that are not unknown. The similarity's weight is then 0.6 r,
    and pieces of words get 0.5 - 0.3 r of the rest. In scripts without spaces between words, the bounds are 1.1 and
    1.6. Chosen on nine test collections (docs/retrieval.md).
    """
    tokenizer = embedder.tokenizer
    if not isinstance(tokenizer, SubwordTokenizer):
        return _weights(1.0, "The tokens of this embedding model are not known, so the usual weights are used.")
    tokens = [piece for piece in tokenizer.pieces(query) if _has_letter(query, piece)]
    if not tokens:
        return _weights(0.0, "The question has no letters, of which an embedding model knows the meaning.")
    n_unknown = sum(piece.token in _UNKNOWN for piece in tokens)
    readable = _readability(query, tokens) * (1 - n_unknown / len(tokens))
    return _weights(readable, _reason(len(_LETTER.findall(query)) / len(tokens), n_unknown, len(tokens), readable))


def only_words(reason: str = "Search by words was chosen.") -> Weights:
    """The weights of a search by words alone."""
    return Weights(0.0, 1.0, 0.0, reason)


def _weights(readable: float, reason: str) -> Weights:
    dense = MOST_DENSE * readable
    of_pieces = _PIECES_OF_UNREAD + (_PIECES_OF_READ - _PIECES_OF_UNREAD) * readable
    return Weights(dense, (1 - dense) * (1 - of_pieces), (1 - dense) * of_pieces, reason)


def _readability(query: str, tokens: Sequence[Piece]) -> float:
    """How well tokens with letters cover them, from 0 to 1: the mean over both kinds of script, by tokens."""
    total = 0.0
    for unspaced, (low, high) in ((False, _SPACED), (True, _UNSPACED)):
        of_kind = [token for token in tokens if is_unspaced(_text(query, token)) == unspaced]
        if of_kind:
            n_letters = sum(is_unspaced(letter) == unspaced for letter in _LETTER.findall(query))
            total += len(of_kind) * min(max((n_letters / len(of_kind) - low) / (high - low), 0.0), 1.0)
    return total / len(tokens)


def _has_letter(query: str, piece: Piece) -> bool:
    # A mark of a space of its own is placed over the first letter of the next token.
    return not piece.is_special and piece.token != _SPACE and bool(_LETTER.search(_text(query, piece)))


def _text(query: str, piece: Piece) -> str:
    return query[piece.start : piece.end]


def _reason(letters_a_token: float, n_unknown: int, n_tokens: int, readable: float) -> str:
    if n_unknown:
        return (
            f"{n_unknown} of the question's {n_tokens} tokens are unknown to the embedding model, so its similarity "
            "counts less and the words count more."
        )
    average = f"{letters_a_token:.1f} letters a token"
    if readable > 0.95:
        return f"The embedding model reads the question in whole words or long parts of them ({average})."
    if readable > 0.05:
        return (
            f"The embedding model reads the question in short parts of words ({average}), so its similarity counts "
            "less and the words count more."
        )
    return (
        f"The embedding model reads the question almost letter by letter ({average}), so its similarity says little "
        "and only words count."
    )
