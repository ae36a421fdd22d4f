"""A separate process that adds a folder to a collection with Ray workers, and prints what has been added."""

from __future__ import annotations

import sys
from pathlib import Path

from rag.documents.sources import find_files
from rag.ingest.on_ray.dataset import ingest_on_ray
from rag.ingest.on_ray.session import ray_session
from rag.store.collection import Collection
from tests.support.fakes import DigestEmbedder


def main(folder: str, name: str, source: str) -> None:
    collection = Collection.open(Path(folder), name)
    with ray_session(2) as n_workers:
        files = find_files([Path(source)])
        for outcome in ingest_on_ray(collection, files, DigestEmbedder(), DigestEmbedder, n_workers):
            print(outcome.outcome, outcome.path, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
