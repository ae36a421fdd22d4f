"""Embedders for Ray workers that a test stops or kills: each notes in a folder that it has met a certain text."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.fakes import DigestEmbedder
from tests.support.on_ray.waiting import wait_until

if TYPE_CHECKING:
    from rag.types import FloatArray

GATE = "Here the worker waits."
POISON = "Here the worker ends."
OPENED = "opened"


class GatedEmbedder(DigestEmbedder):
    """Meets GATE: writes its process's number, and waits until the gate is opened."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        if any(GATE in text for text in texts):
            (self.folder / str(os.getpid())).touch()
            wait_until((self.folder / OPENED).exists)
        return super().encode_documents(texts)


class PoisonedEmbedder(DigestEmbedder):
    """Meets POISON: its process is killed."""

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        if any(POISON in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_documents(texts)
