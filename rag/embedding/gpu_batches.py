"""Batches for a GPU: as large as its free memory allows, and halved where that was too much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from rag.embedding.batching import batches_by_length
from rag.runtime.device import free_bytes

_LEAST_TOKENS = 2_048
_MOST_TOKENS = 65_536
_NUMBERS_A_TOKEN = 40
"""Numbers in memory for each token and dimension while a layer is computed: inputs, queries, keys, values, attention
and the feed-forward part, which is four times as wide. An upper estimate, because batches that fail are halved."""
_BYTES_A_NUMBER = 4


def tokens_a_gpu_batch(free: int, width: int) -> int:
    """Tokens in a batch that should take at most half of the free memory, in bytes; between 2,048 and 65,536.

    Args:
        width: the dimension of the model's token vectors.
    """
    a_token = _NUMBERS_A_TOKEN * _BYTES_A_NUMBER * max(1, width)
    return min(_MOST_TOKENS, max(_LEAST_TOKENS, free // 2 // a_token))


def encode_on_gpu(
    encode: Callable[[list[int]], None], lengths: Sequence[int], device: Literal["cuda", "mps"], width: int
) -> None:
    """Encode texts with these numbers of tokens, one batch after the other; `width` as in `tokens_a_gpu_batch`."""
    for batch in batches_by_length(lengths, tokens_a_gpu_batch(free_bytes(device), width)):
        encode_or_halve(encode, batch)


def encode_or_halve(encode: Callable[[list[int]], None], batch: list[int]) -> None:
    """Encode a batch; if the GPU has too little memory for it, one half after the other.

    Raises:
        torch.OutOfMemoryError: the memory is too little for a single text.
    """
    import torch

    try:
        encode(batch)
        return
    except torch.OutOfMemoryError:
        if len(batch) == 1:
            raise
    # After the `except`, so that nothing of the failed batch is kept in memory.
    for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
        encode_or_halve(encode, half)
