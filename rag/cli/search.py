"""The commands that search: `search` for a query, `neighbors` of a text or of a stored chunk."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, get_args

from rag import config
from rag.cli.common import (
    Commands,
    Json,
    add_collection,
    add_json,
    count,
    hit_json,
    hit_line,
    open_collection,
    print_result,
)
from rag.errors import ExplorerError
from rag.retrieval.settings import Mode, RetrievalSettings

if TYPE_CHECKING:
    from rag.retrieval.retrievers import Retriever
    from rag.store.collection import Collection
    from rag.types import FloatArray, Hit


def add_commands(commands: Commands) -> None:
    """Add `search` and `neighbors`."""
    search = commands.add_parser("search", help="find the chunks most similar to a query")
    search.add_argument("query")
    search.add_argument("-k", type=count, default=config.DEFAULT_K, help="number of results (default: %(default)s)")
    search.add_argument("--mode", choices=get_args(Mode), default=RetrievalSettings().mode, help="default: %(default)s")
    search.set_defaults(command=_search)
    near = commands.add_parser("neighbors", help="the nearest chunks of a text or a chunk, and how similar they are")
    subject = near.add_mutually_exclusive_group(required=True)
    subject.add_argument("--text", help="find the neighbors of this text")
    subject.add_argument("--chunk", type=int, metavar="ID", help="find the neighbors of this chunk")
    near.add_argument("-k", type=count, default=config.DEFAULT_K, help="number of results (default: %(default)s)")
    near.add_argument("--variety", type=float, default=0.0, metavar="0..1", help="skip chunks that repeat a result")
    near.add_argument("--other-documents", action="store_true", help="leave out the chunk's own document")
    near.set_defaults(command=_neighbors)
    for command in (search, near):
        add_collection(command)
        add_json(command)


def _search(options: argparse.Namespace) -> int:
    hits = _retriever(options).retrieve(options.query, options.k)
    weighing = hits[0].weighing if hits else ""
    result: Json = {"query": options.query, "weighing": weighing, "hits": [hit_json(hit) for hit in hits]}
    lines = [*map(hit_line, hits), *([weighing] if weighing else [])]
    print_result(options, result, lines or ["Nothing was found."])
    return 0


def _retriever(options: argparse.Namespace) -> Retriever:
    from rag.embedding.cached import load_cached_embedder
    from rag.retrieval.loading import load_retriever

    collection = open_collection(options)
    embedder = None if options.mode == "keyword" else load_cached_embedder(collection.spec.embedding.model_id)
    return load_retriever(collection, options.mode, embedder)


def _neighbors(options: argparse.Namespace) -> int:
    from rag.neighbors.chunks_near import Loaded, chunks_near
    from rag.neighbors.score_distribution import score_distribution, verdict
    from rag.neighbors.search import PLAIN, NeighborFilter
    from rag.retrieval.retrievers import DenseRetriever, hits_of
    from rag.store.chunk_table import ChunkTable
    from rag.store.sampling import whole_or_sample

    if not 0.0 <= options.variety <= 1.0:
        raise ExplorerError(f"--variety is {options.variety}; it must be from 0 to 1.")
    collection = open_collection(options)
    ids, vectors = collection.embeddings()
    vector = _vector(options, collection)
    near = chunks_near(
        collection, vector, options.k, lambda: Loaded(ids, vectors, ChunkTable.of(collection)),
        allowed=NeighborFilter(not_with=options.chunk if options.other_documents else None),
        without=options.chunk, relevance=PLAIN - options.variety,
    )  # fmt: skip
    hits = hits_of(collection, near.ids.tolist(), near.scores.tolist(), DenseRetriever.name)
    scores = vectors[ids != (options.chunk or 0)] @ vector
    distribution = score_distribution(scores)
    said = verdict(hits[0].score, distribution, whole_or_sample(collection)) if hits else "Nothing was found."
    print_result(options, _neighbors_json(hits, said), [*map(hit_line, hits), said])
    return 0


def _vector(options: argparse.Namespace, collection: Collection) -> FloatArray:
    """The unit vector of the chunk or of the text, float32 (dimension,). Raises ExplorerError if there is no chunk."""
    from rag.embedding.cached import load_cached_embedder

    if options.chunk is None:
        found = load_cached_embedder(collection.spec.embedding.model_id).encode_queries([options.text])
    elif not len(found := collection.vectors_with([options.chunk])[1]):
        raise ExplorerError(
            f"Collection '{options.collection}' has no chunk {options.chunk}. The command `search` lists ids."
        )
    vector: FloatArray = found[0]
    return vector


def _neighbors_json(hits: tuple[Hit, ...], said: str) -> Json:
    return {"hits": [hit_json(hit) for hit in hits], "verdict": said}
