"""Another embedding model or other chunks: a copy of a collection, or an empty collection created again."""

from __future__ import annotations

from dataclasses import replace

from pages.shared.session.resources import ingest_jobs
from pages.shared.session.workspace import choose_collection
from rag import config
from rag.ingest.pipeline import copy_documents
from rag.store.collection import Collection
from rag.transfer.files import delete_collection
from rag.types import ChunkingSpec, Embedder, EmbeddingSpec

NAME_HELP = "Up to 60 letters, digits, spaces, '-', '_' and '.'. It names the file that holds the collection."


def start_copy(source: Collection, name: str, model: Embedder, chunking: ChunkingSpec) -> Collection:
    """Create the new collection and start a job that fills it. Raises CollectionError for an invalid name."""
    target = Collection.create(config.data_dir(), name, model.spec, chunking)
    documents = source.documents()
    ingest_jobs().start(
        f"Re-embedding {source.spec.name}",
        target.uid,
        lambda report, cancelled: copy_documents(source, target, model, report=report, cancelled=cancelled),
        n_files=len(documents),
        bytes_total=sum(document.n_characters for document in documents),
    )
    return target


def use_chunking(collection: Collection, chunking: ChunkingSpec) -> None:
    """Recreate an empty collection with another chunking."""
    _recreate(collection, collection.spec.embedding, chunking)


def use_model(collection: Collection, model: Embedder) -> None:
    """Recreate an empty collection with another embedding model; its chunks are as long as that one can read."""
    chunking = collection.spec.chunking
    _recreate(collection, model.spec, replace(chunking, max_tokens=min(chunking.max_tokens, model.window)))


def _recreate(collection: Collection, embedding: EmbeddingSpec, chunking: ChunkingSpec) -> None:
    delete_collection(config.data_dir(), collection.spec.name)
    Collection.create(config.data_dir(), collection.spec.name, embedding, chunking)
    choose_collection(collection.spec.name)
