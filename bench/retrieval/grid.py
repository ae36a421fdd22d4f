"""How long a grid takes on the sample collection, with an empty cache of embeddings and with a full one; and its table.

python -m bench.retrieval.grid                 3 chunk sizes and 2 searches, all combinations
python -m bench.retrieval.grid --models A B    the same with other embedding models as well
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from rag import config
from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.documents.sources import find_files
from rag.embedding.cached import CachedEmbedder, VectorCache, load_cached_embedder
from rag.evaluation.collection_exams import CollectionExam, documents_of, sample_exam, structure_exam
from rag.evaluation.grid.compare import GRID_METRICS, changes, measure_results, median_seconds
from rag.evaluation.grid.grid_run import Grid, new_grid
from rag.evaluation.grid.plan import MODE, MODEL, SIZE, GridPoint, Plan, plan
from rag.evaluation.grid.stored import load_results, save_grid
from rag.evaluation.grid.work import measure_points
from rag.evaluation.passages import NDCG
from rag.store.collection import Collection
from rag.types import ChunkingSpec

_SIZES, _MODES = (80, 160, 254), ("hybrid", "dense")


def made_sample(folder: Path, model: CachedEmbedder) -> Collection:
    """The sample collection in a folder."""
    collection = Collection.create(folder, "Sample", model.spec, ChunkingSpec())
    for file in find_files([config.SAMPLES / "topics.csv", config.SAMPLES / "handbook"]):
        document = load_document(file.name, file.read(), roles=file.roles)
        chunks = chunk_document(document, collection.spec.chunking, model.window, model.tokenizer)
        vectors = model.encode_documents([chunk.embedded_text for chunk in chunks])
        collection.put_document(document, chunks, vectors, model.spec)
    return collection


def whole_exam(collection: Collection) -> CollectionExam:
    """The sample's questions together with those from its structure: more than either alone."""
    documents = documents_of(collection)
    sample, structure = sample_exam(documents), structure_exam(documents)
    assert sample is not None
    return CollectionExam("Sample and structure", (*sample.questions, *structure.questions))


def show(folder: Path, grid: Grid, seconds: float, about: str) -> None:
    """Print the table of a measured grid."""
    results = load_results(folder, grid).results
    measured = measure_results(grid, results)
    found = changes(measured, NDCG)
    print(f"\n{about}: {len(grid.points)} settings, {len(grid.questions)} questions, {seconds:.1f} s")
    print("| setting | " + " | ".join(GRID_METRICS) + " | difference | p (Holm) | chunks | build s | new | ms | MB |")
    for number, point in enumerate(grid.points):
        result, change = results[number], found.get(number)
        facts, name = result.storage, point.model_id.rpartition("/")[2]
        cells = [
            f"{name}, {point.chunking.max_tokens}, {point.mode}",
            *(f"{measured.means[number][metric].mean:.3f}" for metric in GRID_METRICS),
            f"{change.change:+.3f} ({change.low:+.3f} to {change.high:+.3f})" if change else "-",
            f"{change.corrected_p:.3f}" if change else "-",
            str(facts.n_chunks),
            f"{facts.seconds.total:.1f}",
            str(facts.n_embedded),
            f"{1000 * median_seconds(result):.1f}",
            f"{facts.megabytes:.2f}",
        ]
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval.grid", description=__doc__)
    parser.add_argument("--models", nargs="*", default=[], help="other embedding models to compare")
    options = parser.parse_args()
    names = (config.DEFAULT_EMBEDDING_MODEL, *options.models)
    models = {name: load_cached_embedder(name) for name in names}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cache = VectorCache(folder / "cache" / "vectors.sqlite", max_bytes=1_000_000_000)
        collection = made_sample(folder, CachedEmbedder(models[names[0]].model, VectorCache(folder / "x", max_bytes=0)))
        present = GridPoint(collection.spec.chunking, collection.spec.embedding.model_id, "hybrid")
        windows = {name: model.window for name, model in models.items()}
        planned: Plan = plan(present, {SIZE: _SIZES, MODE: _MODES, MODEL: names}, windows, is_full=True)
        for about in ("with an empty cache", "with the same cache again"):
            grid = new_grid(collection, whole_exam(collection), planned.points, config.DEFAULT_K)
            save_grid(folder, grid)
            started = time.perf_counter()
            measure_points(folder, grid, collection, lambda name: CachedEmbedder(models[name].model, cache))
            show(folder, grid, time.perf_counter() - started, about)


if __name__ == "__main__":
    main()
