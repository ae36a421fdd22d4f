"""Speed of embedding: ours against plain sentence-transformers in float32, on the same texts, in turn.

python -m bench.embedding             chunks per second of both, of both precisions for few and many texts, and the
                                      multilingual model's speed against the default model's
python -m bench.embedding --batches   the same, and other batch sizes
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from bench.reference import SCIFACT, encode_plainly, load_ours, load_plain, read_documents, sample_texts
from rag import config
from rag.embedding.batching import batches_by_length
from rag.embedding.cached import VectorCache, text_keys
from rag.embedding.embedder import SentenceTransformerEmbedder
from rag.runtime.cpu import Precision, multiplies_bfloat16
from rag.runtime.model_wheels import E5_SMALL, find_wheel

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_WORDS_PER_CHUNK = 95
_BATCH_TOKENS = (512, 1024, 2048, 4096, 8192, 16384)
_CACHED = 10_000
_LEAST_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Rates:
    """Texts per second in each round."""

    name: str
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def __str__(self) -> str:
        return f"{self.name}: {self.median:.1f} chunks/s (best {max(self.rounds):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.embedding", description=__doc__)
    parser.add_argument("--chunks", type=int, default=128, help="texts in each round (default: 128)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, both sides in each (default: 5)")
    parser.add_argument("--batches", action="store_true", help="also compare batch sizes")
    options = parser.parse_args()
    plain, ours = load_plain(), load_ours()
    chunks = sample_chunks(options.chunks)
    report_speed(plain, ours, chunks, options.rounds)
    report_precisions(chunks, options.rounds)
    report_multilingual(ours, chunks, options.rounds)
    report_cache(ours)
    if options.batches:
        report_batches(ours, chunks, options.rounds)


def sample_chunks(count: int) -> list[str]:
    """`count` different texts of about 135 tokens from all over the test collection, or without it the samples."""
    texts = list(read_documents(SCIFACT).values()) if SCIFACT.is_dir() else sample_texts()
    words = [word for text in texts for word in text.split()]
    pieces = [" ".join(words[i : i + _WORDS_PER_CHUNK]) for i in range(0, len(words), _WORDS_PER_CHUNK)]
    return pieces[:: max(1, len(pieces) // count)][:count]


def race(sides: Mapping[str, Callable[[], object]], count: int, rounds: int) -> list[Rates]:
    """Measure all sides in every round, in alternating order, so that a busy moment of the machine affects all."""
    for run in sides.values():
        run()
    rates: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for _ in range(rounds):
        for name in order:
            started = time.perf_counter()
            sides[name]()
            rates[name].append(count / (time.perf_counter() - started))
        order.reverse()
    return [Rates(name, tuple(rounds)) for name, rounds in rates.items()]


def report_speed(plain: SentenceTransformer, ours: SentenceTransformerEmbedder, chunks: list[str], rounds: int) -> None:
    tokens = statistics.mean(ours.count_tokens(chunks))
    print(f"{len(chunks)} chunks of {tokens:.0f} tokens, {rounds} rounds, {config.cpu_threads()} threads")
    sides = {
        "plain float32": lambda: encode_plainly(plain, chunks),
        f"ours, {ours.precision}": lambda: ours.encode_documents(chunks),
    }
    theirs, our_rates = race(sides, len(chunks), rounds)
    by_round = [mine / other for mine, other in zip(our_rates.rounds, theirs.rounds, strict=True)]
    print(
        f"{theirs}; {our_rates}; ratio {statistics.median(by_round):.2f} ({min(by_round):.2f} to {max(by_round):.2f})"
    )
    cosine = (encode_plainly(plain, chunks) * ours.encode_documents(chunks)).sum(axis=1)
    print(f"cosine to float32: mean {cosine.mean():.6f}, lowest {cosine.min():.6f}")
    alone = (ours.encode_documents(chunks[:1]) - ours.encode_documents(chunks)[:1]).ravel()
    print(f"the same text alone and among others: largest difference of a component {abs(alone).max():.1e}")


def report_precisions(chunks: list[str], rounds: int) -> None:
    """Both precisions on one and many queries and chunks: "auto" is right if its choice is never much slower."""
    print(f"precision chosen by 'auto' on this processor: {'bfloat16' if multiplies_bfloat16() else 'float32'}")
    models: dict[Precision, SentenceTransformerEmbedder] = {}
    for precision in get_args(Precision):
        os.environ["EXPLORER_PRECISION"] = precision
        models[precision] = load_ours()
    short = [" ".join(chunk.split()[:8]) for chunk in chunks]
    shapes = {"1 query": short[:1], "1 chunk": chunks[:1], "32 queries": short[:32], "32 chunks": chunks[:32]}
    for name, texts in shapes.items():
        repeats = max(1, 32 // len(texts))

        def run(precision: Precision, texts: list[str] = texts, repeats: int = repeats) -> None:
            for _ in range(repeats):
                models[precision].encode_documents(texts)

        sides = {precision: functools.partial(run, precision) for precision in models}
        exact, quick = race(sides, repeats * len(texts), rounds)
        print(f"  {name}: {exact}; {quick}; ratio {quick.median / exact.median:.2f}")


def report_multilingual(ours: SentenceTransformerEmbedder, chunks: list[str], rounds: int) -> None:
    """Tokens times layers per second of both models: each layer of both has 384 dimensions."""
    if not find_wheel(E5_SMALL):
        print("the multilingual model: skipped, its package is not installed")
        return
    started = time.perf_counter()
    models = {"default": ours, "multilingual": load_ours(E5_SMALL.model_id)}
    print(f"the multilingual model: loaded in {time.perf_counter() - started:.1f} s")
    work = {name: sum(model.count_tokens(chunks)) * _n_layers(model) for name, model in models.items()}
    sides = {name: functools.partial(model.encode_documents, chunks) for name, model in models.items()}
    default, multilingual = race(sides, len(chunks), rounds)
    ratio = statistics.median(
        theirs / mine for theirs, mine in zip(multilingual.rounds, default.rounds, strict=True)
    ) * (work["multilingual"] / work["default"])
    print(f"  {default}; {multilingual}; tokens times layers per second: ratio {ratio:.2f} (at least {_LEAST_RATIO})")


def _n_layers(model: SentenceTransformerEmbedder) -> int:
    return int(model._model[0].auto_model.config.num_hidden_layers)


def report_cache(ours: SentenceTransformerEmbedder) -> None:
    """The time to write 10,000 vectors to the cache, as ingest does, and to read them."""
    import numpy as np

    rows = np.random.default_rng(config.SEED).random((_CACHED, ours.spec.dimension), dtype=np.float32)
    started = time.perf_counter()
    keys = text_keys([f"{'a text as long as a chunk is ' * 20}{row}" for row in range(_CACHED)], ours.spec, "float32")
    with tempfile.TemporaryDirectory() as folder:
        cache = VectorCache(Path(folder) / "vectors.sqlite", max_bytes=config.vector_cache_bytes())
        for start in range(0, _CACHED, 1000):
            cache.put(keys[start : start + 1000], rows[start : start + 1000])
        written = time.perf_counter()
        assert len(cache.get(keys)) == _CACHED
        read = time.perf_counter()
    print(f"cache: {_CACHED:,} vectors written in {written - started:.2f} s, read in {read - written:.2f} s")


def report_batches(ours: SentenceTransformerEmbedder, chunks: list[str], rounds: int) -> None:
    """Our model with other token counts per batch, and with the default batches of sentence-transformers: 32 texts."""
    model = ours._model
    lengths = [count + 2 for count in ours.count_tokens(chunks)]

    def encode(budget: int) -> None:
        for batch in batches_by_length(lengths, budget):
            model.encode([chunks[i] for i in batch], batch_size=len(batch), show_progress_bar=False)

    sides: dict[str, Callable[[], object]] = {"32 texts": lambda: encode_plainly(model, chunks)}
    sides |= {f"{budget} tokens": lambda budget=budget: encode(budget) for budget in _BATCH_TOKENS}  # type: ignore[misc]
    for rates in race(sides, len(chunks), rounds):
        print(f"  batches of {rates}")


if __name__ == "__main__":
    main()
