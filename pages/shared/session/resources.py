"""Cached results of rag functions for the pages, keyed on names and collection generations.

Of a large collection on a server, `index`, `table`, `vectors` and what rests on them are of a sample, see
`Collection.sampled`; what searches asks the store.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag.chunking.chunker import PreparedPart, prepared_parts
from rag.conversations.live import LiveTurns
from rag.conversations.recordings import recorded_turns
from rag.documents.column_roles import ColumnRoles
from rag.documents.formats import TABLE_SUFFIXES
from rag.documents.readers.table_columns import TableColumns
from rag.documents.sandbox.reader import DocumentReader
from rag.embedding.cached import CachedEmbedder, load_cached_embedder
from rag.embedding.embedder import server_of
from rag.errors import CollectionError, ModelError
from rag.evaluation.suggestions import Suggestion, suggestions_of
from rag.generation import builtin
from rag.generation.generators import load_generator
from rag.generation.types import AnsweringOptions, Generator
from rag.index.flat import FlatIndex
from rag.index.kinds import SearchIndex
from rag.index.loading import chosen_index, load_chosen_index, load_index
from rag.index.neighbor_table import NeighborTable, kept_on_map, load_neighbors
from rag.index.spec import IndexSpec
from rag.index.words.loading import load_word_index
from rag.index.words.scores import WordIndex
from rag.ingest.jobs import IngestJobs
from rag.map.clusters.finding import Clusters, find_clusters, layers_of, vectors_of
from rag.map.clusters.labels import radii_of
from rag.map.clusters.layers import Layers
from rag.map.placement import similarities
from rag.map.projection import warm_up
from rag.map.quality import DistancePairs, MapQuality, distance_pairs, measure_map
from rag.map.scene import preview
from rag.retrieval.label_matches import LabelFirstRetriever
from rag.retrieval.retrievers import DenseRetriever, Retriever
from rag.retrieval.store_retrievers import store_retriever
from rag.runtime.background import TaskBoard
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from rag.store.search import SearchFilter
from rag.types import Document, Embedder, Projection, Strategy

if TYPE_CHECKING:
    from rag.types import FloatArray, IntArray

Parts = tuple[Document, Embedder]
Drawn = tuple[Collection, Projection]
_OPTIONS = AnsweringOptions()
_MANY_CHUNKS = 5_000
_MOST_WORD_INDEXES = 2


@st.cache_resource(max_entries=3, show_spinner="Loading the embedding model")
def _embedder(model_id: str, server: str) -> CachedEmbedder:
    return load_cached_embedder(model_id)


def embedder(model_id: str) -> CachedEmbedder:
    """The embedding model, loaded once for all sessions, and again when the address of its server has changed.

    Raises:
        ModelError: it cannot be loaded.
        ExplorerError: a setting is invalid, or the saved settings are damaged.
    """
    return _embedder(model_id, server_of(model_id))


@st.cache_resource(max_entries=4, show_spinner=False)
def generator(name: str, hosts: tuple[str, str], options: AnsweringOptions = _OPTIONS) -> Generator:
    """The answering model with these options; `hosts` are part of the key, because another server is another model.

    It may be called in any thread. Raises ModelError.
    """
    return load_generator(name, options)


@st.cache_resource(show_spinner=False)
def live_turns() -> LiveTurns:
    """The questions that are being answered in this process, shared by all tabs."""
    return LiveTurns()


@st.cache_resource(max_entries=4, show_spinner="Reading the embeddings")
def _index(path: str, uid: str, generation: int, _collection: Collection) -> FlatIndex:
    return load_index(_collection)


def index(collection: Collection) -> FlatIndex:
    """The index of the collection in its present state."""
    return _index(collection.location, collection.uid, collection.generation(), collection)


def retriever(collection: Collection, only: frozenset[int] | None = None) -> Retriever:
    """Dense retrieval over the collection, or over some of its chunks, with the collection's embedding model."""
    if (engine := collection.engine()) is not None:
        model = embedder(collection.spec.embedding.model_id)
        return store_retriever(collection, engine, model, "dense", SearchFilter(chunk_ids=only))
    # Only exact search ranks every chunk; an approximate index may miss some of the given chunks.
    searched = search_index(collection) if only is None else index(collection)
    dense = DenseRetriever(collection, searched, embedder(collection.spec.embedding.model_id), only)
    return LabelFirstRetriever(collection, dense, partial(word_index, collection), only)


def layout_digest(layout: Projection) -> str:
    """A digest of the chunks and positions of a layout, under which to cache what is computed from them."""
    return hashlib.sha256(layout.chunk_ids.tobytes() + layout.xy.tobytes()).hexdigest()


def _key(collection: Collection, layout: Projection) -> tuple[str, str, str]:
    return collection.location, collection.uid, layout_digest(layout)


@st.cache_resource(max_entries=4, show_spinner="Looking for clusters")
def _cluster_layers(key: tuple[str, str, str], _parts: Drawn) -> Layers:
    return layers_of(*_parts)


def cluster_layers(collection: Collection, layout: Projection) -> Layers:
    """The layers of clusters of a layout, from coarse to fine."""
    return _cluster_layers(_key(collection, layout), (collection, layout))


@st.cache_resource(max_entries=16, show_spinner="Looking for clusters")
def _clusters(key: tuple[str, str, str], layer: int | None, _parts: Drawn) -> Clusters:
    return find_clusters(*_parts, layer)


def clusters(collection: Collection, layout: Projection, layer: int | None = None) -> Clusters:
    """The clusters of a layout and their names, in a layer of `cluster_layers` or the default one."""
    return _clusters(_key(collection, layout), layer, (collection, layout))


@st.cache_resource(max_entries=16, show_spinner=False)
def _cluster_radii(key: tuple[str, str, str], layer: int | None, _parts: Drawn) -> dict[int, float]:
    return radii_of(_parts[1].xy, clusters(*_parts, layer))


def cluster_radii(collection: Collection, layout: Projection, layer: int | None = None) -> dict[int, float]:
    """How large the clusters of `clusters` are on the map, by their number."""
    return _cluster_radii(_key(collection, layout), layer, (collection, layout))


@st.cache_resource(max_entries=4, show_spinner=False)
def _table(path: str, uid: str, generation: int, _collection: Collection) -> ChunkTable:
    return ChunkTable.of(_collection)


def table(collection: Collection) -> ChunkTable:
    """The chunk table: document, page, length and columns of each chunk, without its text."""
    return _table(collection.location, collection.uid, collection.generation(), collection)


@st.cache_data(max_entries=4, show_spinner=False)
def _document_names(path: str, uid: str, generation: int, _collection: Collection) -> list[str]:
    return sorted(_collection.document_names().values())


def document_names(collection: Collection) -> list[str]:
    """The names of all documents, sorted."""
    return _document_names(collection.location, collection.uid, collection.generation(), collection)


def vectors(collection: Collection) -> tuple[IntArray, FloatArray]:
    """Chunk ids int64 (n,), ascending, and their unit vectors float32 (n, dimension): those that `index` searches."""
    exact = index(collection)
    return exact.ids, exact.vectors


@st.cache_resource(show_spinner=False)
def _word_indexes() -> dict[tuple[str, str, int], WordIndex]:
    return {}


def word_index(collection: Collection) -> WordIndex:
    """The words of all chunks; a progress bar is shown while many new chunks are read."""
    key = (collection.location, collection.uid, collection.generation())
    kept = _word_indexes()
    if (known := kept.get(key)) is None:
        bar = st.empty()

        def report(done: int, total: int) -> None:
            if total >= _MANY_CHUNKS:
                bar.progress(done / total, f"Indexing words: {done:,} of {total:,} chunks. This is done once.")

        known = load_word_index(collection, report)
        bar.empty()
        while len(kept) >= _MOST_WORD_INDEXES:
            kept.pop(next(iter(kept)), None)
        kept[key] = known
    return known


@st.cache_resource(max_entries=2, show_spinner="Finding each chunk's neighbors")
def _neighbors(path: str, uid: str, generation: int, _collection: Collection) -> NeighborTable:
    return load_neighbors(_collection)


def neighbor_table(collection: Collection) -> NeighborTable:
    """The nearest neighbors of every chunk."""
    return _neighbors(collection.location, collection.uid, collection.generation(), collection)


@st.cache_resource(max_entries=2, show_spinner="Building the index")
def _chosen(path: str, uid: str, generation: int, spec: IndexSpec, _collection: Collection) -> FlatIndex | SearchIndex:
    return load_chosen_index(_collection)


def search_index(collection: Collection) -> FlatIndex | SearchIndex:
    """The index chosen for the collection on the Index benchmark page; without a choice, exact search."""
    spec = chosen_index(collection)
    if spec.kind == "flat":
        return index(collection)
    return _chosen(collection.location, collection.uid, collection.generation(), spec, collection)


@st.cache_resource(max_entries=8, show_spinner="Reading the headings")
def _suggestions(path: str, uid: str, generation: int, _collection: Collection) -> tuple[Suggestion, ...]:
    return suggestions_of(_collection)


def suggestions(collection: Collection) -> tuple[Suggestion, ...]:
    """Questions that a person could ask of this collection, from its documents' headings."""
    return _suggestions(collection.location, collection.uid, collection.generation(), collection)


@st.cache_data(max_entries=64, show_spinner="Reading the question")
def _query_vector(model_id: str, query: str) -> FloatArray:
    return embedder(model_id).encode_queries([query])


def query_vector(collection: Collection, query: str) -> FloatArray:
    """The unit vector of the question, float32 (1, dimension), from the collection's embedding model."""
    return _query_vector(collection.spec.embedding.model_id, query)


def query_similarities(collection: Collection, layout: Projection, query: str) -> FloatArray | None:
    """The cosine similarity of each drawn chunk to the question, float32 (n,); None without a question."""
    return similarities(index(collection), query_vector(collection, query), layout) if query else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _previews(key: tuple[str, str, bytes], _collection: Collection) -> list[str]:
    import numpy as np

    chunk_ids = np.frombuffer(key[2], dtype=np.int64).tolist()
    texts = {chunk.chunk_id: preview(chunk.text) for chunk in _collection.chunks(chunk_ids)}
    return [texts.get(chunk_id, "") for chunk_id in chunk_ids]


def previews(collection: Collection, chunk_ids: IntArray) -> list[str]:
    """The beginning of the text of each of these chunks."""
    return _previews((collection.location, collection.uid, chunk_ids.tobytes()), collection)


@st.cache_resource(max_entries=4, show_spinner="Measuring map quality")
def _quality(key: tuple[str, str, str], _parts: Drawn) -> MapQuality | None:
    collection, layout = _parts
    return measure_map(vectors_of(collection, layout), layout.xy)


def map_quality(collection: Collection, layout: Projection) -> MapQuality | None:
    """The quality measures of the map; None if there are too few chunks to measure."""
    return _quality(_key(collection, layout), (collection, layout))


@st.cache_resource(max_entries=4, show_spinner="Comparing distances")
def _distances(key: tuple[str, str, str], _parts: Drawn) -> DistancePairs:
    collection, layout = _parts
    return distance_pairs(vectors_of(collection, layout), layout.xy)


def map_distances(collection: Collection, layout: Projection) -> DistancePairs:
    """For pairs of chunks, the distance of their embeddings and their distance on the map."""
    return _distances(_key(collection, layout), (collection, layout))


@st.cache_resource(max_entries=4, show_spinner="Comparing each chunk's neighbors with the map's")
def _kept(key: tuple[str, str, str], _parts: Drawn) -> FloatArray:
    return kept_on_map(neighbor_table(_parts[0]), _parts[1])


def kept_neighbors(collection: Collection, layout: Projection) -> FloatArray:
    """The share of each chunk's nearest neighbors that are also near it on the map, float32 (n,)."""
    return _kept(_key(collection, layout), (collection, layout))


@st.cache_resource(show_spinner=False)
def task_board() -> TaskBoard:
    """The background tasks of this process, shared by all tabs."""
    return TaskBoard()


@st.cache_resource(show_spinner=False)
def ingest_jobs() -> IngestJobs:
    """The ingest jobs of this process, shared by all tabs."""
    return IngestJobs()


@st.cache_resource(max_entries=8, show_spinner="Reading the file")
def document_of_upload(name: str, sha256: str, roles: ColumnRoles, _content: bytes) -> Document:
    """An uploaded file as it would be stored. Raises DocumentError."""
    with DocumentReader() as reader:
        return reader.read(name, _content, roles=roles)


@st.cache_resource(show_spinner=False)
def _first_reader() -> DocumentReader:
    """The reader of what the page asks as soon as a file is chosen; it is kept, because starting one takes a second."""
    return DocumentReader()


@st.cache_resource(max_entries=32, show_spinner="Reading the first rows")
def _columns(name: str, file_id: str, _upload: UploadedFile) -> TableColumns | None:
    return _first_reader().table_columns(name, bytes(_upload.getbuffer()))


def columns_of_upload(upload: UploadedFile) -> TableColumns | None:
    """The columns of an uploaded table, None for other files. Raises DocumentError."""
    if PurePath(upload.name).suffix.lower() not in TABLE_SUFFIXES:
        return None
    return _columns(upload.name, upload.file_id, upload)


@st.cache_data(max_entries=32, show_spinner="Reading the file")
def language_of_upload(name: str, sha256: str, _content: bytes) -> str:
    """The language of an uploaded file, or of its first lines. Raises DocumentError."""
    return _first_reader().read(name, _content).language


@st.cache_resource(max_entries=4, show_spinner="Finding words and sentences")
def _prepared(
    name: str, text_digest: str, model_id: str, strategy: Strategy, _parts: tuple[Document, Embedder]
) -> tuple[PreparedPart, ...]:
    document, model = _parts
    return tuple(prepared_parts(document, model.tokenizer, strategy, model.encode_documents))


def prepared_document(document: Document, model: Embedder, strategy: Strategy) -> tuple[PreparedPart, ...]:
    """The parts of the document, prepared for chunking, with embeddings of sentences if the strategy needs them."""
    # The same file gives different texts for different text columns.
    digest = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
    same_parts: Strategy = "semantic" if strategy == "semantic" else "recursive"
    return _prepared(document.name, digest, model.spec.model_id, same_parts, (document, model))


@st.cache_resource(show_spinner=False)
def has_recordings() -> bool:
    """Whether the sample has recorded answers; the files of the program do not change while it runs."""
    try:
        return bool(recorded_turns())
    except CollectionError:
        return False


@st.cache_resource(show_spinner=False)
def warm_up_projection() -> threading.Thread:
    """Compile UMAP in the background, once per process."""
    thread = threading.Thread(target=warm_up, daemon=True, name="umap-warm-up")
    thread.start()
    return thread


@st.cache_resource(show_spinner=False)
def warm_up_builtin() -> threading.Thread:
    """Load the built-in answering model in the background, once per process, while a person reads the page."""

    def load() -> None:
        # The question that needs the model says what is wrong with it.
        with suppress(ModelError):
            builtin.warm_up()

    thread = threading.Thread(target=load, daemon=True, name="builtin-model-warm-up")
    thread.start()
    return thread
