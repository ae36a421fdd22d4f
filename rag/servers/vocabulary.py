"""How many tokens a text has in a model's own vocabulary, where the server tells it: byte pair encoding by rank."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal

Spelling = Literal["llama", "gpt2"]
"""How a GGUF file spells tokens (`tokenizer.ggml.model`): in characters, with U+2581 for a space (SentencePiece), or
each byte as a character. Other kinds are not merged by rank."""

_LONGEST_PIECE = 48
_REMEMBERED_PIECES = 50_000
_NO_RANK = 1 << 30
_PIECES = {
    # No token crosses from one word to the next. "<b>" may be a token of its own, whatever its letters.
    "llama": re.compile(r"</?\w{1,20}>| *[^\s<]+| *<|\n+|\s"),
    # How GPT-2 divides a text before it looks into the vocabulary, and how those after GPT-4 do.
    "gpt2": re.compile(r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d{1,3}| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"),
    "gpt4": re.compile(
        r"'(?:[sdmt]|ll|ve|re)|(?:[^\r\n\w]|_)?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
_LIKE_GPT2 = frozenset(
    {"gpt-2", "smollm", "starcoder", "refact", "command-r", "codeshell", "phi-2", "mpt", "olmo", "jais", "exaone"}
)


class Vocabulary:
    """A vocabulary in which a token's place is its rank: of two neighbors that could merge, the lower is merged first.

    Algorithm: Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016).

    Args:
        tokens: as a GGUF file spells and orders them.
        division: how the model divides a text before it merges, in GGUF's words (`tokenizer.ggml.pre`).
    """

    def __init__(self, tokens: Sequence[str], spelling: Spelling, division: str = "") -> None:
        # The reverse order lets the first of two that are spelled alike win.
        places = range(len(tokens) - 1, -1, -1)
        self._ranks = {(tokens[i].replace("\u2581", " ") if spelling == "llama" else tokens[i]): i for i in places}
        self._is_in_bytes = spelling == "gpt2"
        self._pieces = _PIECES["llama" if spelling == "llama" else "gpt2" if division in _LIKE_GPT2 else "gpt4"]
        self._count_piece = lru_cache(_REMEMBERED_PIECES)(self._merged)

    def __len__(self) -> int:
        """How many tokens it has."""
        return len(self._ranks)

    def count(self, text: str) -> int:
        """Tokens of the text. Exact but for the oddities of a model's own pattern, which seldom make it too low."""
        return sum(self._count_piece(match.group()) for match in self._pieces.finditer(text))

    def _merged(self, piece: str) -> int:
        """Tokens of a piece; a very long one is cut, for the work grows with the square of its length."""
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
    """What the text takes where the model spells it in bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def _in_byte_characters(text: str) -> str:
    table = _byte_characters()
    return "".join(table[byte] for byte in text.encode("utf-8", "surrogatepass"))


@cache
def _byte_characters() -> tuple[str, ...]:
    """The character for each byte in GPT-2's vocabulary: itself where it can be seen, else one from U+0100 on."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte) if byte in visible else chr(next(others)) for byte in range(256))
