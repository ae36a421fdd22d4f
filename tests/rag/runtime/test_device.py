"""The device of embedding models: the GPU that torch finds, or what EXPLORER_DEVICE says, or a clear error."""

from __future__ import annotations

import pytest
import torch

from rag.embedding.embedder import load_embedder
from rag.errors import ExplorerError
from rag.runtime import cpu, device
from rag.runtime.device import chosen_device, known_device, precision_on


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch):
    """Sets which devices torch says are there."""
    monkeypatch.delenv("EXPLORER_DEVICE", raising=False)
    monkeypatch.delenv("EXPLORER_PRECISION", raising=False)

    def there(*, cuda: bool = False, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return there


def test_a_gpu_is_used_where_there_is_one(gpus, monkeypatch: pytest.MonkeyPatch):
    gpus()
    assert chosen_device() == "cpu"
    gpus(mps=True)
    assert chosen_device() == "mps"
    gpus(cuda=True, mps=True)
    assert chosen_device() == "cuda"
    monkeypatch.setenv("EXPLORER_DEVICE", " CPU ")
    assert chosen_device() == "cpu"
    monkeypatch.setenv("EXPLORER_DEVICE", "mps")
    assert chosen_device() == "mps"


def test_a_device_that_is_not_there_is_an_error_before_any_model_is_loaded(gpus, monkeypatch: pytest.MonkeyPatch):
    gpus()
    monkeypatch.setenv("EXPLORER_DEVICE", "cuda")
    with pytest.raises(ExplorerError, match="EXPLORER_DEVICE is 'cuda', but PyTorch finds no such device here"):
        load_embedder("all-MiniLM-L6-v2")


def test_an_unknown_device_is_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPLORER_DEVICE", "gpu")
    with pytest.raises(ExplorerError, match=r"EXPLORER_DEVICE is 'gpu'\. Set it to auto, cpu, cuda or mps"):
        load_embedder("all-MiniLM-L6-v2")


def test_the_number_format_follows_the_device(gpus, monkeypatch: pytest.MonkeyPatch):
    gpus(cuda=True, mps=True)
    monkeypatch.setattr(cpu, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert [precision_on(one) for one in ("cpu", "cuda", "mps")] == ["bfloat16", "float32", "float32"]
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert precision_on("cuda") == "bfloat16"
    monkeypatch.setenv("EXPLORER_PRECISION", "float32")
    assert {precision_on(one) for one in ("cpu", "cuda", "mps")} == {"float32"}


def test_the_device_is_not_known_until_torch_is_loaded(gpus, monkeypatch: pytest.MonkeyPatch):
    gpus(cuda=True)
    assert known_device() == "cuda"
    monkeypatch.setattr(device, "sys", type("sys", (), {"modules": {}}))
    assert known_device() is None
    monkeypatch.setenv("EXPLORER_DEVICE", "cpu")
    assert known_device() == "cpu"
