"""A separate process that adds a folder to a collection, and prints what has been added."""

from __future__ import annotations

import sys
from pathlib import Path

from rag.documents.sources import find_files
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from tests.conftest import ReadHere
from tests.support.collections import QuickEmbedder


def main(folder: str, name: str, source: str) -> None:
    collection = Collection.open(Path(folder), name)
    print("begun", flush=True)
    for outcome in ingest(collection, find_files([Path(source)]), QuickEmbedder(), ReadHere()):
        print(outcome.outcome, outcome.path, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
