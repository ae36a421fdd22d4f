"""Core types: documents, chunks, specs, hits and the interfaces of tokenizers and embedders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    IntArray = NDArray[np.int64]

Fields = tuple[tuple[str, str], ...]
"""Named values of a table row, in the table's order: (("topic", "Music"), ("year", "1975"))."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its text is `document.text[start:end]`, and no chunk crosses its ends."""

    start: int
    end: int
    fields: Fields


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading at `start`; `path` names it below its parents: "Travel > Hotels"."""

    start: int
    path: str


@dataclass(frozen=True, slots=True)
class Document:
    """A source file's text.

    `pages` holds the offset in `text` at which each page begins (empty without pages); `language` is an
    ISO 639-1 code, or empty if unknown; `notes` are sentences for the user about what was read and what was not
    ("Pages 3 and 4 hold no text: they are scans.").
    """

    document_id: str
    name: str
    media_type: str
    text: str
    sha256: str
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    rows: tuple[Row, ...] = ()
    language: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document: `document.text[start:end] == text`. `chunk_id` is 0 until the collection stores it.

    `context` is its context line, which says where the span stands: the document's title and the headings above it.
    It is no part of the span. It is empty if the collection has no context lines, or there is nothing to say.
    """

    document_id: str
    start: int
    end: int
    text: str
    n_tokens: int
    page: int | None = None
    heading: str = ""
    fields: Fields = ()
    chunk_id: int = 0
    context: str = ""

    @property
    def embedded_text(self) -> str:
        """What the embedding model reads: the context line, if there is one, and the text below it.

        The labels of a table's row come after its text: before it, they would count as much as the text for the models
        that weigh the beginning of a text most (docs/retrieval.md).
        """
        parts = (self.text, self.context) if self.fields else (self.context, self.text)
        return "\n".join(filter(None, parts)) if self.context else self.text


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document without its text, for lists of documents."""

    document_id: str
    name: str
    media_type: str
    sha256: str
    n_characters: int
    n_pages: int
    n_chunks: int
    language: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """The properties of a model that must be equal for two embeddings to be comparable."""

    model_id: str
    revision: str
    dimension: int
    query_prefix: str = ""
    document_prefix: str = ""


Strategy = Literal["recursive", "fixed", "sentences", "semantic"]


@dataclass(frozen=True, slots=True)
class ChunkingSpec:
    """How text is split; sizes are in the embedding model's tokens.

    No strategy exceeds `max_tokens`. "recursive" splits at headings, paragraphs, sentences, and merges
    pieces below `min_tokens` into a neighbor; "fixed" cuts every `max_tokens`; both share `overlap` tokens
    between neighbors. "sentences" is a window of `sentences` sentences that advances by `sentences - shared`.
    "semantic" breaks between consecutive sentences whose cosine similarity is below the document's `percentile`.
    With `context`, each chunk has a context line, see `Chunk.context`; its tokens do not count for `max_tokens`.
    """

    max_tokens: int = 160
    overlap: int = 0
    strategy: Strategy = "recursive"
    min_tokens: int = 0
    sentences: int = 5
    shared: int = 2
    percentile: int = 15
    context: bool = False


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """The settings a collection was created with. Only `name` (by a rename) and `schema_version` may change later."""

    name: str
    embedding: EmbeddingSpec
    chunking: ChunkingSpec
    schema_version: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """Which retriever found a chunk, at which rank (from 1), with which score.

    `added` is what it added to the sum that ranks a hit of hybrid search: its weight times its standardized score.
    """

    retriever: str
    rank: int
    score: float
    added: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk. A higher score is nearer; rank counts from 1.

    `excerpt` is the part of the chunk that a tiny model reads; empty if it reads the whole chunk. `weighing` says how
    hybrid search weighted meaning and words for the question, and why, as sentences; else it is empty. `label` is a
    rare label of the chunk's row that is in the question ("ticket: T-902"), if the hit comes first for it.
    """

    chunk: Chunk
    document_name: str
    score: float
    rank: int
    found_by: tuple[Finding, ...]
    excerpt: str = ""
    weighing: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Projection:
    """Coordinates of a collection's chunks: `xy` float32 (n, 2), or (n, 3); row i belongs to `chunk_ids[i]`.

    `method` is "umap", "tsne" or "pca"; `note` gives the reason if it is not the requested method.
    `trustworthiness` is in [0, 1], or None if it is undefined (too few points). `placed_ids` are chunks that were
    added after the layout was computed and placed near their neighbors.
    """

    chunk_ids: IntArray
    xy: FloatArray
    method: str
    note: str
    trustworthiness: float | None
    seconds: float
    placed_ids: IntArray


class TextTokenizer(Protocol):
    """How an embedding model splits a text into tokens, without special tokens."""

    @property
    def adds_up(self) -> bool:
        """Whether the parts of a text cut at spaces have, together, as many tokens as the whole text."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text; exact or too high, never too low."""

    def spans(self, text: str) -> IntArray:
        """Characters [start, end) of each token, int64 (n, 2), in the order of the text."""


class Embedder(Protocol):
    """An embedding model: texts to unit vectors."""

    @property
    def spec(self) -> EmbeddingSpec:
        """Identifies the vectors: only vectors of equal specs can be compared."""

    @property
    def window(self) -> int:
        """The largest number of tokens of a text that the model reads; it would ignore the rest."""

    @property
    def tokenizer(self) -> TextTokenizer:
        """The model's tokenizer."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text for this model, without special tokens."""

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the model's document prefix applied."""

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors float32 (n, dimension), with the model's query prefix applied."""
