"""References for comparisons: plain sentence-transformers in float32, and test collections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag import config
from rag.embedding.embedder import SentenceTransformerEmbedder, load_embedder
from rag.runtime.model_wheels import MINILM, find_wheel

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from rag.types import FloatArray

RETRIEVAL = config.ROOT.parent / "shared" / "retrieval"
SCIFACT = RETRIEVAL / "scifact"
"""A test collection in the BEIR layout; the folder is optional."""


@dataclass(frozen=True, slots=True)
class TestCollection:
    """Documents (title and body) and queries by id, and `qrels`: the grade of each relevant document, by query."""

    __test__ = False

    documents: dict[str, str]
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]


def read_test_collection(folder: Path) -> TestCollection:
    """The collection in `folder`: corpus.jsonl, queries.jsonl, and qrels.tsv with a header line."""
    qrels: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        qrels.setdefault(query, {})[document] = int(grade)
    queries = {row["_id"]: row["text"] for row in _json_lines(folder / "queries.jsonl")}
    return TestCollection(read_documents(folder), queries, qrels)


def read_documents(folder: Path) -> dict[str, str]:
    """The documents of a test collection, title and body, by id."""
    return {row["_id"]: f"{row.get('title', '')} {row['text']}".strip() for row in _json_lines(folder / "corpus.jsonl")}


def _json_lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def sample_texts() -> list[str]:
    """The texts of the sample documents, for a machine without the test collections."""
    files = sorted(path for path in config.SAMPLES.rglob("*") if path.suffix in {".md", ".txt", ".csv"})
    return [path.read_text("utf-8") for path in files]


def load_plain() -> SentenceTransformer:
    """The same weights, loaded as in the documentation of sentence-transformers."""
    import torch
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(
        str(find_wheel(MINILM) or MINILM.model_id), device="cpu", model_kwargs={"dtype": torch.float32}
    )


def load_ours(name: str = config.DEFAULT_EMBEDDING_MODEL) -> SentenceTransformerEmbedder:
    embedder = load_embedder(name)
    assert isinstance(embedder, SentenceTransformerEmbedder)
    return embedder


def encode_plainly(model: SentenceTransformer, texts: list[str]) -> FloatArray:
    return model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
