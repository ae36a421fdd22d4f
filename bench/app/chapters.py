"""Seconds until each chapter of "How embeddings work" is drawn for a chunk of 512 tokens, with both models.

python -m bench.app.chapters     some minutes; medians of several chunks, which the page has not drawn before

The limit is 2 seconds. The server and the models have been used before, as in a session in which one steps through the
chapters. Token map and training are drawn first, and then go on in the background.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median

from pages.shared.how_it_works.chapters import CHAPTERS
from rag import config
from rag.documents.loading import load_document
from rag.documents.sources import SourceFile, find_files
from rag.embedding.embedder import load_embedder
from rag.ingest.pipeline import ingest
from rag.runtime.model_wheels import E5_SMALL, MINILM
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Embedder
from tests.browser.app_server import App, app_process
from tests.conftest import ReadHere
from tests.support.page_client import exceptions, page_client

_TOKENS = 512
_LIMIT_SECONDS = 2.0
_CHUNKS = 4
"""Chunks of a chapter; the first one is drawn before time is taken."""


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        collections = {
            model: _collection(folder, load_embedder(model)) for model in (MINILM.model_id, E5_SMALL.model_id)
        }
        environment = {**os.environ, "EXPLORER_DATA_DIR": str(folder), "OLLAMA_HOST": "127.0.0.1:9"}
        with app_process(environment) as app:
            for model, collection in collections.items():
                ids = _long_chunks(collection)
                for number, chapter in enumerate(CHAPTERS, start=1):
                    _, *seconds = [_open(app, collection, number, chunk_id) for chunk_id in ids]
                    taken = median(seconds)
                    verdict = "" if taken <= _LIMIT_SECONDS else f" MORE THAN {_LIMIT_SECONDS:g} S"
                    print(f"{model}, {number} {chapter.name}: {taken:.2f} s{verdict}", flush=True)


def _collection(folder: Path, embedder: Embedder) -> Collection:
    """Short texts, and one long text in chunks of 512 tokens; MiniLM reads at most 256 of them."""
    spec = ChunkingSpec(max_tokens=min(_TOKENS, embedder.window))
    collection = Collection.create(folder, embedder.spec.model_id.rpartition("/")[2], embedder.spec, spec)
    handbook = [load_document(file.name, file.read()).text for file in find_files([config.SAMPLES / "handbook"])]
    long = SourceFile("long.txt", "long.txt", " ".join(" ".join(handbook).split()).encode)
    (folder / ".sample-made").touch()
    outcomes = list(ingest(collection, [*find_files([config.SAMPLES / "topics.csv"]), long], embedder, ReadHere()))
    if {one.outcome for one in outcomes} != {"added"}:
        raise SystemExit(f"The documents could not be added: {outcomes}")
    return collection


def _long_chunks(collection: Collection) -> list[int]:
    """Ids of the first chunks that are as long as the model can read."""
    longest = max(chunk.n_tokens for chunk in collection.chunks())
    found = [chunk.chunk_id for chunk in collection.chunks() if chunk.n_tokens > 0.9 * longest][:_CHUNKS]
    print(f"{collection.spec.name}: chunks of up to {longest} tokens")
    return found


def _open(app: App, collection: Collection, chapter: int, chunk_id: int) -> float:
    """Open the chapter in a new session; returns the seconds."""
    with page_client(app.address) as client:
        started = time.perf_counter()
        query = f"collection={collection.spec.name}&chunk={chunk_id}&chapter={chapter}"
        if shown := exceptions(client.open("how_it_works", query)):
            raise SystemExit(f"Chapter {chapter} shows an exception: {shown[0]}")
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
