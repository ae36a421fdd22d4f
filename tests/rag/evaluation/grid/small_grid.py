"""A small grid without a model's weights: sizes and searches over a few long documents, with a cache of embeddings."""

from __future__ import annotations

from pathlib import Path

from rag.embedding.cached import CachedEmbedder, VectorCache
from rag.errors import ModelError
from rag.evaluation.collection_exams import CollectionExam
from rag.evaluation.grid.grid_run import Grid, PointResult, new_grid
from rag.evaluation.grid.plan import MODE, SIZE, Choices, GridPoint, plan
from rag.evaluation.grid.stored import load_results, save_grid
from rag.evaluation.questions import ExamQuestion, gold_span
from rag.store.collection import Collection
from rag.types import ChunkingSpec, Document
from tests.rag.evaluation.small_exam import PARAGRAPHS, question
from tests.support.collections import long_text, plain_document, put
from tests.support.fakes import WordEmbedder

CHOICES: Choices = {SIZE: (60, 120, 240), MODE: ("dense", "hybrid", "keyword")}
_ASKED = ("Which owl hunts at night?", "How is bread made of flour?", "What is the tallest mountain on Earth?")


class PreciseWords(WordEmbedder):
    """The words' embedder with a precision, as a cache needs it."""

    precision = "float32"


def documents() -> tuple[Document, ...]:
    """Each paragraph of the small exam between other sentences, so that it lies in other chunks at every size."""
    texts = [
        f"{long_text(number, 6)}\n\n{text}\n\n{long_text(100 + number, 6)}" for number, text in enumerate(PARAGRAPHS)
    ]
    return tuple(plain_document(f"{number}.txt", text) for number, text in enumerate(texts))


def grid_collection(folder: Path, name: str = "Long") -> Collection:
    """These documents in chunks of at most 120 tokens, which are bytes."""
    model = WordEmbedder()
    collection = Collection.create(folder, name, model.spec, ChunkingSpec(120))
    put(collection, model, *documents())
    return collection


def grid_exam() -> CollectionExam:
    """Three questions with one paragraph each as the expected passage, and one that nothing answers."""
    made: list[ExamQuestion] = []
    for number, text in enumerate(_ASKED):
        document = documents()[number]
        start = document.text.index(PARAGRAPHS[number])
        span = gold_span(document, start, start + len(PARAGRAPHS[number]))
        made.append(ExamQuestion(f"q{number}", text, (span,), "heading", "structure"))
    return CollectionExam("Grid exam", (*made, question(3, "Who sings the opera tonight?", None)))


def small_grid(folder: Path, collection: Collection, choices: Choices = CHOICES, k: int = 2) -> Grid:
    """A stored grid of all combinations, of which nothing is measured yet."""
    present = GridPoint(collection.spec.chunking, collection.spec.embedding.model_id, "hybrid")
    planned = plan(present, choices, {present.model_id: WordEmbedder().window}, is_full=True)
    grid = new_grid(collection, grid_exam(), planned.points, k)
    save_grid(folder, grid)
    return grid


class Models:
    """Loads the words' embedder with the cache in a folder; other models are not available. Counts what is embedded."""

    def __init__(self, folder: Path) -> None:
        self.cache = VectorCache(folder / "vectors.sqlite", max_bytes=100_000_000)
        self.words = PreciseWords()

    def load(self, model_id: str) -> CachedEmbedder:
        if model_id != self.words.spec.model_id:
            raise ModelError(f"The embedding model '{model_id}' is not on this machine. Download it.")
        return CachedEmbedder(self.words, self.cache)


def results_of(folder: Path, grid: Grid) -> dict[int, PointResult]:
    found = load_results(folder, grid)
    assert found.problems == ()
    return found.results
