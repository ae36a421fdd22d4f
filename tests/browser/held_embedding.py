"""Embedding that waits for a test, so that its job is seen at work however fast the machine is."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embedding.text_embedder import TextEmbedder

if TYPE_CHECKING:
    from rag.types import FloatArray

WORD = "zephyrometer"
"""Passages with this word wait."""
VARIABLE = "TEST_HOLD"
"""Names the environment variable with the path of a file: while that file exists, passages are held."""


class Hold:
    """Holds passages with `WORD` in an app that was begun with the environment of this test, until `release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def release(self) -> None:
        """Let all passages go on."""
        self._path.unlink(missing_ok=True)


def install_hold() -> None:
    """Make the embedding models of this process wait as `VARIABLE` says."""
    embed = TextEmbedder.encode_documents

    def wait_and_embed(self: TextEmbedder, texts: Sequence[str]) -> FloatArray:
        if any(WORD in text for text in texts):
            _wait()
        return embed(self, texts)

    TextEmbedder.encode_documents = wait_and_embed  # type: ignore[method-assign]


def _wait() -> None:
    while (path := os.environ.get(VARIABLE)) and Path(path).exists():
        time.sleep(0.02)
