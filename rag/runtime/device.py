"""The device of embedding models: a GPU if there is one, else the processor."""

from __future__ import annotations

from typing import Literal

from rag import config
from rag.errors import ExplorerError

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


def _is_usable(device: Literal["cuda", "mps"]) -> bool:
    import torch

    return torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()


def free_memory(device: Device) -> int | None:
    """Bytes that are free on the device; None for the processor, whose memory is not this function's concern."""
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    if device == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return None
