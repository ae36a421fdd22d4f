"""Token counts by the vocabulary that the server reports for a model: byte pair encoding by rank."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal

Spelling = Literal["llama", "gpt2"]
"""How a GGUF file spells tokens (`tokenizer.ggml.model`): in characters, with U+2581 for a space (SentencePiece), or
each byte as a character (GPT-2). Other kinds do not merge by rank."""

_LONGEST_PIECE = 48
_REMEMBERED_PIECES = 50_000
_NO_RANK = 1 << 30
_PIECES = {
    # No token spans two words. A tag such as "<b>" may be a single token.
    "llama": re.compile(r"</?\w{1,20}>| *[^\s<]+| *<|\n+|\s"),
    # How GPT-2 splits a text before merging, and how models after GPT-4 do.
    "gpt2": re.compile(r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d{1,3}| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"),
    "gpt4": re.compile(
        r"'(?:[sdmt]|ll|ve|re)|(?:[^\r\n\w]|_)?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
_LIKE_GPT2 = frozenset(
    {"gpt-2", "smollm", "starcoder", "refact", "command-r", "codeshell", "phi-2", "mpt", "olmo", "jais", "exaone"}
)


class Vocabulary:
    """A vocabulary ordered by merge rank: of two possible merges, the one with the lower rank comes first.

    Algorithm: Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016).

    Args:
        tokens: in the spelling and order of a GGUF file.
        division: how the model splits a text before merging, by its GGUF name (`tokenizer.ggml.pre`).
    """

    def __init__(self, tokens: Sequence[str], spelling: Spelling, division: str = "") -> None:
        # Reversed, so that the first of two tokens with the same spelling wins.
        places = range(len(tokens) - 1, -1, -1)
        self._ranks = {(tokens[i].replace("\u2581", " ") if spelling == "llama" else tokens[i]): i for i in places}
        self._is_in_bytes = spelling == "gpt2"
        self._pieces = _PIECES["llama" if spelling == "llama" else "gpt2" if division in _LIKE_GPT2 else "gpt4"]
        self._count_piece = lru_cache(_REMEMBERED_PIECES)(self._merged)

    def __len__(self) -> int:
        """Number of tokens in the vocabulary."""
        return len(self._ranks)

    def count(self, text: str) -> int:
        """Number of tokens of the text. Exact, except for special cases of a model's pattern; it is seldom too low."""
        return sum(self._count_piece(match.group()) for match in self._pieces.finditer(text))

    def _merged(self, piece: str) -> int:
        """Number of tokens of a piece; a very long piece is cut, because the work grows with its length squared."""
        spelled = _in_byte_characters(piece) if self._is_in_bytes else piece
        if spelled in self._ranks:
            return 1
        cuts = range(0, len(spelled), _LONGEST_PIECE)
        return sum(self._merged_symbols(list(spelled[cut : cut + _LONGEST_PIECE])) for cut in cuts)

    def _merged_symbols(self, symbols: list[str]) -> int:
        while len(symbols) > 1:
            ranks = [self._ranks.get(a + b, _NO_RANK) for a, b in pairwise(symbols)]
            lowest = min(ranks)
            if lowest == _NO_RANK:
                break
            at = ranks.index(lowest)
            symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
        return sum(1 if symbol in self._ranks else _n_bytes(symbol) for symbol in symbols)


def _n_bytes(text: str) -> int:
    """Number of tokens if the model spells the text in bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def _in_byte_characters(text: str) -> str:
    table = _byte_characters()
    return "".join(table[byte] for byte in text.encode("utf-8", "surrogatepass"))


@cache
def _byte_characters() -> tuple[str, ...]:
    """The character for each byte in GPT-2's vocabulary: itself if printable, else one from U+0100 on."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte) if byte in visible else chr(next(others)) for byte in range(256))
