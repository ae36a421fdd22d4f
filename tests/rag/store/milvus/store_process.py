"""A process that adds documents to the collection "c" until it is killed; its argument is the first edition.

Each has the same chunks whoever makes it, so that a document can be compared. It writes "ready" when it begins.
"""

from __future__ import annotations

import random
import sys
from itertools import count

import numpy as np

from rag import config
from rag.store.collection import Collection
from rag.types import Chunk, ChunkingSpec, Document, EmbeddingSpec

SPEC = EmbeddingSpec("test/synthetic", "1", 16)
CHUNKING = ChunkingSpec()


def store(collection: Collection, number: int, edition: int) -> None:
    """Store the document with this number, in this edition."""
    chosen = random.Random(1000 * number + edition)
    lines = [f"edition{edition} of document{number} line{i}" for i in range(chosen.randrange(1, 300))]
    chunks, position = [], 0
    for line in lines:
        chunks.append(Chunk(f"d{number}", position, position + len(line), line, 3))
        position += len(line) + 1
    vectors = np.random.default_rng((number, edition)).normal(size=(len(lines), 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    document = Document(f"d{number}", f"{number}.txt", "text/plain", "\n".join(lines), f"s{edition}")
    collection.put_document(document, chunks, vectors.astype(np.float32), SPEC)


def main() -> None:
    collection = Collection.open(config.data_dir(), "c")
    print("ready", flush=True)
    for edition in count(int(sys.argv[1])):
        for number in range(8):
            store(collection, number, edition)


if __name__ == "__main__":
    main()
