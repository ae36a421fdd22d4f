"""Copy a collection's documents into a new collection, with another embedding model or other chunks."""

from __future__ import annotations

from pages.shared.session.resources import ingest_jobs
from rag import config
from rag.ingest.pipeline import copy_documents
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Embedder

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
