"""Cached wrappers around rag functions, keyed on names and generations."""

from __future__ import annotations

import threading

import streamlit as st

from rag.collection import Collection
from rag.embedding import available_models, load_embedder
from rag.generation import load_generator
from rag.index import FlatIndex
from rag.ollama_server import OllamaModel, OllamaServer
from rag.projection import warm_up
from rag.retrieval import DenseRetriever, load_index
from rag.types import Chunk, Embedder, Generator


@st.cache_resource(max_entries=3, show_spinner="Loading the embedding model")
def embedder(model_id: str) -> Embedder:
    """The embedding model, loaded once for all sessions."""
    return load_embedder(model_id)


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


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def ollama_models(host: str) -> list[OllamaModel]:
    """The Ollama server's models; asked again after ten seconds. Raises OllamaError where none answers."""
    return OllamaServer(host).models()


@st.cache_data(ttl=30, max_entries=2, show_spinner=False)
def embedding_models(host: str) -> list[str]:
    """Embedding models that load without a network."""
    return available_models()


@st.cache_resource
def warm_up_projection() -> threading.Thread:
    """Compile UMAP in the background, once a process, while other work goes on."""
    thread = threading.Thread(target=warm_up, daemon=True, name="umap-warm-up")
    thread.start()
    return thread
