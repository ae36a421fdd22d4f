"""A chunk, a collection of several documents, and models that write what a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from rag.generation.types import Prompt
from rag.servers.types import Piece, Usage
from rag.store.collection import Collection
from rag.types import Chunk, ChunkingSpec
from tests.support.collections import plain_document, put
from tests.support.fakes import ScriptedGenerator, WordEmbedder

LEAVE = Chunk("d1", 10, 75, "Full-time staff have 29 days of paid leave in each calendar year.", 16, heading="Leave")
TOPICS = ("owls", "bread", "bridges", "violins", "clouds", "stamps", "tulips", "glass", "tides", "maps")


class TalkingGenerator(ScriptedGenerator):
    """A model that writes the next of these texts for each prompt, or raises the error in its place."""

    def __init__(self, *answers: str | Exception) -> None:
        super().__init__()
        self._answers = iter(answers)

    def stream(self, prompt: Prompt, stop: threading.Event | None = None) -> Iterator[Piece]:
        self.prompts.append(prompt)
        if stop is not None and stop.is_set():
            yield Usage(None, None, "stopped")
            return
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        yield answer
        yield Usage(None, None, "finished")


def prose(topic: str, number: int) -> str:
    """A text of one chunk whose words differ between topics and numbers."""
    letter = "abcdefghijklmnopqrst"[number]
    words = " ".join(f"{topic}{part}{letter}" for part in "qwertyui")
    return f"The {topic} of kind {letter} are known for {words} and some more things that people say about them."


def collection_of(folder: Path, *sizes: int) -> Collection:
    """Documents "0.txt", "1.txt"... with so many chunks each, every chunk on another matter."""
    model = WordEmbedder(64)
    collection = Collection.create(folder, "Several", model.spec, ChunkingSpec(max_tokens=230))
    for place, size in enumerate(sizes):
        text = "\n\n".join(prose(TOPICS[place], number) for number in range(size))
        put(collection, model, plain_document(f"{place}.txt", text))
    return collection
