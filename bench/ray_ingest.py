"""Time of an ingest of 300 mixed files in this process against Ray with one and two workers, in pairs.

python -m bench.ray_ingest               two rounds; each round does the three in turn
python -m bench.ray_ingest --files 100   a quick look

Each ingest has an empty cache of embeddings. The time of a Ray ingest includes the start and the end of Ray; until the
first outcome, Ray starts and each worker loads the model. The collections must have the same chunks.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.ingest import load_with_empty_cache, new_collection
from bench.long_ingest import write_mixed
from rag import config
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import SourceFile, find_files
from rag.embedding.cached import load_cached_embedder
from rag.ingest.on_ray.dataset import ingest_on_ray
from rag.ingest.on_ray.session import ray_session
from rag.ingest.outcomes import FileOutcome
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection

_ROUNDS = 2
_WORKERS = (1, 2)


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds in all, and until the first outcome; the chunks as document, start and text."""

    in_all: float
    first: float
    texts: frozenset[tuple[str, int, str]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ray_ingest", description=__doc__)
    parser.add_argument("--files", type=int, default=300, help="only the first so many (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="default: %(default)s")
    options = parser.parse_args()
    print(f"{config.cpu_threads()} threads, load before the start {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        files = find_files([write_mixed(Path(name) / "mixed")])[: options.files]
        rounds = [_round(Path(name), files, number) for number in range(options.rounds)]
    for place, n_workers in enumerate(_WORKERS, 1):
        in_all = statistics.median(one[0].in_all / one[place].in_all for one in rounds)
        later = statistics.median(
            (one[0].in_all - one[0].first) / (one[place].in_all - one[place].first) for one in rounds
        )
        print(f"Ray, {n_workers} workers: {in_all:.2f} times the speed of here; after the first outcome {later:.2f}")


def _round(folder: Path, files: Sequence[SourceFile], number: int) -> list[Timed]:
    """The three ways in turn, each of them after the other so that a change of the load meets all."""
    timed = [_here(folder / f"{number}-here", files)]
    timed += [_on_ray(folder / f"{number}-ray-{n}", files, n) for n in _WORKERS]
    assert all(one.texts == timed[0].texts for one in timed), "the collections differ"
    shown = "; ".join(f"{one.in_all:.1f} s (the first outcome after {one.first:.1f})" for one in timed)
    print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}: here, 1 worker, 2 workers: {shown}", flush=True)
    return timed


def _here(folder: Path, files: Sequence[SourceFile]) -> Timed:
    embedder = load_with_empty_cache(folder / "cache")
    collection = new_collection(folder, "c", embedder, config.DEFAULT_CHUNKING)
    started = time.perf_counter()
    with DocumentReader() as reader:
        first, outcomes = _timed(started, ingest(collection, files, embedder, reader))
    return Timed(time.perf_counter() - started, first, _texts(folder, collection, outcomes))


def _on_ray(folder: Path, files: Sequence[SourceFile], n_workers: int) -> Timed:
    embedder = load_with_empty_cache(folder / "cache")
    collection = new_collection(folder, "c", embedder, config.DEFAULT_CHUNKING)
    load = partial(load_cached_embedder, embedder.spec.model_id)
    started = time.perf_counter()
    with ray_session(n_workers):
        first, outcomes = _timed(started, ingest_on_ray(collection, files, embedder, load, n_workers))
    return Timed(time.perf_counter() - started, first, _texts(folder, collection, outcomes))


def _timed(started: float, stream: Iterator[FileOutcome]) -> tuple[float, list[FileOutcome]]:
    """The seconds until the first outcome, and all outcomes."""
    outcomes = [next(stream)]
    return time.perf_counter() - started, [*outcomes, *stream]


def _texts(folder: Path, collection: Collection, outcomes: Sequence[FileOutcome]) -> frozenset[tuple[str, int, str]]:
    assert {one.outcome for one in outcomes} == {"added"}
    names = collection.document_names()
    texts = frozenset((names[chunk.document_id], chunk.start, chunk.text) for chunk in collection.chunks())
    shutil.rmtree(folder)
    return texts


if __name__ == "__main__":
    main()
