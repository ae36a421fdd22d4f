"""The device of embedding models: a GPU if there is one, else the processor."""

from __future__ import annotations

import sys
from typing import Literal

from rag import config
from rag.errors import ExplorerError
from rag.runtime.cpu import Precision, chosen_precision

Device = Literal["cpu", "cuda", "mps"]
"""A device by torch's name: the processor, an NVIDIA or AMD GPU, or the GPU of a Mac."""


def chosen_device() -> Device:
    """The device for embedding models: EXPLORER_DEVICE, or for "auto" a GPU if torch can use one.

    Raises:
        ExplorerError: the setting is not a known device, or torch cannot use that device here.
    """
    setting = config.device()
    if setting == "cpu":
        return "cpu"
    if setting == "auto":
        return "cuda" if _is_usable("cuda") else "mps" if _is_usable("mps") else "cpu"
    if not _is_usable(setting):
        raise ExplorerError(
            f"EXPLORER_DEVICE is '{setting}', but PyTorch finds no such device here. Set it to auto or cpu, or install "
            "the build of PyTorch for this GPU and its driver."
        )
    return setting


def known_device() -> Device | None:
    """The device if it is known without loading torch, which takes seconds; else None, until a model was loaded.

    Raises:
        ExplorerError: as `chosen_device`.
    """
    return chosen_device() if config.device() == "cpu" or "torch" in sys.modules else None


def precision_on(device: Device) -> Precision:
    """The number format for embedding models on this device: EXPLORER_PRECISION, or for "auto" the faster one.

    Raises:
        ExplorerError: the setting is not a known precision.
    """
    setting = config.precision()
    if setting != "auto" or device == "cpu":
        return chosen_precision()
    import torch

    return "bfloat16" if device == "cuda" and torch.cuda.is_bf16_supported() else "float32"


def _is_usable(device: Literal["cuda", "mps"]) -> bool:
    import torch

    return torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()


def free_bytes(device: Literal["cuda", "mps"]) -> int:
    """Memory that is free on a GPU."""
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return max(0, int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()))
