"""Labels of a table's rows in the embedding: not there, before the text, or after it; search by meaning alone.

python -m bench.retrieval.labels             two test collections, whose documents get made-up labels; a few minutes
python -m bench.retrieval.labels --tickets   300 tickets that are much alike: how often the one with the number is first
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.reference import RETRIEVAL, TestCollection, load_ours, read_test_collection
from rag.documents.loading import load_document
from rag.documents.sources import SourceFile
from rag.evaluation.metrics import ndcg
from rag.index.loading import load_index
from rag.ingest.pipeline import ingest
from rag.retrieval.loading import load_retriever
from rag.retrieval.retrievers import DenseRetriever, Retriever
from rag.store.collection import Collection
from rag.text.labels import written
from rag.types import ChunkingSpec, Document, Embedder

if TYPE_CHECKING:
    from rag.documents.archives import Archive
    from rag.documents.column_roles import ColumnRoles
    from rag.types import FloatArray

_COLLECTIONS = ("legal_summarization", "xquad_en")
_PLACES = ("Moor", "Hill", "Dock", "Mill", "North", "Station", "River", "Castle", "Green", "Lake")
_KINDS = ("Farm", "School", "Cafe", "Hotel", "Clinic", "Bakery")
_CITIES = ("Leeds", "York", "Hull", "Bath", "Ryde", "Derby", "Truro", "Wells")
_TEAMS = ("Heating and cooling", "Electrical", "Doors and locks")
_K = 10
_TICKETS = 300


class _ReadHere:
    """Reads files in this process."""

    def read(self, name: str, content: bytes, *, roles: ColumnRoles) -> Document:
        return load_document(name, content, roles=roles)

    def open_archive(self, name: str, content: bytes) -> Archive:
        raise NotImplementedError


def made_up_labels(n: int) -> list[tuple[tuple[str, str], ...]]:
    """Labels for n rows: a customer, a city, a state and a team."""
    choose = random.Random(3).choice
    return [
        (
            ("customer", f"{choose(_PLACES)} {choose(_KINDS)}"),
            ("city", choose(_CITIES)),
            ("status", choose(("open", "closed", "waiting"))),
            ("team", choose(_TEAMS)),
        )
        for _ in range(n)
    ]


def compare(collection: TestCollection, embedder: Embedder) -> dict[str, tuple[float, float]]:
    """For each way, nDCG@10 of the judged questions, and the recall at 10 of customers by their names."""
    ids, texts = list(collection.documents), list(collection.documents.values())
    labels = made_up_labels(len(ids))
    lines = [written(each) for each in labels]
    rows_of: dict[str, set[int]] = defaultdict(set)
    for row, each in enumerate(labels):
        rows_of[dict(each)["customer"]].add(row)
    ways = {
        "not embedded": texts,
        "before the text": [f"{line}\n{text}" for line, text in zip(lines, texts, strict=True)],
        "after the text": [f"{text}\n{line}" for line, text in zip(lines, texts, strict=True)],
    }
    asked = list(collection.qrels)
    questions = embedder.encode_queries([collection.queries[query] for query in asked])
    names = embedder.encode_queries(list(rows_of))
    found = {}
    for way, embedded in ways.items():
        vectors = embedder.encode_documents(embedded)
        gains = [
            ndcg([ids[row] for row in rows], collection.qrels[query])
            for query, rows in zip(asked, _best(questions, vectors), strict=True)
        ]
        recalls = [
            len(rows & set(best)) / min(_K, len(rows))
            for rows, best in zip(rows_of.values(), _best(names, vectors), strict=True)
        ]
        found[way] = (statistics.mean(gains), statistics.mean(recalls))
    return found


def _best(queries: FloatArray, vectors: FloatArray) -> list[list[int]]:
    rows: list[list[int]] = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :_K].tolist()
    return rows


def tickets(embedder: Embedder) -> dict[str, float]:
    """The share of 300 tickets that are first when asked for by their number, for each search."""
    choose = random.Random(1).choice
    rows = [
        f"T-{901 + i},Customer {i % 60},The {choose(('pump', 'lamp', 'lift'))} in the {choose(('yard', 'hall'))} "
        f"{choose(('hums loudly', 'flickers all day', 'does not start after the frost'))} in building {i}."
        for i in range(_TICKETS)
    ]
    content = "\n".join(["ticket,customer,description", *rows]).encode()
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.create(Path(folder), "tickets", embedder.spec, ChunkingSpec(context=True))
        list(ingest(collection, [SourceFile("t.csv", "t.csv", lambda: content)], embedder, _ReadHere()))
        searches: dict[str, Retriever] = {
            "meaning, without labels first": DenseRetriever(collection, load_index(collection), embedder),
            "meaning": load_retriever(collection, "dense", embedder),
            "words": load_retriever(collection, "keyword", embedder),
            "meaning and words": load_retriever(collection, "hybrid", embedder),
        }
        return {
            name: statistics.mean(_is_first(search, i) for i in range(_TICKETS)) for name, search in searches.items()
        }


def _is_first(search: Retriever, number: int) -> bool:
    ticket = f"T-{901 + number}"
    hits = search.retrieve(f"Who owns {ticket}?", 1)
    return bool(hits) and dict(hits[0].chunk.fields)["ticket"] == ticket


def main() -> None:
    embedder = load_ours()
    if "--tickets" in sys.argv:
        for search, share in tickets(embedder).items():
            print(f"{search}: the ticket is first for {share:.0%} of {_TICKETS} numbers")
        return
    for name in _COLLECTIONS:
        if not (RETRIEVAL / name).is_dir():
            print(f"labels: '{name}' skipped, there is no test collection at {RETRIEVAL}")
            continue
        for way, (gain, recall) in compare(read_test_collection(RETRIEVAL / name), embedder).items():
            print(f"{name}: labels {way}: nDCG@10 {gain:.3f}, customers found {recall:.3f}")


if __name__ == "__main__":
    main()
