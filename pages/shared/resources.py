"""Cached wrappers around rag functions, keyed on names and generations."""

from __future__ import annotations

import threading
from pathlib import PurePath

import streamlit as st

from rag.collection import Collection
from rag.embedding import available_models
from rag.generation import load_generator
from rag.index import FlatIndex
from rag.jobs import JobBoard
from rag.map_view import Clusters, find_clusters
from rag.models import load_cached_embedder
from rag.ollama_server import OllamaModel, OllamaServer
from rag.prepared import PreparedText, prepare, with_likeness
from rag.projection import warm_up
from rag.retrieval import DenseRetriever, load_index
from rag.sandbox import DocumentReader
from rag.tables import TableColumns
from rag.types import Chunk, Document, Embedder, Generator, Projection, Strategy
from rag.vector_cache import CachedEmbedder

Parts = tuple[Document, Embedder]
Drawn = tuple[Collection, Projection, list[Chunk]]
_TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".ods"})


@st.cache_resource(max_entries=3, show_spinner="Loading the embedding model")
def embedder(model_id: str) -> CachedEmbedder:
    """The embedding model, loaded once for all sessions."""
    return load_cached_embedder(model_id)


@st.cache_resource(
    max_entries=2, show_spinner="Loading the answering model (the built-in one takes 20 s the first time)"
)
def generator(name: str, host: str) -> Generator:
    """The answering model; `host` is in the key, for another server is another model."""
    return load_generator(name)


@st.cache_resource(max_entries=4, show_spinner="Reading the index")
def _index(path: str, uid: str, generation: int, _collection: Collection) -> FlatIndex:
    return load_index(_collection)


def index(collection: Collection) -> FlatIndex:
    """The collection's index as it is now."""
    return _index(str(collection.path), collection.uid, collection.generation(), collection)


def retriever(collection: Collection) -> DenseRetriever:
    """Dense retrieval over the collection, with its own embedding model."""
    return DenseRetriever(collection, index(collection), embedder(collection.spec.embedding.model_id))


@st.cache_data(max_entries=4, show_spinner=False)
def _chunks(path: str, uid: str, generation: int, _collection: Collection) -> list[Chunk]:
    return _collection.chunks()


def chunks(collection: Collection) -> list[Chunk]:
    """All chunks of the collection, by id."""
    return _chunks(str(collection.path), collection.uid, collection.generation(), collection)


@st.cache_resource(max_entries=4, show_spinner="Looking for clusters")
def _clusters(
    key: tuple[object, ...], coarseness: float, _parts: tuple[Collection, Projection, list[Chunk]]
) -> Clusters:
    return find_clusters(*_parts, coarseness)


def clusters(collection: Collection, layout: Projection, drawn: list[Chunk], coarseness: float) -> Clusters:
    """The clusters of a layout and their names; `drawn` are its chunks."""
    key = (str(collection.path), collection.uid, layout.chunk_ids.tobytes(), layout.xy.tobytes())
    return _clusters(key, coarseness, (collection, layout, drawn))


@st.cache_resource(show_spinner=False)
def job_board() -> JobBoard:
    """The background ingests of this process, the same for every tab."""
    return JobBoard()


@st.cache_resource(max_entries=8, show_spinner="Reading the file")
def document_of_upload(name: str, sha256: str, text_columns: tuple[str, ...], _content: bytes) -> Document:
    """An uploaded file as it would be stored. Raises DocumentError."""
    with DocumentReader() as reader:
        return reader.read(name, _content, text_columns=text_columns)


@st.cache_resource(max_entries=32, show_spinner="Looking for tables")
def columns_of_upload(name: str, sha256: str, _content: bytes) -> TableColumns | None:
    """The columns of an uploaded table, None for other files. Raises DocumentError."""
    if PurePath(name).suffix.lower() not in _TABLES:
        return None
    with DocumentReader() as reader:
        return reader.table_columns(name, _content)


@st.cache_resource(max_entries=4, show_spinner="Finding words and sentences")
def _prepared(fingerprint: str, text_columns: str, model_id: str, *, has_likeness: bool, _parts: Parts) -> PreparedText:
    document, model = _parts
    prepared = prepare(document, model.tokenizer)
    return with_likeness(prepared, model.encode_documents) if has_likeness else prepared


def prepared_text(document: Document, model: Embedder, strategy: Strategy) -> PreparedText:
    """The document's text ready to be split; with its sentences' embeddings where the strategy needs them."""
    key = (document.name + document.sha256, str(len(document.text)), model.spec.model_id)
    return _prepared(*key, has_likeness=strategy == "semantic", _parts=(document, model))


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def ollama_models(host: str) -> list[OllamaModel]:
    """The Ollama server's models; asked again after ten seconds. Raises OllamaError where none answers."""
    return OllamaServer(host).models()


@st.cache_data(ttl=30, max_entries=2, show_spinner=False)
def embedding_models(host: str) -> list[str]:
    """Embedding models that load without a network."""
    return available_models()


@st.cache_resource(show_spinner=False)
def warm_up_projection() -> threading.Thread:
    """Compile UMAP in the background, once a process, while other work goes on."""
    thread = threading.Thread(target=warm_up, daemon=True, name="umap-warm-up")
    thread.start()
    return thread
