"""Tokenizers of embedding models: token counts and token spans of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from rag.types import IntArray, TextTokenizer

_BLOCK = 4000
_LONGEST_WORD = 1_000_000
_BATCH = 512
_SPACES = re.compile(r"[ \t\r\n]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LETTERS_OR_CHARACTER = re.compile(r"[A-Za-z\u00c0-\u024f]{1,3}|\S")
_EAST_ASIAN, _BEYOND_FIRST_PLANE = 0x2E80, 0x10000
"""From here on a character may be two tokens, or three: vocabularies of bytes have few such characters."""


def without_surrogates(text: str) -> str:
    """The text with U+FFFD in place of lone surrogates, which libraries in Rust refuse; the length stays the same."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a text: its id and spelling in the vocabulary, and its characters [start, end) of the text.

    `is_special` marks tokens that the tokenizer adds ("[CLS]").
    """

    token_id: int
    token: str
    start: int
    end: int
    is_special: bool


class SubwordTokenizer:
    """A tokenizer of the `tokenizers` library without truncation, padding or special tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._adds_up = _splits_at_spaces(tokenizer)

    @classmethod
    def from_json(cls, serialized: str) -> SubwordTokenizer:
        """Load the text of a `tokenizer.json`; truncation and padding that it sets are switched off."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(serialized)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(tokenizer)

    @classmethod
    def from_gguf_vocabulary(cls, vocabulary: Sequence[str]) -> SubwordTokenizer:
        """BERT's tokenizer from a GGUF file, which marks the beginning of a word instead of its continuation."""
        from tokenizers import BertWordPieceTokenizer

        spelled = {}
        for identity, token in enumerate(vocabulary):
            if token.startswith("\u2581"):
                token = token[1:]
            elif not (token.startswith("[") and token.endswith("]")):
                token = "##" + token
            spelled[token] = identity
        return cls.from_json(BertWordPieceTokenizer(spelled).to_str())

    @property
    def adds_up(self) -> bool:
        """Whether the parts of a text cut at spaces have, together, as many tokens as the whole text."""
        return self._adds_up

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text."""
        counts: list[int] = []
        for first in range(0, len(texts), _BATCH):
            batch = [without_surrogates(text) for text in texts[first : first + _BATCH]]
            counts += map(len, self._tokenizer.encode_batch_fast(batch, add_special_tokens=False))
        return counts

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """All tokens of a text with the special tokens around it, in order."""
        one = self._tokenizer.encode(without_surrogates(text))
        ids, marks = one.ids, one.special_tokens_mask
        places = zip(ids, one.tokens, one.offsets, marks, strict=True)
        return tuple(Piece(token_id, token, start, end, bool(mark)) for token_id, token, (start, end), mark in places)

    def spell(self, token_id: int) -> str:
        """The token with this id as the vocabulary spells it; empty for an id that has no token."""
        return self._tokenizer.id_to_token(token_id) or ""

    def spans(self, text: str) -> IntArray:
        """Characters [start, end) of each token, int64 (n, 2), in the order of the text.

        A long text is encoded in blocks that are cut before spaces, which uses all cores and little memory.
        """
        import numpy as np

        text = without_surrogates(text)
        blocks = list(_blocks(text))
        parts = [np.empty((0, 2), dtype=np.int64)]
        for first in range(0, len(blocks), _BATCH):
            batch = blocks[first : first + _BATCH]
            encodings = self._tokenizer.encode_batch([text[a:b] for a, b in batch], add_special_tokens=False)
            for (start, _), encoding in zip(batch, encodings, strict=True):
                parts.append(np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2) + start)
        return np.concatenate(parts)


class ByteTokenizer:
    """Counts UTF-8 bytes, an upper bound: a text within a limit by this count is within it for every tokenizer."""

    @property
    def adds_up(self) -> bool:
        """False: the spaces between two parts belong to neither part."""
        return False

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of UTF-8 bytes of each text."""
        return [len(text.encode("utf-8", "surrogatepass")) for text in texts]

    def spans(self, text: str) -> IntArray:
        """The character of each byte, int64 (n, 2), in the order of the text."""
        import numpy as np

        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        lengths = 1 + (codes > 0x7F).astype(np.int64) + (codes > 0x7FF) + (codes > 0xFFFF)
        starts = np.repeat(np.arange(len(codes), dtype=np.int64), lengths)
        return np.column_stack((starts, starts + 1))


class EstimatingTokenizer:
    """Estimates tokens for an unknown vocabulary: a token for every three Latin letters, and for other characters.

    The estimate is usually too high: for English by half. It can be too low for letters without sense.
    """

    @property
    def adds_up(self) -> bool:
        """True: no token has a space in it."""
        return True

    def count(self, texts: Sequence[str]) -> list[int]:
        """Estimated number of tokens of each text."""
        return [sum(_n_tokens(match) for match in _LETTERS_OR_CHARACTER.finditer(text)) for text in texts]

    def spans(self, text: str) -> IntArray:
        """The characters of each estimated token, int64 (n, 2), in the order of the text."""
        import numpy as np

        spans = [match.span() for match in _LETTERS_OR_CHARACTER.finditer(text) for _ in range(_n_tokens(match))]
        return np.array(spans, dtype=np.int64).reshape(-1, 2)


def _n_tokens(match: re.Match[str]) -> int:
    first = ord(match[0][0])
    return 1 + (first >= _EAST_ASIAN) + (first >= _BEYOND_FIRST_PLANE)


def count_note(tokenizer: TextTokenizer) -> str:
    """What a person should know of this tokenizer's counts, as a sentence; empty if they are the model's."""
    unknown = "The model's tokenizer is not known here, so its tokens are"
    match tokenizer:
        case EstimatingTokenizer():
            return f"{unknown} estimated: usually too many, so chunks are somewhat smaller than the size that is set."
        case ByteTokenizer():
            return f"{unknown} counted as bytes, which are always more: chunks are smaller than the size that is set."
    return ""


def _splits_at_spaces(tokenizer: Tokenizer) -> bool:
    """Whether it is BERT's tokenizer, which encodes each word independently of its neighbors."""
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    is_bert = isinstance(tokenizer.normalizer, BertNormalizer)
    added = tokenizer.get_added_tokens_decoder().values()
    return is_bert and isinstance(tokenizer.pre_tokenizer, BertPreTokenizer) and not any(" " in str(t) for t in added)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Spans of about 4,000 characters that end before a space; only a word of about a million characters is cut."""
    start = 0
    while start < len(text):
        space = _SPACES.search(text, start + _BLOCK, start + _LONGEST_WORD)
        end = space.start() if space else min(start + _LONGEST_WORD, len(text))
        yield start, end
        start = end
