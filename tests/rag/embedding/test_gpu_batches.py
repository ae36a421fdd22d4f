"""Batches on a GPU: their size by its memory, and halves where the memory was too little."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rag.embedding import embedder as embedder_module
from rag.embedding import gpu_batches
from rag.embedding.gpu_batches import encode_or_halve, tokens_a_gpu_batch


def test_more_memory_makes_larger_batches_within_limits():
    gigabytes = [tokens_a_gpu_batch(n * 10**9, 384) for n in (0, 1, 2, 8, 1000)]
    assert gigabytes == sorted(gigabytes)
    assert (gigabytes[0], gigabytes[-1]) == (2_048, 65_536)
    assert tokens_a_gpu_batch(4 * 10**9, 1024) < tokens_a_gpu_batch(4 * 10**9, 384)


def test_a_batch_that_is_too_large_is_encoded_in_halves():
    done: list[list[int]] = []

    def encode(batch: list[int]) -> None:
        if len(batch) > 3:
            raise torch.OutOfMemoryError("no room")
        done.append(batch)

    encode_or_halve(encode, list(range(10)))
    assert [i for batch in done for i in batch] == list(range(10))
    with pytest.raises(torch.OutOfMemoryError):
        encode_or_halve(lambda batch: encode([0, 1, 2, 3]), [0])


def test_vectors_are_the_same_in_batches_for_a_gpu(embedder, monkeypatch):
    texts = [f"An otter of {n} years " * (1 + n % 5) for n in range(40)]
    expected = embedder.encode_documents(texts)
    used = []

    def on_gpu(encode, lengths) -> None:
        used.append(len(lengths))
        gpu_batches.encode_on_gpu(encode, lengths, "cuda", embedder.spec.dimension)

    # Takes the way of a GPU without free memory; the model itself stays on the processor.
    monkeypatch.setattr(gpu_batches, "free_bytes", lambda device: 0)
    monkeypatch.setattr(embedder_module, "_on_processor", on_gpu)
    vectors = embedder.encode_documents(texts)
    assert used == [40]
    np.testing.assert_allclose((vectors * expected).sum(axis=1), 1, atol=2e-2)
